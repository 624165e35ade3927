import type { Page } from 'playwright-core';

/** What goes wrong in pages while a test looks at them, in words. */
export class Problems {
  #found: string[] = [];
  #forgiven: RegExp[] = [];

  /** Notes from now on what fails in the page, and what it asks of others than the gateway at this URL. */
  watch(page: Page, gateway: string): void {
    page.on('console', (message) => {
      if (message.type() === 'error') this.#note(`console: ${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => this.#note(`uncaught: ${error.stack ?? error.message}`));
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (/^https?:$/.test(protocol) && origin !== gateway) this.#note(`asked of elsewhere: ${request.url()}`);
    });
    page.on('requestfailed', (request) => this.#note(`failed: ${request.url()} ${request.failure()?.errorText}`));
    page.on('response', (response) => {
      if (response.status() >= 400) this.#note(`status ${response.status()}: ${response.url()}`);
    });
  }

  forgive(expected: RegExp): void {
    this.#forgiven.push(expected);
  }

  /** What was found since the last call and is not forgiven; both begin anew. */
  take(): readonly string[] {
    const found = this.#found.filter((problem) => !this.#forgiven.some((expected) => expected.test(problem)));
    this.#found = [];
    this.#forgiven = [];
    return found;
  }

  #note(problem: string): void {
    this.#found.push(problem);
  }
}
