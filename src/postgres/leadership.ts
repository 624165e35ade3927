import pg from 'pg';
import { z } from 'zod';
import type { PostgresConfig } from '../config/postgres.ts';
import { delay } from '../delay.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Leadership, Term } from '../registry/leadership.ts';
import { clientOptions } from './database.ts';

/** Any number, the same in every gateway. */
const LEADER_LOCK = 7_302_651_002;
/** How often a follower tries, and the leader makes sure that its session lives. Milliseconds. */
const INTERVAL = 1000;
const QUERY_TIMEOUT = 5000;
/** How long the leader trusts its session's last answer. Milliseconds. */
const TRUST = 6000;
/** Postgres ends the session of a gateway that hangs, or was cut off, and with it the leadership. Longer than TRUST. Milliseconds. */
const IDLE_TIMEOUT = 10_000;
/** For what a deposed leader still writes, the next election waits this long at a time. Milliseconds. */
const LOCK_TIMEOUT = 4000;

/**
 * One leader among all gateways: whoever holds a session's advisory lock. It passes on when the leader's session ends, however that
 * happens. Each election counts the term in the row of `leadership` up; a leader's writes share that row's lock (`sql/hold-term.ts`), so the
 * election waits for those under way, and later ones of an earlier term are refused.
 */
export class PostgresLeadership implements Leadership {
  readonly #config: PostgresConfig;
  readonly #now: () => number;
  readonly #log: Log;
  #term: Term | null = null;
  #answeredAt = Number.NEGATIVE_INFINITY;

  /** `now` in milliseconds, of a clock that is never set. */
  constructor(config: PostgresConfig, now: () => number, log: Log) {
    this.#config = config;
    this.#now = now;
    this.#log = log;
  }

  term(): Term | null {
    // After a hang this is asked before the session can say that it ended.
    return this.#now() - this.#answeredAt < TRUST ? this.#term : null;
  }

  /** Stands for election until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const client = new pg.Client({ ...clientOptions(this.#config), query_timeout: QUERY_TIMEOUT });
      client.on('error', () => {
        this.#term = null;
      });
      try {
        await client.connect();
        await client.query(`set idle_session_timeout = ${IDLE_TIMEOUT}; set lock_timeout = ${LOCK_TIMEOUT}`);
        while (!signal.aborted) {
          const askedAt = this.#now();
          if (this.#term === null) {
            this.#term = await elect(client);
            if (this.#term !== null) this.#log.info({ term: this.#term }, 'leads the gateways: judges health, reconciles, cleans up');
          } else await client.query('select 1');
          this.#answeredAt = askedAt;
          await delay(INTERVAL, signal);
        }
      } catch (error) {
        this.#log.warn({ error: messageOf(error) }, 'lost the connection that leadership hangs on, will stand again');
      } finally {
        this.#term = null;
        await client.end().catch((error: unknown) => this.#log.debug({ error: messageOf(error) }, 'that connection was gone already'));
      }
      await delay(INTERVAL, signal);
    }
  }
}

/** The new term, or null while another session leads. Throws when what the last leader still writes does not end in time. */
async function elect(client: pg.Client): Promise<Term | null> {
  const locked = await client.query('select pg_try_advisory_lock($1) as leads', [LEADER_LOCK]);
  const [{ leads }] = z.tuple([z.object({ leads: z.boolean() })]).parse(locked.rows);
  if (!leads) return null;
  const counted = await client.query('update leadership set term = term + 1 returning term::float8 as term');
  return z.tuple([z.object({ term: z.number() })]).parse(counted.rows)[0].term;
}
