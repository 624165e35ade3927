import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../until.ts';
import { catalogue } from './catalogue.ts';
import { Draw } from './draw.ts';
import type { FailPoint } from './fail-point.ts';
import { type Fault, seconds } from './fault.ts';
import { Fleet } from './fleet.ts';
import { Follower } from './follower.ts';
import { deathAt } from './gateway-faults.ts';
import { KafkaReader } from './kafka-reader.ts';
import { NodeServer } from './node-server.ts';
import { type Member, Rig } from './rig.ts';
import { Traffic } from './traffic.ts';
import { ask, registerStranger } from './truth.ts';
import { agreement, bounded, noLie, nothingLost, recovered, type Tally, type Witnesses, watch } from './validators.ts';

/** How long a round's traffic takes, milliseconds. */
const TRAFFIC = 5000;
const FOLLOWERS = 4;

const NONE: Tally = { due: 0, arrived: 0, repeated: 0 };

export interface Totals {
  rounds: number;
  faults: number;
  /** How often each fault was injected. */
  readonly byFault: Map<string, number>;
  /** Messages on Kafka, and of them those that the gateways counted; their own are included. */
  messages: Tally;
  announcements: number;
  /** To all subscribers together. */
  changes: Tally;
  /** Of the largest gateway, bytes. */
  memory: number;
}

export interface CampaignOptions {
  /** What every draw of every round follows from. */
  readonly seed: number;
  /** For logs; the caller removes it. */
  readonly folder: string;
  /** Where the compiled programs are. */
  readonly programs: string;
  /** How many gateways run all the time; there may be one that comes and goes. */
  readonly gateways: number;
  readonly tell: (line: string) => void;
  /** Where the gateways keep services in Consul: CONSUL_MODE. */
  readonly mode: 'agent' | 'catalog';
}

/** Rounds of faults on one rig. Each round draws from the seed and its own number alone, so that it can be run again by itself. */
export class Campaign {
  readonly totals: Totals = { rounds: 0, faults: 0, byFault: new Map(), messages: NONE, announcements: 0, changes: NONE, memory: 0 };
  readonly #options: CampaignOptions;
  readonly #witnesses: Witnesses;
  readonly #regular: readonly Member[];
  readonly #faults: readonly Fault[];

  private constructor(options: CampaignOptions, witnesses: Witnesses) {
    this.#options = options;
    this.#witnesses = witnesses;
    this.#regular = witnesses.rig.members.slice(0, options.gateways);
    this.#faults = catalogue(witnesses.rig, this.#regular, witnesses.followers);
  }

