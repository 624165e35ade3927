import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Term } from '../registry/leadership.ts';
import type { Database } from './database.ts';

/** A gateway that has not said that it runs for so long does not. Seconds. */
const GONE_AFTER = 5;
const FORGOTTEN_AFTER = '1 hour';

/** Where the services stand in Consul. The words are Consul's to understand. */
export interface StoredPlacement {
  readonly mode: 'agent' | 'catalog';
  readonly virtualNodes: number;
  readonly probes: 'gateway' | 'esm';
}

export interface GatewayRosterParts {
  readonly database: Database;
  /** Of this process. A UUID. */
  readonly processId: string;
  readonly gatewayId: string;
  /** As this gateway is configured. */
  readonly configured: StoredPlacement;
  readonly term: () => Term | null;
}

const membersSchema = z.array(z.object({ process_id: z.string() }));
const placementSchema = z.array(
  z.object({ mode: z.enum(['agent', 'catalog']), virtualNodes: z.number(), probes: z.enum(['gateway', 'esm']) }),
);

/**
 * Which gateways of the registry run, and where all of them keep the services in Consul: as the one is configured that leads. While
 * Postgres does not answer, both stay as they were last known.
 */
export class GatewayRoster {
  readonly #parts: GatewayRosterParts;
  #members: readonly string[];
  #placement: StoredPlacement;

  constructor(parts: GatewayRosterParts) {
    this.#parts = parts;
    this.#members = [parts.processId];
    this.#placement = parts.configured;
  }

  /** The process id of this gateway. */
  get self(): string {
    return this.#parts.processId;
  }

  /** Process ids in one order on all gateways, this one's among them. */
  members(): readonly string[] {
    return this.#members;
  }

  placement(): StoredPlacement {
    return this.#placement;
  }

  /** Says that this gateway runs, and hears of the others; due every second. Throws BackendError. */
  async beat(): Promise<void> {
    const { database, processId, gatewayId, configured, term } = this.#parts;
    const [members, placements] = await database.run(async (connection) => {
      await connection.execute(sql`
        insert into gateways (process_id, gateway_id, seen_at) values (${processId}, ${gatewayId}, now())
        on conflict (process_id) do update set seen_at = excluded.seen_at`);
      const leads = term();
      if (leads !== null) {
        const { mode, virtualNodes, probes } = configured;
        await connection.execute(sql`
          insert into consul_placement as p (mode, virtual_nodes, probes, term)
          select ${mode}::text, ${virtualNodes}::integer, ${probes}::text, term from leadership where term = ${leads}
          on conflict (singleton) do update
          set mode = excluded.mode, virtual_nodes = excluded.virtual_nodes, probes = excluded.probes, term = excluded.term
          where (p.mode, p.virtual_nodes, p.probes) is distinct from (excluded.mode, excluded.virtual_nodes, excluded.probes)`);
        await connection.execute(sql`delete from gateways where seen_at < now() - ${FORGOTTEN_AFTER}::interval`);
      }
      const present = await connection.execute(
        sql`select process_id::text from gateways where seen_at > now() - make_interval(secs => ${GONE_AFTER}) order by process_id`,
      );
      const stored = await connection.execute(sql`select mode, virtual_nodes as "virtualNodes", probes from consul_placement`);
      return [membersSchema.parse(present.rows), placementSchema.parse(stored.rows)] as const;
    });
    this.#members = members.map(({ process_id }) => process_id);
    this.#placement = placements[0] ?? configured;
  }

  /** Goes, so that the others take over at once. Throws BackendError. */
  async leave(): Promise<void> {
    const { database, processId } = this.#parts;
    await database.run((connection) => connection.execute(sql`delete from gateways where process_id = ${processId}`));
  }
}
