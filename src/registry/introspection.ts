import { delay } from '../delay.ts';
import { BackendError, GatewayError } from '../errors.ts';
import { type NodeId, toNodeId } from '../events/node-id.ts';
import type { Log } from '../log.ts';
import { backend } from './backend-call.ts';
import { ObservedOrder } from './observed-steps.ts';
import { type RegistryObserver, UNOBSERVED } from './observer.ts';
import type { Clock, IntrospectionRequest, Messenger, RegistrationStore } from './ports.ts';
import type { Caller, Registry } from './registry.ts';
import type { RegistryView } from './view.ts';

/** Questions to nodes that we do not know, per second, all together. */
const ASK_RATE = 50;
/** A node is asked again after this, then twice as long, up to the maximum. Milliseconds. */
const ASK_AGAIN_MIN = 10_000;
const ASK_AGAIN_MAX = 600_000;
/**
 * Nodes of one published library say goodbye before they stop their heartbeats: the answer to a question would register again a node that is
 * about to end. Milliseconds.
 */
const LEAVING = 10_000;
/** Whether the gateway hears is looked at this often; what a back end failed is tried again after that. Milliseconds. */
const GREET_LOOK = 200;
const GREET_AGAIN = 2000;
/** Nodes remembered as asked; the oldest are forgotten first. */
const ASKED_MAX = 10_000;

export interface IntrospectionParts {
  readonly view: RegistryView;
  readonly store: RegistrationStore;
  readonly messenger: Messenger;
  readonly now: Clock;
  readonly newId: () => string;
  readonly log: Log;
  readonly observer?: RegistryObserver;
}

/** Asks nodes to announce themselves: for an operator, at the gateway's start, and when a node that nobody knows gives a sign of life. */
export class Introspection {
  readonly #parts: IntrospectionParts;
  readonly #asked = new Map<NodeId, { again: number; wait: number }>();
  #budget = ASK_RATE;
  #budgetAt = 0;

  constructor(parts: IntrospectionParts) {
    this.#parts = parts;
  }

  /** For a person or program. Throws NODE_NOT_FOUND, BAD_USER_INPUT, BACKEND_UNAVAILABLE. */
  async request(request: Parameters<Registry['requestIntrospection']>[0], caller: Caller): ReturnType<Registry['requestIntrospection']> {
    const { view } = this.#parts;
    const reason = request.reason ?? 'operator';
    if (request.nodeId != null) {
      const nodeId = toNodeId(request.nodeId);
      const node = nodeId === undefined ? undefined : view.get(nodeId);
      if (nodeId === undefined || node === undefined) {
        throw new GatewayError('NODE_NOT_FOUND', `no node has ever registered as "${request.nodeId.slice(0, 255)}"`);
      }
      return this.#send([nodeId], nodeId, reason, node.state === 'REGISTERED' ? 1 : 0, caller);
    }
    const types = request.nodeTypes ?? null;
    const addressed = view.filter({ types, states: ['REGISTERED'] });
    // Real nodes ignore types, so each node of these types is asked by name.
    const targets = types === null ? null : addressed.map(({ nodeId }) => nodeId);
    return this.#send(targets, null, reason, addressed.length, caller);
  }

  /** Asks every node. Throws BackendError. */
  async broadcast(reason: string): Promise<void> {
    const { store, messenger, now, newId, log } = this.#parts;
    const correlationId = newId();
    const requestedAt = now();
    await store.recordRequest({ correlationId, nodeId: null, operator: null, byOperator: false, issuedAt: requestedAt });
    await messenger.requestIntrospection([{ correlationId, reason, targetNodeId: null, targetNodeTypes: null, requestedAt }]);
    log.info({ correlationId, reason }, 'asked all nodes to introspect');
  }

  /** Asks everybody once, as soon as the gateway can hear the answers. Until that is done, or the signal aborts. */
  async greet(canHear: () => boolean, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (canHear()) {
        try {
          await this.broadcast('registry_startup');
          return;
        } catch (error) {
          if (!(error instanceof BackendError)) throw error;
          this.#parts.log.warn({ error: error.message }, 'could not ask the nodes to introspect, will retry');
        }
      }
      await delay(canHear() ? GREET_AGAIN : GREET_LOOK, signal);
    }
  }

  /** Heartbeats came of these nodes: those that are not registered are asked, at a bounded rate, but never what an operator removed. */
  async heard(nodeIds: readonly NodeId[]): Promise<void> {
    const { view, store, messenger, now, newId, log } = this.#parts;
    const requestedAt = now();
    const unknown = nodeIds.filter((nodeId) => {
      const node = view.get(nodeId);
      if (node?.state === 'REGISTERED') {
        this.#asked.delete(nodeId);
        return false;
      }
      if (node?.state === 'REMOVED' && node.stateReason === 'operator') return false;
      const isLeaving = node?.state === 'REMOVED' && Math.abs(requestedAt - node.updatedAt) < LEAVING;
      return !isLeaving && this.#mayAsk(nodeId, requestedAt);
    });
    if (unknown.length === 0) return;
    const requests = unknown.map(
      (targetNodeId): IntrospectionRequest => ({
        correlationId: newId(),
        reason: 'unknown_node',
        targetNodeId,
        targetNodeTypes: null,
        requestedAt,
      }),
    );
    for (const { correlationId, targetNodeId } of requests) {
      await store.recordRequest({ correlationId, nodeId: targetNodeId, operator: null, byOperator: false, issuedAt: requestedAt });
    }
    await messenger.requestIntrospection(requests);
    log.info({ nodes: unknown.length, first: unknown[0] }, 'heard of nodes that are not registered, asked them to introspect');
  }

  async #send(
    targets: readonly NodeId[] | null,
    onlyNodeId: NodeId | null,
    reason: string,
    expectedNodes: number,
    { operator, traceparent }: Caller,
  ) {
    const { store, messenger, now, newId, log, observer = UNOBSERVED } = this.#parts;
    const order = new ObservedOrder(observer, traceparent);
    const correlationId = newId();
    const requestedAt = now();
    await backend(async () => {
      // Recorded first: an answer must not arrive before its question is known.
      await order.step('record', () =>
        store.recordRequest({ correlationId, nodeId: onlyNodeId, operator, byOperator: true, issuedAt: requestedAt }),
      );
      const base = { correlationId, reason, targetNodeTypes: null, requestedAt, traceparent: traceparent ?? undefined };
      await messenger.requestIntrospection(
        targets === null ? [{ ...base, targetNodeId: null }] : targets.map((targetNodeId) => ({ ...base, targetNodeId })),
      );
    });
    log.info({ correlationId, reason, operator, expectedNodes }, 'asked nodes to introspect');
    return { correlationId, requestedAt, expectedNodes };
  }

  #mayAsk(nodeId: NodeId, now: number): boolean {
    const asked = this.#asked.get(nodeId);
    if (asked !== undefined && now < asked.again) return false;
    // A clock that is put back takes nothing away.
    const passed = Math.max(0, now - this.#budgetAt);
    this.#budget = Math.min(ASK_RATE, this.#budget + (passed / 1000) * ASK_RATE);
    this.#budgetAt = now;
    if (this.#budget < 1) return false;
    this.#budget -= 1;
    const wait = asked === undefined ? ASK_AGAIN_MIN : Math.min(asked.wait * 2, ASK_AGAIN_MAX);
    this.#asked.delete(nodeId);
    this.#asked.set(nodeId, { again: now + wait, wait });
    const [oldest] = this.#asked.keys();
    if (this.#asked.size > ASKED_MAX && oldest !== undefined) this.#asked.delete(oldest);
    return true;
  }
}
