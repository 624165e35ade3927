import { isDeepStrictEqual } from 'node:util';
import { delay } from '../delay.ts';
import { BackendError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ObservedCheck, ProbedStatus, ServiceCheck } from '../registry/ports.ts';
import { unlessAborted } from '../unless-aborted.ts';
import { after, NO_STREAK, type Streak, type Thresholds, verdict } from './check-streak.ts';
import { proberOf } from './probe-rota.ts';

/**
 * Between two beginnings of what is due: a probe takes 0.3 ms, and 33 of them at once would hold up whoever asks something for 10 ms.
 * Milliseconds.
 */
const TICK = 10;
/** Between two looks through all for what is due next. Milliseconds. */
const AHEAD = 100;
/** Between two looks at what is registered, and who is there to probe it. Milliseconds. */
const ROLL_CALL = 1000;
/** While nodes come and go, a look at all of them must not take more than this part of the time: of 40,000 it took a tenth. */
const ROLL_SHARE = 0.02;
/** Between two tries to take out what is critical for too long. Milliseconds. */
const REAP = 5000;

export interface ProbedService {
  readonly id: string;
  readonly check: ServiceCheck;
}

export interface CheckRoundsParts {
  /** Whether the gateways probe at all now. */
  readonly isOn: () => boolean;
  /** Everything that is registered; asked every second, or less often where there is much. The same object again where nothing has changed. */
  readonly services: () => Iterable<ProbedService>;
  /** The gateways that share the work, this one included. */
  readonly members: () => readonly string[];
  readonly self: string;
  /** null: there is nothing to probe. */
  readonly probe: (check: ServiceCheck) => Promise<ObservedCheck | null>;
  /** What Consul says of it now. */
  readonly statusOf: (serviceId: string) => ProbedStatus;
  /** For how long Consul has said critical, milliseconds; null: it does not. */
  readonly criticalFor: (serviceId: string) => number | null;
  /** Throws BackendError. */
  readonly write: (service: ProbedService, observed: ObservedCheck) => Promise<boolean>;
  /** Takes it out of Consul. Throws BackendError. */
  readonly remove: (service: ProbedService) => Promise<boolean>;
  readonly thresholds: Thresholds;
  /** CONSUL_CHECK_INTERVAL, milliseconds. */
  readonly interval: number;
  /** CONSUL_DEREGISTER_CRITICAL_AFTER, milliseconds. */
  readonly removeAfter: number;
  /** CONSUL_PROBE_CONCURRENCY. */
  readonly concurrency: number;
  /** A clock that nobody sets, milliseconds. */
  readonly monotonic: () => number;
  readonly random: () => number;
  readonly log: Log;
}

interface Round {
  service: ProbedService;
  streak: Streak;
  dueAt: number;
  reapAt: number;
  isRunning: boolean;
}

/**
 * Probes this gateway's share of the services in the catalog, in place of an agent: each once in an interval, from a random moment on, and
 * writes only what changes a status. What has been critical for too long is taken out of Consul, as an agent does; what becomes of its
 * node is the reconciler's to say.
 */
export class CheckRounds {
  readonly #parts: CheckRoundsParts;
  readonly #rounds = new Map<string, Round>();
  #running = 0;
  /** What is due until the next look, the longest due last. */
  #next: Round[] = [];
  #aheadAt = Number.NEGATIVE_INFINITY;
  /** When to look who is there again, and when to look at what is registered even though the same are there. */
  #lookAt = Number.NEGATIVE_INFINITY;
  #rollAt = Number.NEGATIVE_INFINITY;
  /** Who probes what, by service id, worked out anew when somebody comes or goes. */
  #owners: ReadonlyMap<string, string | null> = new Map();
  #members: readonly string[] = [];
  /** What the roll was called for the last time; null: it was not, or for nothing that counts any more. */
  #services: Iterable<ProbedService> | null = null;

  constructor(parts: CheckRoundsParts) {
    this.#parts = parts;
  }

  /** Services that this gateway probes. */
  share(): number {
    return this.#rounds.size;
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.step(signal);
      await delay(this.#next.length > 0 ? TICK : AHEAD, signal);
    }
    this.#forget();
  }

