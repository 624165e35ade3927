import type { Registry } from 'prom-client';
import {
  type AnsweredOperation,
  OPERATION_KINDS,
  OPERATION_OUTCOMES,
  type OperationKind,
  type OperationObserver,
  type OperationOutcome,
} from '../http/operation-observer.ts';
import { Durations, type Series } from './durations.ts';

/** How many GraphQL operations there were, and how long they took. Nothing here depends on what clients call theirs. */
export class OperationDurations implements OperationObserver {
  readonly #series: ReadonlyMap<OperationKind, ReadonlyMap<OperationOutcome, Series>>;

  constructor(registry: Registry) {
    const durations = new Durations(registry, {
      name: 'discovery_gateway_graphql_operation_duration_seconds',
      help: 'GraphQL operations over HTTP and WebSocket, by kind and outcome: from when its request was read until it was answered, of a subscription or an answer in parts until it began. refused: by a limit, or for who asked; unknown: refused or found wrong before its kind was clear.',
      labels: OPERATION_KINDS.flatMap((operation) => OPERATION_OUTCOMES.map((outcome) => ({ operation, outcome }))),
    });
    this.#series = new Map(
      OPERATION_KINDS.map((operation) => [
        operation,
        new Map(OPERATION_OUTCOMES.map((outcome) => [outcome, durations.of({ operation, outcome })])),
      ]),
    );
  }

  answered({ kind, outcome, startedAt }: AnsweredOperation): void {
    this.#series
      .get(kind)
      ?.get(outcome)
      ?.add(performance.now() - startedAt);
  }
}
