import { expect, it } from 'vitest';
import { inBrowser } from './rig.ts';

inBrowser('the page', (rig) => {
  it('should open under its Content-Security-Policy, with nothing on the console and nothing from elsewhere', async () => {
    const page = await rig.open();
    await page.getByText('discovery-gateway').first().waitFor();
    await rig.accessible(page);
    await rig.screenshot(page, 'page');
  });

  it('should run no script and no style but its own', async () => {
    const page = await rig.open();
    rig.forgive(/Content Security Policy/);
    const ran = await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'document.title = "broken into"';
      document.head.append(script);
      return document.title;
    });
    expect(ran).not.toBe('broken into');
  });
});
