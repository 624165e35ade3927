/*
 * How to test a view of the dashboard:
 *
 *   inBrowser('the node table', (rig) => {
 *     it('should show a node that appears', async () => {
 *       const page = await rig.open('#/nodes');                       // a new context each; { width: 390, height: 844 }, { colorScheme: 'dark' }
 *       await rig.nodes.announce(announcement('n-1'));                // test/integration/gateway/running-gateway.ts has announcement, healthServer
 *       await page.getByRole('link', { name: 'n-1' }).waitFor();      // Playwright waits by itself; for all else `until` (test/until.ts)
 *       await rig.accessible(page);                                   // axe has nothing serious or critical
 *       await rig.screenshot(page, 'nodes');                          // test-output/screenshots/nodes.png
 *     });
 *   });
 *
 * Each `inBrowser` has a gateway of its own, with its own database and topics, on the stack of the run, and one browser. After each test
 * every error on the console, every request that failed and everything that the page loaded from elsewhere is a failure, unless the test
 * said that it comes: `rig.forgive(/WebSocket/)`. `rig.restart()` stops the gateway and starts it on the same port: `rig.stopGateway()`
 * and `rig.startGateway()` do half of it each. `rig.gateway` asks GraphQL (`rig.gateway.client.node(id)`).
 *
 * Run them alone with `npm test -- --project integration test/browser`, or one file: `npm test -- --project integration test/browser/page.test.ts`.
 */
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, inject } from 'vitest';
import { z } from 'zod';
import { freePort } from '../../src/local/port.ts';
import { freshEnvironment, Nodes, type RunningGateway, runGateway } from '../integration/gateway/running-gateway.ts';
import { NO_CHROMIUM } from './chromium.ts';
import { Problems } from './problems.ts';

const SCREENSHOTS = fileURLToPath(new URL('../../test-output/screenshots/', import.meta.url));

/** A laptop's window. Pixels. */
const WIDTH = 1440;
const HEIGHT = 900;

/** Nothing but the page: no updates, no suggestions, no sync. The tests run as root in containers, where the sandbox does not start. */
const FLAGS = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--no-pings',
];

export interface OpenOptions extends Pick<BrowserContextOptions, 'colorScheme' | 'reducedMotion' | 'isMobile' | 'hasTouch'> {
  /** Pixels. Default: 1440. */
  readonly width?: number;
  /** Pixels. Default: 900. */
  readonly height?: number;
}

const violations = z.object({
  violations: z.array(
    z.object({
      id: z.string(),
      impact: z.string().nullish(),
      help: z.string(),
      nodes: z.array(z.object({ target: z.array(z.unknown()), failureSummary: z.string().nullish() })),
    }),
  ),
});

/** A group of tests of the page, which is skipped where there is no Chromium. `env`: further variables of its gateway. */
export function inBrowser(what: string, tests: (rig: BrowserRig) => void, env: Record<string, string> = {}): void {
  const program = inject('chromium');
  describe.skipIf(program === null)(program === null ? `${what} (${NO_CHROMIUM})` : what, () => {
    const rig = new BrowserRig(program ?? '', env);
    beforeAll(() => rig.start());
    afterEach(() => rig.check());
    afterAll(() => rig.stop());
    tests(rig);
  });
}

export class BrowserRig {
  readonly #program: string;
  readonly #extra: Record<string, string>;
  #env: Record<string, string> = {};
  #browser: Browser | undefined;
  #gateway: RunningGateway | undefined;
  #nodes: Nodes | undefined;
  readonly #problems = new Problems();

  constructor(program: string, extra: Record<string, string>) {
    this.#program = program;
    this.#extra = extra;
  }

  get gateway(): RunningGateway {
    return there(this.#gateway, 'the gateway');
  }

  /** Says what nodes say. */
  get nodes(): Nodes {
    return there(this.#nodes, 'the producer');
  }

  get url(): string {
    return `http://127.0.0.1:${this.#env['SERVICE_PORT']}`;
  }

  async start(): Promise<void> {
    this.#env = await freshEnvironment({ SERVICE_PORT: String(await freePort(new Set())), ...this.#extra });
    [this.#browser] = await Promise.all([chromium.launch({ executablePath: this.#program, args: FLAGS }), this.startGateway()]);
    this.#nodes = await Nodes.connect(this.gateway.config);
  }

  async startGateway(): Promise<void> {
    this.#gateway = await runGateway(this.#env);
  }

  async stopGateway(): Promise<void> {
    await this.#gateway?.stop();
    this.#gateway = undefined;
  }

  /** The same gateway, as after an upgrade. */
  async restart(): Promise<void> {
    await this.stopGateway();
    await this.startGateway();
  }

  /** The dashboard, `at` a hash or query of it, in a window of its own. Resolves when the page is loaded. */
  async open(at = '', { width = WIDTH, height = HEIGHT, ...more }: OpenOptions = {}): Promise<Page> {
    const context = await there(this.#browser, 'the browser').newContext({ viewport: { width, height }, ...more });
    const page = await context.newPage();
    this.#problems.watch(page, this.url);
    await page.goto(`${this.url}/${at}`);
    return page;
  }

  /** What matches is no failure in this test: such as connections that break while the gateway is restarted. */
  forgive(expected: RegExp): void {
    this.#problems.forgive(expected);
  }

  /** A file among the output of the tests, to be looked at. */
  async screenshot(page: Page, name: string): Promise<void> {
    await mkdir(SCREENSHOTS, { recursive: true });
    await page.screenshot({ path: `${SCREENSHOTS}${name}.png`, animations: 'disabled' });
  }

  /** Throws with what axe calls serious or critical. */
  async accessible(page: Page): Promise<void> {
    await page.evaluate(axe.source);
    const found = violations.parse(await page.evaluate('axe.run(document, { resultTypes: ["violations"] })'));
    const grave = found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    const lines = grave.flatMap(({ id, help, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} (${help}) at ${target.join(' ')}: ${failureSummary}`),
    );
    expect(lines).toEqual([]);
  }

  /** After each test: closes its windows and fails with what went wrong in them. */
  async check(): Promise<void> {
    // Before the windows are closed, which breaks off what they still load.
    const problems = this.#problems.take();
    for (const context of this.#browser?.contexts() ?? []) await context.close();
    this.#problems.take();
    expect(problems).toEqual([]);
  }

  async stop(): Promise<void> {
    await this.#browser?.close();
    await this.#nodes?.close();
    await this.stopGateway();
  }
}

function there<T>(part: T | undefined, what: string): T {
  if (part === undefined) throw new Error(`${what} does not run`);
  return part;
}
