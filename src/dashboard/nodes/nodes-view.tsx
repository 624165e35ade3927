import { useCallback, useDeferredValue, useMemo, useRef, useState } from 'react';
import { NodePanel } from '../detail/node-panel.tsx';
import type { Fleet } from '../fleet/fleet.ts';
import { nodeFilter } from '../fleet/node-filter.ts';
import { type NodeOrder, sortNodes } from '../fleet/node-order.ts';
import type { FleetNode } from '../gateway/node-shape.ts';
import { AnnounceHint } from '../overview/announce-hint.tsx';
import { useApp } from '../page/app.ts';
import { useCell } from '../page/use-cell.ts';
import { Notice, Skeleton } from '../parts/notice.tsx';
import { useKeys } from '../parts/use-keys.ts';
import { ANY_STATE, type Place, printNodeOrder, readNodeFilter, readNodeOrder, withSettings } from '../place/place.ts';
import { goTo, replaceWith } from '../place/use-place.ts';
import { FilterBar } from './filter-bar.tsx';
import { NodeTable } from './node-table.tsx';
import { useDeparted } from './use-departed.ts';
import { useVitals } from './use-vitals.ts';

/** All nodes, as a table. What it shows and how stands in the URL. */
export function NodesView({ place }: { readonly place: Place }) {
  const fleet = useCell(useApp().store.fleet);
  const deferred = useDeferredValue(fleet);
  const filter = useMemo(() => readNodeFilter(place.settings), [place.settings]);
  const order = useMemo(() => readNodeOrder(place.settings), [place.settings]);
  const nodes = useMemo(() => shownNodes(deferred, filter, order), [deferred, filter, order]);
  const vitals = useVitals();
  const departed = useDeparted(filter.states);
  const [pickedId, setPickedId] = useState<string | null>(place.chosen);
  const search = useRef<HTMLInputElement>(null);

  const change = (settings: Readonly<Record<string, string>>) => goTo(withSettings({ ...place, chosen: null }, settings));
  const open = useCallback(
    (nodeId: string) => {
      setPickedId(nodeId);
      goTo({ ...place, chosen: nodeId });
    },
    [place],
  );
  const close = () => goTo({ ...place, chosen: null });
  const move = (by: number) => {
    const index = nodes.findIndex(({ nodeId }) => nodeId === pickedId);
    const next = nodes[index === -1 ? (by > 0 ? 0 : nodes.length - 1) : Math.min(nodes.length - 1, Math.max(0, index + by))];
    if (next === undefined) return;
    setPickedId(next.nodeId);
    // With a node open the keys leaf through them, without a step back for each.
    if (place.chosen !== null) replaceWith({ ...place, chosen: next.nodeId });
  };
  const openPicked = () => {
    if (pickedId !== null) open(pickedId);
  };
  useKeys({
    '/': () => search.current?.select(),
    j: () => move(1),
    ArrowDown: () => move(1),
    k: () => move(-1),
    ArrowUp: () => move(-1),
    Enter: openPicked,
    Escape: () => {
      if (document.activeElement === search.current) search.current?.blur();
      else if (place.chosen !== null) close();
      else setPickedId(null);
    },
  });

  const isEmpty = fleet.isWhole && fleet.nodes.size === 0;
  return (
    <div className={place.chosen === null ? 'nodes' : 'nodes has-panel'}>
      <section className="nodes-list" aria-label="All nodes">
        <FilterBar
          place={place}
          fleet={deferred}
          shown={nodes.length}
          search={search}
          change={change}
          type={(text) => replaceWith(withSettings({ ...place, chosen: null }, { q: text }))}
        />
        {departed.note !== null && <p className="nodes-note dim small">{departed.note}</p>}
        {!fleet.isWhole && fleet.nodes.size === 0 ? (
          <Skeleton lines={10} />
        ) : isEmpty ? (
          <AnnounceHint />
        ) : nodes.length === 0 ? (
          <NothingFits place={place} change={change} />
        ) : (
          <NodeTable
            nodes={nodes}
            marks={fleet.marks}
            vitals={vitals}
            order={order}
            sort={(next) => change({ sort: printNodeOrder(next) })}
            pickedId={place.chosen ?? pickedId}
            open={open}
          />
        )}
      </section>
      {place.chosen !== null && <NodePanel key={place.chosen} nodeId={place.chosen} close={close} />}
    </div>
  );
}

/** What fits, and what did until a moment ago: who leaves is seen to leave. */
function shownNodes(fleet: Fleet, filter: ReturnType<typeof readNodeFilter>, order: NodeOrder): readonly FleetNode[] {
  const fits = nodeFilter(filter);
  const fitsWithoutState = nodeFilter({ ...filter, states: [], health: [] });
  const found: FleetNode[] = [];
  for (const node of fleet.nodes.values()) {
    const isLeaving = fleet.marks.get(node.nodeId)?.kind === 'left';
    if (fits(node) || (isLeaving && fitsWithoutState(node))) found.push(node);
  }
  return sortNodes(found, order);
}

interface NothingFitsProps {
  readonly place: Place;
  readonly change: (settings: Readonly<Record<string, string>>) => void;
}

function NothingFits({ place, change }: NothingFitsProps) {
  const text = place.settings.get('q');
  return (
    <Notice title="No node fits">
      <p>
        {text === null
          ? 'No known node meets all of these conditions.'
          : `Nothing known mentions “${text}” and meets the other conditions.`}{' '}
        A node that is missing may have left, or was never accepted.
      </p>
      <p className="notice-actions">
        <button type="button" className="button" onClick={() => change({ q: '', type: '', capability: '', health: '', state: '' })}>
          Take all conditions away
        </button>
        <button type="button" className="button" onClick={() => change({ state: ANY_STATE })}>
          Look among those that left
        </button>
        <a className="button" href="#/rejected">
          See rejected events
        </a>
      </p>
    </Notice>
  );
}
