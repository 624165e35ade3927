import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { type Cursor, toCursor } from '../registry/cursor.ts';
import type { PublishedPosition } from '../registry/publisher.ts';
import type { Database } from './database.ts';

const PUBLISHER = 'kafka';

/** The publisher's place in the log. The locked row makes one gateway at a time the publisher, and a dead one's lock ends with its session. */
export class PostgresPublishedPosition implements PublishedPosition {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async advance(work: (from: Cursor) => Promise<Cursor>): Promise<Cursor | null> {
    return this.#database.transaction(async (connection) => {
      await connection.execute(sql`insert into published_positions (publisher) values (${PUBLISHER}) on conflict do nothing`);
      const { rows } = await connection.execute(sql`
        select greatest(p.cursor, r.floor)::float8 as cursor
        from published_positions p cross join registry r
        where p.publisher = ${PUBLISHER}
        for update of p skip locked
      `);
      const [row] = z.array(z.object({ cursor: z.number() })).parse(rows);
      if (row === undefined) return null;
      const from = toCursor(row.cursor);
      const reached = await work(from);
      if (reached !== from)
        await connection.execute(sql`update published_positions set cursor = ${reached} where publisher = ${PUBLISHER}`);
      return reached;
    });
  }
}
