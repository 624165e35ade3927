import { z } from 'zod';
import { type Cursor, toCursor } from '../registry/cursor.ts';
import type { PublishedPosition } from '../registry/publisher.ts';
import type { Database } from './database.ts';

const PUBLISHER = 'kafka';

const CREATE_PLACE = {
  name: 'create_place',
  text: 'insert into published_positions (publisher) values ($1) on conflict do nothing',
} as const;

const HOLD_PLACE = {
  name: 'hold_place',
  text: `
    select greatest(p.cursor, r.floor)::float8 as cursor
    from published_positions p cross join registry r
    where p.publisher = $1
    for update of p skip locked
  `,
} as const;

const MOVE_PLACE = { name: 'move_place', text: 'update published_positions set cursor = $2 where publisher = $1' } as const;

const places = z.array(z.object({ cursor: z.number() }));

/** The publisher's place in the log. The locked row makes one gateway at a time the publisher, and a dead one's lock ends with its session. */
export class PostgresPublishedPosition implements PublishedPosition {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async advance(work: (from: Cursor) => Promise<Cursor>): Promise<Cursor | null> {
    return this.#database.transactionOf(
      async (connection) => {
        const [, rows] = await Promise.all([connection.ask(CREATE_PLACE, [PUBLISHER]), connection.ask(HOLD_PLACE, [PUBLISHER])]);
        const [row] = places.parse(rows);
        if (row === undefined) return null;
        const from = toCursor(row.cursor);
        return { from, reached: await work(from) };
      },
      (held) => ({
        questions: held === null || held.reached === held.from ? [] : [{ statement: MOVE_PLACE, values: [PUBLISHER, held.reached] }],
        result: () => held?.reached ?? null,
      }),
    );
  }
}
