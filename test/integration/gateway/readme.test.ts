import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SampleNode } from '../../../src/local/sample-node.ts';
import { sampleNodes } from '../../../src/local/sample-nodes.ts';
import { difference, eventsOf, jsonOf } from '../../readme/likeness.ts';
import { type Printed, paste } from '../../readme/shell.ts';
import { type Step, stepsOf } from '../../readme/steps.ts';
import { until } from '../../until.ts';
import { freshDatabase, sharedStack } from '../stack.ts';
import { freshEnvironment, type RunningGateway, runGateway } from './running-gateway.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const steps = stepsOf(await readFile(`${root}README.md`, 'utf8'), ['A tour of five minutes', 'Use it as a client']);

/** A gateway and the sample nodes, as `npm start` runs them, but without what these do by the clock: the answers stay what they are. */
describe('what the README says to paste', () => {
  let gateway: RunningGateway;
  let samples: SampleNode[] = [];
  const printed = new Map<Step, Printed>();

  beforeAll(async () => {
    const { kafka, consul } = sharedStack();
    const database = await freshDatabase();
    gateway = await runGateway(await freshEnvironment({ DATABASE_URL: database }));
    const { environment } = gateway.config;
    const surroundings = { brokers: kafka.split(','), environment, host: '127.0.0.1', port: 0, say: () => undefined };
    samples = sampleNodes().map((definition) => new SampleNode(definition, surroundings));
    await Promise.all(samples.map((node) => node.join()));
    const registered = async () => (await gateway.client.registered()).length === samples.length;
    await until('the sample nodes are registered', registered, { timeout: 30_000 });
    await until('all of them are healthy', async () => (await gateway.client.healthy('compute')).length === 4, { timeout: 30_000 });

    const ours: readonly (readonly [string, string])[] = [
      ['http://127.0.0.1:8080', gateway.client.url],
      ['127.0.0.1:9092', kafka],
      ['127.0.0.1:8500', `${consul.host}:${consul.port}`],
      ['127.0.0.1:8600', `${consul.host}:${consul.dnsPort ?? 8600}`],
      ['postgres://postgres@127.0.0.1:5432/omninode_bridge', database],
      ['dev.omninode_bridge', `${environment}.omninode_bridge`],
    ];
    const here = (code: string) => ours.reduce((text, [theirs, mine]) => text.replaceAll(theirs, mine), code);
    const answers = await paste(
      steps.map(({ code }) => here(code)),
      root,
      90_000,
    );
    for (const [index, step] of steps.entries()) {
      const answer = answers[index];
      if (answer !== undefined) printed.set(step, answer);
    }
  });

  afterAll(async () => {
    await Promise.all(samples.map((node) => node.leave()));
    await gateway?.stop();
  });

  it.each(steps.map((step) => ({ step, place: `${step.chapter}, line ${step.line}` })))('should work: $place', ({ step }) => {
    const { code, stdout, stderr } = printed.get(step) ?? { code: 1, stdout: '', stderr: 'was not run' };
    expect(code, `${stdout}\n${stderr}`).toBe(0);
    if (step.answer === null) return expect(errorsIn(stdout)).toEqual([]);
    const { language, text } = step.answer;
    if (language === 'json') {
      const [shown, seen] = [jsonOf(text), jsonOf(stdout)];
      expect(seen.length, stdout).toBe(shown.length);
      for (const [index, one] of shown.entries()) expect(difference(one, seen[index]), stdout).toBeUndefined();
    } else if (text.includes('data: ')) {
      const seen = eventsOf(stdout);
      for (const event of eventsOf(text)) {
        expect(
          seen.some((one) => difference(event, one) === undefined),
          `${JSON.stringify(event)} in ${stdout}`,
        ).toBe(true);
      }
    } else {
      expect(stdout, stderr).not.toBe('');
    }
  });
});

/** What an answer says went wrong, where the README shows no answer. */
function errorsIn(stdout: string): unknown[] {
  return jsonOf(stdout).flatMap((answer) => (typeof answer === 'object' && answer !== null && 'errors' in answer ? [answer.errors] : []));
}
