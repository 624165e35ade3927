import { useSyncExternalStore } from 'react';
import type { Cell } from '../gateway/cell.ts';

/** What the cell holds, now and whenever that changes. */
export function useCell<T>(cell: Cell<T>): T {
  return useSyncExternalStore(cell.subscribe, cell.get);
}
