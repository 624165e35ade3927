import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import type { Mark } from '../fleet/fleet.ts';
import type { Column, NodeOrder } from '../fleet/node-order.ts';
import type { FleetNode } from '../gateway/node-shape.ts';
import { Icon } from '../parts/icon.tsx';
import { ScrollRegion } from '../parts/scroll-region.tsx';
import { NodeRow } from './node-row.tsx';
import type { Vitals } from './use-vitals.ts';

const HEADS: readonly (readonly [Column, string])[] = [
  ['node', 'Node'],
  ['health', 'Health'],
  ['type', 'Type'],
  ['service', 'Service'],
  ['version', 'Version'],
  ['address', 'Address'],
  ['capabilities', 'Capabilities'],
  ['lastSeen', 'Last seen'],
];

/** Pixels; the stylesheet says the same. */
const ROW = 48;

interface NodeTableProps {
  readonly nodes: readonly FleetNode[];
  readonly marks: ReadonlyMap<string, Mark>;
  readonly vitals: Vitals;
  readonly order: NodeOrder;
  readonly sort: (order: NodeOrder) => void;
  readonly pickedId: string | null;
  readonly open: (nodeId: string) => void;
}

/** Only the rows that are to be seen exist: it is as fast with ten thousand nodes as with ten. */
export function NodeTable({ nodes, marks, vitals, order, sort, pickedId, open }: NodeTableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: nodes.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 8,
    // The next picture is soon enough: drawing within the event of each scroll costs more than it shows.
    useFlushSync: false,
    getItemKey: (index) => nodes[index]?.nodeId ?? index,
  });
  const pickedIndex = pickedId === null ? -1 : nodes.findIndex(({ nodeId }) => nodeId === pickedId);
  const { scrollToIndex } = rows;
  const scrolledTo = useRef<string | null>(null);
  useEffect(() => {
    // Only another pick scrolls: a row that moves because others come and go takes nobody with it.
    if (pickedIndex === -1 || scrolledTo.current === pickedId) return;
    scrolledTo.current = pickedId;
    scrollToIndex(pickedIndex, { align: 'auto' });
  }, [pickedId, pickedIndex, scrollToIndex]);

  const items = rows.getVirtualItems();
  const before = items[0]?.start ?? 0;
  const after = rows.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <ScrollRegion className="table-scroller" ref={scroller} aria-label="Table of nodes">
      <table className="table" aria-rowcount={nodes.length + 1}>
        <thead>
          <tr>
            {HEADS.map(([column, name]) => (
              <Head key={column} column={column} name={name} order={order} sort={sort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 && <Gap height={before} />}
          {items.map(({ index }) => {
            const node = nodes[index];
            return (
              node !== undefined && (
                <NodeRow
                  key={node.nodeId}
                  node={node}
                  index={index}
                  mark={marks.get(node.nodeId) ?? null}
                  vital={vitals.get(node.nodeId) ?? null}
                  isPicked={node.nodeId === pickedId}
                  open={open}
                />
              )
            );
          })}
          {after > 0 && <Gap height={after} />}
        </tbody>
      </table>
    </ScrollRegion>
  );
}

function Gap({ height }: { readonly height: number }) {
  return (
    <tr>
      <td colSpan={HEADS.length} style={{ height, padding: 0, border: 0 }} />
    </tr>
  );
}

interface HeadProps {
  readonly column: Column;
  readonly name: string;
  readonly order: NodeOrder;
  readonly sort: (order: NodeOrder) => void;
}

function Head({ column, name, order, sort }: HeadProps) {
  const isSorted = order.column === column;
  const direction = order.isDescending ? 'descending' : 'ascending';
  return (
    <th scope="col" className={`col-${column}`} aria-sort={isSorted ? direction : undefined}>
      <button type="button" className="sort" onClick={() => sort({ column, isDescending: isSorted && !order.isDescending })}>
        {name}
        <span className={isSorted ? `sort-mark ${direction}` : 'sort-mark'}>
          <Icon name="down" />
        </span>
      </button>
    </th>
  );
}
