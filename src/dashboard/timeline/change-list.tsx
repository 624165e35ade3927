import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useEffect, useRef } from 'react';
import type { Change } from '../fleet/change.ts';
import { ScrollRegion } from '../parts/scroll-region.tsx';
import { ChangeLine } from './change-line.tsx';

/** Pixels; measured where a line takes more. */
const LINE = 42;
/** So far from the top one reads, and lines must not move away. Pixels. */
const AWAY = 24;

interface ChangeListProps {
  readonly changes: readonly Change[];
  /** The last line came into sight. */
  readonly reachedEnd: () => void;
  /** Told when one begins to read below the top, and when one is back. */
  readonly leftTop: (isLeft: boolean) => void;
  /** What stands behind the last line. */
  readonly end: ReactNode;
}

/** Lines of a timeline; only those that are to be seen exist. */
export function ChangeList({ changes, reachedEnd, leftTop, end }: ChangeListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const isLeft = useRef(false);
  const lines = useVirtualizer({
    count: changes.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE,
    overscan: 8,
    useFlushSync: false,
    getItemKey: (index) => changes[index]?.cursor ?? index,
  });
  const items = lines.getVirtualItems();
  const isAtEnd = (items.at(-1)?.index ?? -1) >= changes.length - 1;
  const latest = useRef(reachedEnd);
  useEffect(() => {
    latest.current = reachedEnd;
  });
  useEffect(() => {
    if (isAtEnd) latest.current();
  }, [isAtEnd]);
  return (
    <ScrollRegion
      className="change-scroller"
      ref={scroller}
      aria-label="Changes, newest first"
      onScroll={({ currentTarget }) => {
        const isNow = currentTarget.scrollTop > AWAY;
        if (isNow === isLeft.current) return;
        isLeft.current = isNow;
        leftTop(isNow);
      }}
    >
      <ol className="change-list" style={{ height: lines.getTotalSize() }}>
        {items.map(({ key, index, start }) => {
          const change = changes[index];
          return (
            change !== undefined && (
              <li key={key} ref={lines.measureElement} data-index={index} style={{ transform: `translateY(${start}px)` }}>
                <ChangeLine change={change} withNode={true} />
              </li>
            )
          );
        })}
      </ol>
      {end}
    </ScrollRegion>
  );
}
