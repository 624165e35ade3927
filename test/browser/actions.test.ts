import { expect, it } from 'vitest';
import { announcement } from '../integration/gateway/running-gateway.ts';
import { inBrowser } from './rig.ts';

const READ = 'a-token-that-may-read';
const WRITE = 'a-token-that-may-write';

inBrowser('a node that is open', (rig) => {
  it('should be asked to announce itself, and be removed by who types its name', async () => {
    await rig.nodes.announce(announcement('ghost-1'));
    const page = await rig.open('#/nodes/ghost-1');
    await page.getByRole('button', { name: 'Request introspection' }).click();
    await page.getByText('Asked. Its answer shows').waitFor();
    await page.getByRole('button', { name: 'Deregister…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Deregister ghost-1?' });
    const confirm = dialog.getByRole('button', { name: 'Deregister', exact: true });
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByLabel('Type ghost-1 to confirm').fill('ghost-1');
    await dialog.getByLabel('Reason, for the change log').fill('host is gone');
    await rig.accessible(page);
    await rig.screenshot(page, 'deregister');
    await confirm.click();
    await page.getByText('Deregistered. It comes back').waitFor();
    await page.locator('.panel-state').getByText('Removed').waitFor();
    await page.locator('.node-history').getByText('host is gone').waitFor();
  });

  it('should stand side by side with what Postgres and Consul hold, differences marked', async () => {
    await rig.nodes.announce(announcement('drifter-1', { endpoints: { api: 'http://10.0.0.9:8080/api' } }));
    const page = await rig.open('#/nodes/drifter-1');
    await page.getByText('they agree').waitFor();
    // Somebody registers the same service by hand, with another port.
    const { host, port } = rig.gateway.config.consul;
    const service = { ID: 'effect-drifter-1', Name: 'effect-service', Address: '10.0.0.9', Port: 4444, Meta: { node_id: 'drifter-1' } };
    await fetch(`http://${host}:${port}/v1/agent/service/register`, { method: 'PUT', body: JSON.stringify(service) });
    await page.getByText(/\d+ differences?/).waitFor({ timeout: 20_000 });
    await rig.accessible(page);
    await rig.screenshot(page, 'node-differs');
  });
});

inBrowser(
  'a gateway that asks for a token',
  (rig) => {
    it('should be shown to who has one, with the buttons that it allows', async () => {
      rig.forgive(/401|4401|WebSocket|Failed to load resource/);
      const page = await rig.open('#/nodes/guarded-1');
      await page.getByRole('heading', { name: 'This gateway asks for a token' }).waitFor();
      await rig.accessible(page);
      await rig.screenshot(page, 'token');
      await page.getByLabel('Token').fill('a-token-that-is-none');
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByRole('alert').waitFor();
      await rig.nodes.announce(announcement('guarded-1'));
      await page.getByLabel('Token').fill(READ);
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByText('Live').waitFor();
      await page.getByRole('heading', { name: 'guarded-1' }).waitFor();
      await page.getByText('Health and load').waitFor();
      expect(await page.getByRole('button', { name: 'Request introspection' }).count()).toBe(0);
      await page.getByRole('button', { name: /Log out/ }).click();
      await page.getByLabel('Token').fill(WRITE);
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByRole('button', { name: 'Request introspection' }).waitFor();
      expect(await page.evaluate(() => [window.localStorage.length, window.sessionStorage.length])).toEqual([0, 1]);
    });
  },
  { AUTH_TOKENS_READ: `viewer:${READ}`, AUTH_TOKENS_WRITE: `ops:${WRITE}` },
);
