import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { DiscoveryClient, type RegistryEvent } from '../../../src/client/index.ts';
import { GatewayError } from '../../../src/errors.ts';
import { until } from '../../until.ts';
import { type MemoryRegistry, sampleNode } from '../graphql/memory-registry.ts';
import { startServer } from '../http/running-server.ts';
import { BreakableLink } from './breakable-link.ts';
import { collectingLogger } from './running-client.ts';

/** Which nodes there are, so few that they come and go. */
const name = fc.integer({ min: 1, max: 6 }).map((number) => `n-${number}`);
const happening = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('change' as const), name, leaves: fc.boolean() }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'cut' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'too slow' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'trim' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'breathe' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'slower' as const }) },
);

/** What a reader of changes alone holds, and what one holds that also takes snapshots. */
class Reader {
  readonly cursors: string[] = [];
  /** Node id → the cursor of the node's latest change. */
  readonly byChanges = new Map<string, string>();
  byAll = new Map<string, string>();
  resets = 0;

  take(event: RegistryEvent): void {
    this.cursors.push(event.cursor);
    if (event.kind === 'snapshot') {
      this.byAll = new Map(event.nodes.map((node) => [node.nodeId, node.cursor]));
      if (event.reset !== null) this.resets += 1;
      else for (const [nodeId, cursor] of this.byAll) this.byChanges.set(nodeId, cursor);
    } else if (event.kind === 'change') {
      for (const nodes of [this.byAll, this.byChanges]) {
        if (event.type === 'REMOVED') nodes.delete(event.nodeId);
        else nodes.set(event.nodeId, event.node?.cursor ?? 'none');
      }
    }
  }
}

function standing(registry: MemoryRegistry): Map<string, string> {
  const nodes = registry.nodes({ states: ['REGISTERED'] });
  return new Map(nodes.map((node) => [node.nodeId, String(node.cursor).padStart(16, '0')]));
}

it('should be one stream of the change log, whatever happens to connections and to the log', async () => {
  const { registry, port } = await startServer();
  const link = await BreakableLink.to(port);
  let resets = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 5, maxLength: 40 }), fc.boolean(), async (happenings, small) => {
      const client = new DiscoveryClient({ url: link.url, backoff: { min: 1, max: 4 }, logger: collectingLogger([]) });
      onTestFinished(() => client.close());
      const reader = new Reader();
      let isSlow = false;
      const reading = (async () => {
        for await (const event of client.watch({}, { snapshot: true, maxUnread: small ? 2 : 1000 })) {
          reader.take(event);
          if (isSlow) await new Promise((resolve) => setTimeout(resolve, 1));
        }
      })();
      await until('the snapshot is there', () => reader.cursors.length > 0, { interval: 1 });
      const begin = registry.log.length;
      for (const what of happenings) {
        if (what.kind === 'change') {
          const node = sampleNode(what.name, { state: what.leaves ? 'REMOVED' : 'REGISTERED' });
          registry.put(node, what.leaves ? 'REMOVED' : registry.node(what.name)?.state === 'REGISTERED' ? 'MODIFIED' : 'ADDED');
        } else if (what.kind === 'cut') link.cut();
        else if (what.kind === 'too slow') registry.failFeeds(new GatewayError('SUBSCRIBER_TOO_SLOW', 'for the test'));
        else if (what.kind === 'trim') {
          link.cut();
          registry.floor = registry.log.length;
        } else if (what.kind === 'breathe') await new Promise((resolve) => setTimeout(resolve, 2));
        else isSlow = !isSlow;
      }
      isSlow = false;
      // A node that only this run knows, so that the end of the stream is known too.
      const { cursor } = registry.put(sampleNode('last', { version: `1.0.${registry.log.length}` }), 'MODIFIED');
      const end = String(cursor).padStart(16, '0');
      await until('the last change is there', () => reader.cursors.at(-1) === end, { interval: 1 });
      await client.close();
      await reading;

      expect(Object.fromEntries(reader.byAll)).toEqual(Object.fromEntries(standing(registry)));
      expect(Object.fromEntries(reader.byChanges)).toEqual(Object.fromEntries(standing(registry)));
      expect(reader.cursors).toEqual(reader.cursors.toSorted());
      resets += reader.resets;
      if (reader.resets > 0) return;
      const log = registry.log.slice(begin).map((change) => String(change.cursor).padStart(16, '0'));
      expect(reader.cursors.slice(1), 'without gap or repetition').toEqual(log);
    }),
    { numRuns: 20 },
  );
  expect(resets, 'some runs lost the log').toBeGreaterThan(0);
}, 30_000);
