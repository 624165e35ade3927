import { BackendError } from '../../../../src/errors.ts';
import { type Cursor, toCursor } from '../../../../src/registry/cursor.ts';
import type { PublishedPosition } from '../../../../src/registry/publisher.ts';
import { Faults } from './faults.ts';

/** How far the log was said. Faults: `fail` (before the work), `after` (the work ran, nothing is stored). Both BackendError. */
export class MemoryPosition implements PublishedPosition {
  readonly faults = new Faults<'advance', 'fail' | 'after'>();
  cursor: Cursor = toCursor(0);
  /** Another gateway holds the place. */
  isHeldElsewhere = false;

  async advance(work: (from: Cursor) => Promise<Cursor>): Promise<Cursor | null> {
    const fault = this.faults.take('advance');
    await Promise.resolve();
    if (fault === 'fail') throw new BackendError('postgres', 'injected: the place could not be taken');
    if (this.isHeldElsewhere) return null;
    const reached = await work(this.cursor);
    if (fault === 'after') throw new BackendError('postgres', 'injected: the place could not be stored');
    this.cursor = reached;
    return reached;
  }
}
