import { GatewayError } from '../errors.ts';
import type { NodeId } from '../events/node-id.ts';
import type { Log } from '../log.ts';
import type { Alignment, Touched } from './alignment.ts';
import { backend } from './backend-call.ts';
import type { Cursor } from './cursor.ts';
import { removed } from './decide.ts';
import type { NodeRecord } from './node-record.ts';
import { ObservedOrder } from './observed-steps.ts';
import { type RegistryObserver, UNOBSERVED } from './observer.ts';
import type { Clock, Locked, RegistrationStore, ServiceCatalog, Writes } from './ports.ts';
import type { Caller } from './registry.ts';
import type { RegistryView } from './view.ts';

export interface DeregistrationParts {
  readonly view: RegistryView;
  readonly store: RegistrationStore;
  readonly catalog: ServiceCatalog;
  readonly alignment: Alignment;
  readonly now: Clock;
  readonly newId: () => string;
  readonly log: Log;
  readonly observer?: RegistryObserver;
  readonly onCommitted: () => void;
}

/** An operator removes a node from Consul and Postgres at once: the saga backwards, with the same compensation. */
export class Deregistration {
  readonly #parts: DeregistrationParts;

  constructor(parts: DeregistrationParts) {
    this.#parts = parts;
  }

  /** Throws NODE_NOT_FOUND, BACKEND_UNAVAILABLE. A node that an operator removed already stays as it is. */
  async deregister(
    request: { readonly nodeId: string; readonly reason?: string | null },
    { operator, traceparent }: Caller,
  ): Promise<{ readonly node: NodeRecord; readonly cursor: Cursor; readonly correlationId: string }> {
    const { view, newId, log, onCommitted } = this.#parts;
    const known = view.get(request.nodeId);
    if (known === undefined) throw new GatewayError('NODE_NOT_FOUND', `no node has ever registered as "${request.nodeId.slice(0, 255)}"`);
    const correlationId = newId();
    const { node, cursor } = await backend(() =>
      this.#remove(known.nodeId, { operator, correlationId, note: request.reason?.trim() || null, traceparent }),
    );
    onCommitted();
    log.info({ nodeId: node.nodeId, operator, correlationId, cursor }, 'an operator removed a node');
    return { node, cursor, correlationId };
  }

  async #remove(
    nodeId: NodeId,
    { operator, correlationId, note, traceparent }: Caller & { readonly correlationId: string; readonly note: string | null },
  ): Promise<{ node: NodeRecord; cursor: Cursor }> {
    const { store, catalog, alignment, now, observer = UNOBSERVED } = this.#parts;
    const order = new ObservedOrder(observer, traceparent);
    const touched: Touched = new Map();
    let found: NodeRecord | undefined;
    try {
      const remove = async ({ nodes }: Locked): Promise<Writes> => {
        found = nodes.get(nodeId);
        const isGone = found === undefined || (found.state === 'REMOVED' && found.stateReason === 'operator');
        if (found === undefined || isGone) return { nodes: [], changes: [], processed: [], completed: [], rejected: [] };
        const removal = removed(found, { state: 'REMOVED', reason: 'operator', correlationId, operator, note }, now());
        const { consulServiceId } = found;
        if (consulServiceId !== null) {
          touched.set(nodeId, [consulServiceId]);
          await order.step('consul', () => catalog.deregister(consulServiceId));
        }
        const change = traceparent ? { ...removal.change, traceparent } : removal.change;
        return { nodes: [removal.node], changes: [change], processed: [], completed: [], rejected: [] };
      };
      const [change] = await order.transaction(remove, (timed) => store.transact([nodeId], [], timed));
      if (change !== undefined) return { node: change.node, cursor: change.cursor };
    } catch (error) {
      await alignment.restore(touched);
      throw error;
    }
    if (found === undefined) throw new GatewayError('NODE_NOT_FOUND', `no node is stored as "${nodeId}"`);
    return { node: found, cursor: found.cursor };
  }
}
