import { expect, it } from 'vitest';
import { announcement, healthServer } from '../integration/gateway/running-gateway.ts';
import { until } from '../until.ts';
import { type BrowserRig, inBrowser } from './rig.ts';

const PHONE = { width: 390, height: 844, isMobile: true, hasTouch: true } as const;
const VIEWS = ['overview', 'nodes', 'capabilities', 'capabilities?as=matrix', 'timeline', 'rejected'] as const;

/** A few nodes and a message that is none. */
async function fill(rig: BrowserRig): Promise<void> {
  await rig.nodes.announce(
    // Neither check nor heartbeat: nobody knows how it is.
    announcement('db-1', { capabilities: { query: true, postgres: true } }),
    announcement('hasher-1', { node_type: 'compute', capabilities: { hashing: true }, metadata: { region: 'eu-1' } }),
    announcement('broken-1', { endpoints: { api: 'not a url' } }),
  );
  await rig.nodes.heartbeat('hasher-1');
  await until('both are registered', async () => (await rig.gateway.client.registered()).length === 2);
}

inBrowser('the views of the dashboard', (rig) => {
  it('should each be readable and accessible, light and dark, on a laptop and on a phone', async () => {
    await fill(rig);
    for (const view of VIEWS) {
      for (const [name, options] of [
        ['light', { colorScheme: 'light' }],
        ['dark', { colorScheme: 'dark' }],
        ['phone', { colorScheme: 'light', ...PHONE }],
      ] as const) {
        const page = await rig.open(`#/${view}`, options);
        await page.getByText('Live').waitFor();
        await until('it is loaded', async () => (await page.locator('.skeleton').count()) === 0);
        await rig.accessible(page);
        await rig.screenshot(page, `${view.replace(/\W+/g, '-')}-${name}`);
        // Nothing lies beyond the edge of a phone.
        if (name === 'phone') expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(PHONE.width);
        await page.context().close();
      }
    }
  });

  it('should lead from a number of the overview into the table', async () => {
    const page = await rig.open('#/overview');
    await page.locator('.states').getByText('3', { exact: true }).waitFor();
    await page.getByRole('link', { name: /compute/ }).click();
    await page.locator('.filter-count').getByText('1', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'hasher-1' }).waitFor();
    expect(new URL(page.url()).hash).toBe('#/nodes?type=compute');
  });

  it('should say who has a capability, and why another is withheld', async () => {
    await rig.nodes.heartbeat('hasher-1');
    const page = await rig.open('#/capabilities/hashing');
    await page.locator('.instances').getByText('hasher-1').waitFor();
    await page.goto(`${rig.url}/#/capabilities/query`);
    await page.locator('.withheld').getByRole('link', { name: 'db-1' }).waitFor();
    await page.getByRole('link', { name: 'Matrix' }).click();
    await page.getByRole('row', { name: /query/ }).getByRole('link', { name: '0/1' }).click();
    await page.getByRole('button', { name: 'db-1' }).waitFor();
  });

  it('should say why a message was rejected, with what is left of it', async () => {
    const page = await rig.open('#/rejected');
    await page.getByText('INVALID_ENDPOINT').first().click();
    await page.getByText('"broken-1"').waitFor();
    await page.goto(`${rig.url}/#/nodes/broken-1`);
    await page.getByText('No node of this id is known').waitFor();
    await page.getByText('Messages that mention it were rejected').waitFor();
    await rig.accessible(page);
    await rig.screenshot(page, 'node-missing');
  });

  it('should hold the timeline back while it is paused, and replay it from a position', async () => {
    const page = await rig.open('#/timeline?q=late');
    await page.getByText('Live').waitFor();
    await rig.nodes.announce(announcement('late-1'));
    await page.getByRole('link', { name: 'late-1' }).first().waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await rig.nodes.announce(announcement('late-2'));
    await page.getByRole('button', { name: '1 new change waits: show' }).waitFor();
    expect(await page.getByRole('link', { name: 'late-2' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('link', { name: 'late-2' }).waitFor();
    await page.goto(`${rig.url}/#/timeline`);
    await page.getByRole('textbox', { name: /Replay/ }).fill('1');
    await page.getByRole('button', { name: 'Replay' }).click();
    await page.getByText('What came after position').waitFor();
    await until('the second line of the log is first', async () => (await page.locator('.change-cursor').first().textContent()) === '#2');
    await page.getByRole('link', { name: 'Back to live' }).click();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
  });
});

inBrowser('an empty registry', (rig) => {
  it('should say how a node announces itself', async () => {
    const page = await rig.open('#/rejected');
    await page.getByText('No message was rejected').waitFor();
    await page.goto(`${rig.url}/#/nodes/nobody-1`);
    await page.getByText('No node of this id is known').waitFor();
    await page.goto(`${rig.url}/#/nodes?q=nobody`);
    await page.getByText('No node fits').waitFor();
    await rig.accessible(page);
  });

  it('should keep up with a change within a second', async () => {
    const server = await healthServer();
    try {
      const page = await rig.open('#/timeline');
      await page.getByText('Live').waitFor();
      await rig.nodes.announce(announcement('quick-1', { endpoints: server.endpoints }));
      await until('it is registered', async () => (await rig.gateway.client.registered()).includes('quick-1'), { interval: 10 });
      await page.getByRole('link', { name: 'quick-1' }).first().waitFor({ timeout: 1000 });
    } finally {
      await server.close();
    }
  });
});
