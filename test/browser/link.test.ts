import { expect, it } from 'vitest';
import { announcement } from '../integration/gateway/running-gateway.ts';
import { until } from '../until.ts';
import { inBrowser } from './rig.ts';

inBrowser('an open page', (rig) => {
  it('should say that the gateway is gone, and miss nothing when it is back', async () => {
    rig.forgive(/WebSocket|ERR_|Failed to load resource|status 503|failed: /);
    const page = await rig.open('#/timeline');
    await page.getByText('Live').waitFor();
    await rig.nodes.announce(announcement('before-1'));
    await page.getByRole('link', { name: 'before-1' }).first().waitFor();
    await rig.stopGateway();
    await page.getByText('No connection to the gateway since').waitFor({ timeout: 5000 });
    // What was known stays to be seen.
    expect(await page.getByRole('link', { name: 'before-1' }).count()).toBeGreaterThan(0);
    await rig.screenshot(page, 'connection-lost');
    await rig.nodes.announce(announcement('meanwhile-1'), announcement('meanwhile-2'));
    await rig.startGateway();
    await page.getByText('Live').waitFor({ timeout: 20_000 });
    for (const name of ['meanwhile-1', 'meanwhile-2']) await page.getByRole('link', { name }).first().waitFor();
    await page.getByText('No connection to the gateway since').waitFor({ state: 'detached' });
    const logged = (await rig.gateway.client.changes()).map(({ cursor }) => `#${Number(cursor)}`);
    await until('every line of the log is there once', async () => {
      const shown = await page.locator('.change-cursor').allTextContents();
      return logged.every((cursor) => shown.filter((one) => one === cursor).length === 1);
    });
  });
});