  /** Starts the rig and a fleet that has said its first words; returns at rest. */
  static async start(options: CampaignOptions): Promise<Campaign> {
    const rig = await Rig.start(options.folder, options.programs, options.mode);
    try {
      await registerStranger(rig);
      const server = await NodeServer.start();
      const fleet = new Fleet((nodeId) => server.url(nodeId));
      for (const { gateway } of rig.members.slice(0, options.gateways)) await gateway.start();
      await Promise.all(rig.running().map(({ gateway }) => gateway.ready()));
      const traffic = await Traffic.connect(fleet, rig.config.kafka);
      const followers = Array.from({ length: FOLLOWERS }, (_, index) => new Follower(rig, 0, index));
      const witnesses: Witnesses = {
        rig,
        fleet,
        server,
        traffic,
        followers,
        reader: await KafkaReader.start(traffic.kafka, rig.config.kafka),
      };
      const campaign = new Campaign(options, witnesses);
      await traffic.begin(Draw.ofRound(options.seed, -1));
      await campaign.#rest(Draw.ofRound(options.seed, -1));
      return campaign;
    } catch (error) {
      await rig.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    const { rig, server, traffic, followers, reader } = this.#witnesses;
    await Promise.all(followers.map((follower) => follower.stop()));
    await Promise.race([Promise.all([reader.stop(), traffic.close()]), sleep(3000)]);
    await server.stop();
    await rig.stop();
  }

  /**
   * One round: faults during traffic, then rest, then every invariant. Throws with the invariant that is broken and how to repeat the round.
   */
  async round(number: number): Promise<void> {
    await this.#round(number, (draw) => this.#choose(draw));
  }

  /** A round with these faults, by their names. */
  async faults(number: number, names: readonly string[]): Promise<void> {
    await this.#round(number, () => this.#faults.filter(({ name }) => names.includes(name)));
  }

  /** A round in which each of the gateways dies at another fail point, if it comes there. Returns those at which one did. */
  async deaths(number: number, points: readonly FailPoint[]): Promise<FailPoint[]> {
    const faults = this.#regular.flatMap((member, index) => {
      const point = points[index];
      return point === undefined ? [] : [deathAt(member, point)];
    });
    await this.#round(number, () => faults);
    return points.filter((_, index) => this.totals.byFault.has(faults[index]?.name ?? ''));
  }

  async #round(number: number, choose: (draw: Draw) => readonly Fault[]): Promise<void> {
    const { seed, tell } = this.#options;
    const draw = Draw.ofRound(seed, number);
    const began = performance.now();
    const happened: string[] = [];
    try {
      const removed = draw.chance(25) ? await this.#removeSomebody(draw.split()) : null;
      if (removed !== null) happened.push(`an operator removed ${removed}`);
      const plans = choose(draw.split()).map((fault) => ({ fault, draw: draw.split(), after: draw.integer(0, 2500) }));
      const { traffic, rig } = this.#witnesses;
      await Promise.all([
        traffic.run(draw.split(), { messages: draw.integer(60, 160), duration: TRAFFIC }),
        ...plans.map(async ({ fault, draw: own, after }) => {
          await sleep(after);
          const what = await fault.run(own);
          if (what === null) return;
          happened.push(what);
          this.totals.faults += 1;
          this.totals.byFault.set(fault.name, (this.totals.byFault.get(fault.name) ?? 0) + 1);
        }),
      ]);
      const resting = performance.now();
      await Promise.all(rig.running().map(({ gateway }) => gateway.ready()));
      await this.#rest(draw.split());
      this.totals.rounds += 1;
      const times = `${seconds(performance.now() - began)}, at rest after ${seconds(performance.now() - resting)}`;
      tell(`round ${number}: ${happened.join('; ') || 'no fault'} (${times})`);
    } catch (error) {
      const repeat = `npm run test:faults -- --seed ${seed} --round ${number}`;
      throw new Error(
        `Round ${number} of seed ${seed} failed after: ${happened.join('; ')}.\n${error instanceof Error ? error.message : String(error)}\nRepeat it with: ${repeat}`,
        { cause: error },
      );
    }
  }

  async #rest(draw: Draw): Promise<void> {
    const witnesses = this.#witnesses;
    const { fleet, traffic } = witnesses;
    await recovered(witnesses);
    this.totals.messages = await nothingLost(witnesses);
    await agreement(witnesses);
    fleet.settled();
    this.totals.changes = await watch(witnesses);
    const ill = fleet.somebody(draw, true);
    if (ill !== null) await noLie(witnesses, ill);
    this.totals.memory = Math.max(this.totals.memory, await bounded(witnesses));
    this.totals.announcements = traffic.announcements;
  }

  #choose(draw: Draw): Fault[] {
    const wanted = draw.pick([1, 1, 2, 2, 2, 3, 3, 4]);
    const chosen: Fault[] = [];
    // By name first, so that a fault of which there are many is not drawn many times as often.
    const names = draw.shuffled([...new Set(this.#faults.map(({ name }) => name))]);
    for (const name of names) {
      if (chosen.length === wanted) break;
      const fault = draw.pick(this.#faults.filter((candidate) => candidate.name === name));
      const isFree = chosen.every(({ targets }) => !targets.some((target) => fault.targets.includes(target)));
      if (isFree) chosen.push(fault);
    }
    return chosen;
  }

  /** At rest, so that what was said before and after is clear. */
  async #removeSomebody(draw: Draw): Promise<string | null> {
    const { fleet, rig } = this.#witnesses;
    const nodeId = fleet.somebody(draw);
    if (nodeId === null) return null;
    const { gateway } = draw.pick(rig.running());
    await until('the operator is heard', async () => {
      const answer = await ask(gateway.url, `mutation { deregister(nodeId: ${JSON.stringify(nodeId)}, reason: "fault run") { cursor } }`);
      if (JSON.stringify(answer).includes('"errors"')) throw new Error(JSON.stringify(answer));
      return true;
    });
    fleet.removedByOperator(nodeId);
    return nodeId;
  }
}
