import { z } from 'zod';
import { GatewayError } from '../errors.ts';
import { hasControlCharacter } from '../events/node-id.ts';
import type { EventTaker } from '../registry/audience.ts';
import type { Caller, Registry } from '../registry/registry.ts';
import type { Asker } from './asker.ts';
import {
  type ChangeAt,
  type ChangesOfNode,
  createChangeAtLoader,
  createChangesLoader,
  createRejectedLoader,
  type LatestRejected,
} from './loaders.ts';

/** Where the work of an operation belongs; the transport says so before it is executed. */
export interface OperationTrace {
  /** W3C trace context; null: nothing is traced. */
  traceparent: string | null;
}

/** What the resolvers of one operation share. */
export interface GraphqlContext {
  readonly registry: Registry;
  readonly asker: Asker;
  readonly trace: OperationTrace;
  readonly changesOfNode: ChangesOfNode;
  readonly changeAt: ChangeAt;
  readonly rejectedEvents: LatestRejected;
  /** Who asks. Throws BAD_USER_INPUT when the operator's name is unusable, FORBIDDEN when it is another's; looked at by mutations only. */
  readonly caller: () => Caller;
  /** Whether nobody waits for the answer any more: what takes several reads asks before each. */
  readonly isAbandoned: () => boolean;
  /** It took too long, and was answered so. */
  readonly abandon: () => void;
  /** Takes the events of a subscription to changes past the execution of each. Default: they are iterated. */
  readonly taker?: EventTaker;
}

/** Longest operator name that goes into the change log: the subject of a JWT has up to 255 (OpenID Connect Core, section 2). */
const OPERATOR_MAX_LENGTH = 255;

/** What the change log takes for a name. */
export const operatorName = z
  .string()
  .trim()
  .min(1)
  .max(OPERATOR_MAX_LENGTH)
  .refine((name) => name.isWellFormed() && !hasControlCharacter(name));

/**
 * The context of one operation. `operator` is the `x-operator` header, or the connection parameter of that name, unchecked: it counts
 * only where the asker has no name of its own. `isGone`: whether the client is.
 */
export function createContext(registry: Registry, asker: Asker, operator: unknown, isGone = () => false): GraphqlContext {
  let isTooLate = false;
  const trace: OperationTrace = { traceparent: null };
  return {
    registry,
    asker,
    trace,
    changesOfNode: createChangesLoader(registry),
    changeAt: createChangeAtLoader(registry),
    rejectedEvents: createRejectedLoader(registry),
    caller: () => ({ ...readCaller(asker, operator), ...(trace.traceparent === null ? {} : { traceparent: trace.traceparent }) }),
    isAbandoned: () => isTooLate || isGone(),
    abandon: () => {
      isTooLate = true;
    },
  };
}

function readCaller(asker: Asker, operator: unknown): Caller {
  if (operator === undefined || operator === null || operator === '') return { operator: asker.name };
  const parsed = operatorName.safeParse(operator);
  if (!parsed.success) {
    throw new GatewayError(
      'BAD_USER_INPUT',
      `x-operator must be a name of 1 to ${OPERATOR_MAX_LENGTH} characters without control characters: it is written into the change log`,
      { argument: 'x-operator' },
    );
  }
  // Silence would leave somebody in the belief that the log has the name that was sent.
  if (asker.name !== null && parsed.data !== asker.name) {
    throw new GatewayError('FORBIDDEN', 'x-operator names somebody else than the token does, and the token counts: leave x-operator out', {
      argument: 'x-operator',
    });
  }
  return { operator: parsed.data };
}