  /** Begins whatever is due. */
  step(signal: AbortSignal): void {
    const { isOn, monotonic, concurrency } = this.#parts;
    if (!isOn()) {
      this.#forget();
      return;
    }
    const now = monotonic();
    if (now >= this.#lookAt) this.#callTheRoll(now);
    if (now >= this.#aheadAt) this.#lookAhead(now);
    for (let round = this.#next.at(-1); round !== undefined && round.dueAt <= now; round = this.#next.at(-1)) {
      if (this.#running >= concurrency) break;
      this.#next.pop();
      // It may have left since.
      if (this.#rounds.get(round.service.id) === round) void this.#go(round, signal);
    }
  }

  #lookAhead(now: number): void {
    this.#aheadAt = now + AHEAD;
    this.#next = [];
    for (const round of this.#rounds.values()) if (round.dueAt <= this.#aheadAt && !round.isRunning) this.#next.push(round);
    // The longest due first: none starves where there are more than can be probed at once.
    this.#next.sort((a, b) => b.dueAt - a.dueAt);
  }

  #forget(): void {
    this.#services = null;
    this.#rollAt = Number.NEGATIVE_INFINITY;
    this.#aheadAt = Number.NEGATIVE_INFINITY;
    this.#next = [];
    this.#rounds.clear();
  }

  #callTheRoll(now: number): void {
    const { services, members, self, interval, random, monotonic, log } = this.#parts;
    this.#lookAt = now + ROLL_CALL;
    const wasHere = this.#members.length > 0;
    const present = members();
    const isSame = present.length === this.#members.length && present.every((member, index) => member === this.#members[index]);
    this.#members = present;
    if (!isSame) log.info({ gateways: present.length }, 'the gateways that share the probing changed');
    if (isSame && now < this.#rollAt) return;
    const all = services();
    // Thousands of times a look into a map each second would hold up whoever asks something meanwhile.
    if (isSame && all === this.#services) return;
    this.#services = all;
    const owners = new Map<string, string | null>();
    const mine = new Set<string>();
    for (const service of all) {
      if (service.check.kind === 'none') continue;
      const known = isSame ? this.#owners.get(service.id) : undefined;
      const owner = known === undefined ? proberOf(service.id, present) : known;
      owners.set(service.id, owner);
      if (owner !== self) continue;
      mine.add(service.id);
      const round = this.#rounds.get(service.id);
      if (round === undefined) {
        // What is new was probed when it registered; what another gateway probed is due at some moment of an interval.
        const dueAt = now + interval * (isSame && wasHere ? 0.5 + random() : random());
        this.#rounds.set(service.id, { service, streak: NO_STREAK, dueAt, reapAt: now, isRunning: false });
      } else if (round.service !== service && !isDeepStrictEqual(round.service.check, service.check)) {
        round.service = service;
        round.streak = NO_STREAK;
      }
    }
    for (const id of this.#rounds.keys()) if (!mine.has(id)) this.#rounds.delete(id);
    this.#owners = owners;
    this.#rollAt = now + (monotonic() - now) / ROLL_SHARE;
  }

  async #go(round: Round, signal: AbortSignal): Promise<void> {
    const { interval, random, monotonic, log } = this.#parts;
    round.isRunning = true;
    this.#running += 1;
    try {
      await this.#examine(round, signal);
    } catch (error) {
      // What could not be written is found again at the next probe.
      if (error instanceof BackendError)
        log.warn({ serviceId: round.service.id, error: error.message }, 'could not write what a probe found');
      else log.error({ serviceId: round.service.id, error }, 'could not probe a service, will try again');
    } finally {
      this.#running -= 1;
      round.isRunning = false;
      // A little uneven, so that what was started together drifts apart.
      round.dueAt = Math.max(round.dueAt + interval * (0.95 + 0.1 * random()), monotonic());
    }
  }

  async #examine(round: Round, signal: AbortSignal): Promise<void> {
    const { probe, statusOf, criticalFor, write, remove, thresholds, removeAfter, monotonic, log } = this.#parts;
    const { service } = round;
    const observed = await unlessAborted(probe(service.check), signal);
    // What ends with the gateway says nothing of the node, and what was probed may not be what is registered by now.
    if (observed === null || signal.aborted || round.service !== service) return;
    round.streak = after(round.streak, observed.status);
    const status = verdict(round.streak, observed.status, thresholds);
    const standing = statusOf(service.id);
    if (status !== null && status !== standing) {
      if (await write(service, { ...observed, status })) log.info({ serviceId: service.id, from: standing, to: status }, 'a check changed');
      return;
    }
    const critical = criticalFor(service.id);
    if (observed.status !== 'critical' || critical === null || critical < removeAfter || round.reapAt > monotonic()) return;
    round.reapAt = monotonic() + REAP;
    if (await remove(service))
      log.warn({ serviceId: service.id, criticalFor: critical }, 'removed a service that was critical for too long');
  }
}
