import { expect, it } from 'vitest';
import { announcement, healthServer } from '../integration/gateway/running-gateway.ts';
import { until } from '../until.ts';
import { inBrowser } from './rig.ts';

const rowOf = (nodeId: string) => `tr:has(button:text-is("${nodeId}"))`;

inBrowser(
  'the node table',
  (rig) => {
    it('should show a node that appears, turns unhealthy and leaves', async () => {
      const server = await healthServer();
      try {
        const page = await rig.open('#/nodes');
        await page.getByText('Live').waitFor();
        await rig.nodes.announce(announcement('visitor-1', { endpoints: server.endpoints, capabilities: { greeting: true } }));
        const row = page.locator(rowOf('visitor-1'));
        await row.getByText('Healthy', { exact: true }).waitFor();
        server.answer(503);
        await row.getByText('Unhealthy').waitFor({ timeout: 30_000 });
        await rig.screenshot(page, 'nodes-unhealthy');
        await rig.nodes.announce(
          announcement('visitor-1', { endpoints: server.endpoints, capabilities: { greeting: true }, reason: 'shutdown' }),
        );
        // It says why it goes before it goes.
        await row.getByText('said goodbye').waitFor();
        await row.waitFor({ state: 'detached' });
        await page.goto(`${rig.url}/#/nodes?state=REMOVED`);
        await row.getByText('Removed').waitFor();
      } finally {
        await server.close();
      }
    });

    it('should hold its search, conditions and order in the URL, and go back', async () => {
      const names = ['alpha-1', 'beta-1', 'beta-2'];
      await rig.nodes.announce(...names.map((name, index) => announcement(name, { node_version: `${3 - index}.0.0` })));
      const page = await rig.open('#/nodes?q=-');
      const listed = () => page.locator('.node-open').allTextContents();
      await until('all are there', async () => {
        const all = await listed();
        return names.every((name) => all.includes(name));
      });
      await page.keyboard.press('/');
      await page.keyboard.type('beta');
      await until('only beta is left', async () => (await listed()).join() === 'beta-1,beta-2');
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Version' }).click();
      await until('beta-2 is first', async () => (await listed()).join() === 'beta-2,beta-1');
      expect(new URL(page.url()).hash).toBe('#/nodes?q=beta&sort=version');
      await page.getByRole('button', { name: 'Remove the condition Text beta' }).click();
      await until('alpha is back', async () => (await listed()).includes('alpha-1'));
      await page.goBack();
      await until('beta alone again', async () => (await listed()).join() === 'beta-2,beta-1');
      await rig.accessible(page);
    });

    it('should be used by keys alone', async () => {
      await rig.nodes.announce(announcement('key-1'), announcement('key-2'));
      const page = await rig.open('#/nodes?q=key-');
      await page.locator(rowOf('key-2')).waitFor();
      for (const key of ['j', 'ArrowDown', 'k', 'j', 'Enter']) await page.keyboard.press(key);
      await page.getByRole('heading', { name: 'key-2' }).waitFor();
      expect(new URL(page.url()).hash).toBe('#/nodes/key-2?q=key-');
      await page.keyboard.press('Escape');
      await page.getByRole('heading', { name: 'key-2' }).waitFor({ state: 'detached' });
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keys' }).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    });

    it('should take hundreds of nodes at once, and draw only those that are to be seen', async () => {
      const page = await rig.open('#/nodes?q=crowd');
      await page.getByText('Live').waitFor();
      const crowd = Array.from({ length: 400 }, (_, index) => announcement(`crowd-${String(index).padStart(3, '0')}`));
      await rig.nodes.announce(...crowd);
      await page.locator('.filter-count').getByText('400').waitFor({ timeout: 45_000 });
      expect(await page.locator('.row').count()).toBeLessThan(80);
      await page.locator('.table-scroller').evaluate((element) => element.scrollTo(0, element.scrollHeight));
      await page.locator(rowOf('crowd-399')).waitFor();
    });
  },
  { CONSUL_CHECK_INTERVAL: '1s', CONSUL_FAILURES_BEFORE_CRITICAL: '0', CONSUL_SUCCESS_BEFORE_PASSING: '0' },
);
