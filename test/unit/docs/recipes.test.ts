import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { until } from '../../until.ts';
import { sampleNode } from '../graphql/memory-registry.ts';
import { startServer } from '../http/running-server.ts';
import { type DocumentedProgram, programsOf, run } from './program.ts';

const PAGE = await readFile(new URL('../../../docs/PROTOCOL.md', import.meta.url), 'utf8');

/** Programs that ask and end, and what they print. */
const ASKING: Readonly<Record<string, string>> = {
  GET: '{"data":{"capabilities":[{"name":"database.query","nodes":1,"healthy":1},{"name":"database.write","nodes":1,"healthy":1}]}}',
  POST: '{"data":{"healthyServices":[{"nodeId":"n-1","url":"http://10.0.3.17:8080"}]}}',
  Parts: '"hasNext":false',
};

/** Programs that follow until they are ended. */
const FOLLOWING = ['graphql-ws', 'graphql-sse', 'urql over fetch', 'urql over graphql-ws', 'fetch alone'];

function recipe(heading: string, port: number): DocumentedProgram {
  const found = programsOf(PAGE).find((program) => program.heading === heading);
  if (found === undefined) throw new Error(`docs/PROTOCOL.md has no recipe under "${heading}"`);
  // The pause before a new connection is the users' second; a test need not wait for it.
  const text = found.text.replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`).replace('500 + Math.random() * 1000', '20');
  return { ...found, text };
}

describe('the recipes of docs/PROTOCOL.md', () => {
  it('should each be run here', () => {
    const headings = programsOf(PAGE).map(({ heading }) => heading);
    expect(headings.toSorted()).toEqual([...Object.keys(ASKING), 'Server-sent events', ...FOLLOWING].toSorted());
  });

  it.each(Object.entries(ASKING))('should ask: %s', async (heading, printed) => {
    const { port, registry } = await startServer();
    registry.put(sampleNode('n-1'));
    const { output, exited } = await run(recipe(heading, port));
    expect(await exited, output()).toBe(0);
    expect(output()).toContain(printed);
  });

  it('should follow: Server-sent events', async () => {
    const { port, registry } = await startServer();
    registry.put(sampleNode('n-1'));
    const { output } = await run(recipe('Server-sent events', port));
    const event = (type: string, nodeId: string | null, cursor: string) =>
      `event: next\ndata: ${JSON.stringify({ data: { registrationChanges: { cursor, type, nodeId } } })}\n\n`;
    await until('the snapshot is printed', () => output().includes(event('BOOKMARK', null, '0000000000000001')));
    registry.put(sampleNode('n-2'));
    await until('the change is printed', () => output().includes(event('ADDED', 'n-2', '0000000000000002')));
  });

  it.each(FOLLOWING)('should follow, and take up behind a restart: %s', async (heading) => {
    const { port, registry, server } = await startServer();
    registry.put(sampleNode('n-1'));
    const { output } = await run(recipe(heading, port));
    const seen = (type: string, nodeId: string) => output().match(new RegExp(`^\\d{16} ${type} ${nodeId}$`, 'gm'))?.length ?? 0;
    await until('the snapshot is printed', () => seen('SNAPSHOT', 'n-1') === 1, { interval: 5 });
    await server.close(0);
    registry.put(sampleNode('n-2'));
    await startServer({ registry, config: { host: '127.0.0.1', port } });
    registry.put(sampleNode('n-3'));
    await until(`both changes are printed: ${output()}`, () => seen('ADDED', 'n-3') === 1, { interval: 5 });
    expect(output().match(/^\d{16} (SNAPSHOT|ADDED) .*$/gm)).toEqual([
      '0000000000000001 SNAPSHOT n-1',
      '0000000000000002 ADDED n-2',
      '0000000000000003 ADDED n-3',
    ]);
  });
});
