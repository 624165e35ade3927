import type { Registry } from 'prom-client';
import { DESTINATIONS, type RegistryObserver, SAGA_ENDS, STEPS, UNOBSERVED } from '../registry/observer.ts';
import { Durations } from './durations.ts';

/** How long registrations take, as a whole and step by step, and how long changes are on their way. */
export class RegistrationDurations implements RegistryObserver {
  readonly #waits: Durations;
  readonly #steps: Durations;
  readonly #sagas: Durations;
  readonly #arrivals: Durations;
  readonly began = UNOBSERVED.began;
  readonly ordered = UNOBSERVED.ordered;
  readonly traceparentOf = UNOBSERVED.traceparentOf;

  constructor(registry: Registry) {
    this.#waits = new Durations(registry, {
      name: 'discovery_gateway_message_wait_seconds',
      help: "From the time of a batch's first message, as Kafka has it, until the gateway read the batch. Messages that waited for a gateway that was away count, too.",
      labels: [{}],
    });
    this.#steps = new Durations(registry, {
      name: 'discovery_gateway_step_duration_seconds',
      help: 'Steps on the way of an announcement. parse: reading a batch; probe: looking at the endpoints; lock: until the locks and rows of the nodes are there, a free connection included; consul: one registration or deregistration; commit: writing and COMMIT.',
      labels: STEPS.map((step) => ({ step })),
    });
    this.#sagas = new Durations(registry, {
      name: 'discovery_gateway_saga_duration_seconds',
      help: 'Sagas of announcements and goodbyes, by outcome, one for each message; those that are worked off together take equally long. refused: Consul or Postgres will never take it; retried: a back end failed.',
      labels: SAGA_ENDS.map((outcome) => ({ outcome })),
    });
    this.#arrivals = new Durations(registry, {
      name: 'discovery_gateway_change_delay_seconds',
      help: 'From the decision that is a change until it arrived. memory: of this gateway; subscribers: all that follow live over WebSocket; kafka: the topics of changes and of accepted registrations, on the gateway that says them.',
      labels: DESTINATIONS.map((destination) => ({ destination })),
    });
  }

  readonly received: RegistryObserver['received'] = (_batch, reading, waited) => {
    this.#waits.of({}).add(waited);
    this.#steps.of({ step: 'parse' }).add(reading.endedAt - reading.startedAt);
  };

  readonly step: RegistryObserver['step'] = (step, _positions, { startedAt, endedAt }) => {
    this.#steps.of({ step }).add(endedAt - startedAt);
  };

  readonly ended: RegistryObserver['ended'] = (outcome, positions, { startedAt, endedAt }) => {
    this.#sagas.of({ outcome }).add(endedAt - startedAt, positions.length);
  };

  readonly arrived: RegistryObserver['arrived'] = (destination, changes, now) => {
    const series = this.#arrivals.of({ destination });
    for (const { occurredAt } of changes) series.add(now - occurredAt);
  };
}
