import { expect, it } from 'vitest';
import { announcement } from '../integration/gateway/running-gateway.ts';
import { inBrowser } from './rig.ts';

inBrowser(
  'a gateway that answers registered documents only',
  (rig) => {
    it('should answer all that the page asks', async () => {
      await rig.nodes.announce(
        announcement('known-1', { capabilities: { hashing: true } }),
        announcement('broken-1', { endpoints: { api: 'not a url' } }),
      );
      const page = await rig.open('#/overview');
      await page.getByText('Live').waitFor();
      await page.getByRole('link', { name: 'Nodes', exact: true }).click();
      await page.getByRole('button', { name: 'known-1' }).waitFor();
      await page.goto(`${rig.url}/#/capabilities/hashing`);
      await page.locator('.withheld').getByRole('link', { name: 'known-1' }).waitFor();
      await page.goto(`${rig.url}/#/capabilities?as=matrix`);
      await page.getByRole('row', { name: /hashing/ }).waitFor();
      await page.goto(`${rig.url}/#/rejected`);
      await page.getByText('INVALID_ENDPOINT').first().waitFor();
      await page.goto(`${rig.url}/#/nodes/broken-1`);
      await page.getByText('Messages that mention it were rejected').waitFor();
      await page.goto(`${rig.url}/#/nodes/known-1`);
      await page.getByText('they agree').waitFor();
      await page.getByRole('button', { name: 'Request introspection' }).click();
      await page.getByText('Asked. Its answer shows').waitFor();
      await page.getByRole('button', { name: 'Deregister…' }).click();
      const dialog = page.getByRole('dialog', { name: 'Deregister known-1?' });
      await dialog.getByLabel('Type known-1 to confirm').fill('known-1');
      await dialog.getByRole('button', { name: 'Deregister', exact: true }).click();
      await page.locator('.panel-state').getByText('Removed').waitFor();
      await page.goto(`${rig.url}/#/nodes?state=REMOVED`);
      await page.getByRole('button', { name: 'known-1' }).waitFor();
      await page.goto(`${rig.url}/#/timeline`);
      await page.getByText('known-1').first().waitFor();
      expect((await page.getByText('not registered').count()) + (await page.getByText('registered documents').count())).toBe(0);
    });
  },
  { PERSISTED_OPERATIONS: 'only' },
);
