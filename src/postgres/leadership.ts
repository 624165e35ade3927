import pg from 'pg';
import { z } from 'zod';
import type { PostgresConfig } from '../config.ts';
import { delay } from '../delay.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Leadership } from '../registry/leadership.ts';
import { clientOptions } from './database.ts';

/** Any number, the same in every gateway. */
const LEADER_LOCK = 7_302_651_002;
/** How often a follower tries, and the leader makes sure that its session lives. Milliseconds. */
const INTERVAL = 1000;

/** One leader among all gateways: whoever holds a session's advisory lock. It passes on when the leader's session ends, however that happens. */
export class PostgresLeadership implements Leadership {
  readonly #config: PostgresConfig;
  readonly #log: Log;
  #isLeader = false;

  constructor(config: PostgresConfig, log: Log) {
    this.#config = config;
    this.#log = log;
  }

  isLeader(): boolean {
    return this.#isLeader;
  }

  /** Stands for election until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const client = new pg.Client({ ...clientOptions(this.#config), query_timeout: 5000 });
      client.on('error', () => {
        this.#isLeader = false;
      });
      try {
        await client.connect();
        while (!signal.aborted) {
          const { rows } = await client.query(
            this.#isLeader ? 'select true as leads' : 'select pg_try_advisory_lock($1) as leads',
            this.#isLeader ? [] : [LEADER_LOCK],
          );
          const [{ leads }] = z.tuple([z.object({ leads: z.boolean() })]).parse(rows);
          if (leads && !this.#isLeader) this.#log.info('leads the gateways: judges health, reconciles, cleans up');
          this.#isLeader = leads;
          await delay(INTERVAL, signal);
        }
      } catch (error) {
        this.#log.warn({ error: messageOf(error) }, 'lost the connection that leadership hangs on, will stand again');
      } finally {
        this.#isLeader = false;
        await client.end().catch((error: unknown) => this.#log.debug({ error: messageOf(error) }, 'that connection was gone already'));
      }
      await delay(INTERVAL, signal);
    }
  }
}
