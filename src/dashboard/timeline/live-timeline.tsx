import { useDeferredValue, useMemo, useState } from 'react';
import { changeFilter } from '../fleet/change-filter.ts';
import type { Reach } from '../fleet/history-loader.ts';
import { useApp } from '../page/app.ts';
import { useCell } from '../page/use-cell.ts';
import { Icon } from '../parts/icon.tsx';
import { FaultNotice, Notice, Skeleton } from '../parts/notice.tsx';
import { useKeys } from '../parts/use-keys.ts';
import type { Place } from '../place/place.ts';
import { ChangeList } from './change-list.tsx';
import { readChangeFilter, TimelineFilter } from './timeline-filter.tsx';

/** New lines at the top, as they happen, unless one holds them back. */
export function LiveTimeline({ place }: { readonly place: Place }) {
  const { store, history } = useApp();
  const fleet = useDeferredValue(useCell(store.fleet));
  const reach = useCell(history.reach);
  const [isPaused, setPaused] = useState(false);
  const [isAway, setAway] = useState(false);
  /** The newest line that is shown while it is held. */
  const [held, setHeld] = useState<string | null>(null);
  const isHeld = isPaused || isAway;
  const newest = fleet.changes.at(-1)?.cursor ?? null;

  const hold = (paused: boolean, away: boolean) => {
    setPaused(paused);
    setAway(away);
    setHeld(paused || away ? (held ?? newest) : null);
  };
  useKeys({ ' ': () => hold(!isPaused, isAway) });

  const filter = useMemo(() => readChangeFilter(place.settings), [place.settings]);
  const fitting = useMemo(() => fleet.changes.filter(changeFilter(filter)).reverse(), [fleet.changes, filter]);
  const shown = useMemo(() => (held === null ? fitting : fitting.filter(({ cursor }) => cursor <= held)), [fitting, held]);
  const waiting = fitting.length - shown.length;
  return (
    <section className="timeline" aria-label="All changes">
      <TimelineFilter place={place} changes={fleet.changes}>
        <button
          type="button"
          className={isPaused ? 'button is-set' : 'button'}
          aria-pressed={isPaused}
          onClick={() => hold(!isPaused, isAway)}
        >
          <Icon name={isPaused ? 'play' : 'pause'} />
          {isPaused ? 'Resume' : 'Pause'}
        </button>
      </TimelineFilter>
      {isHeld && waiting > 0 && (
        <button type="button" className="waiting" onClick={() => hold(false, false)}>
          {waiting} new {waiting === 1 ? 'change waits' : 'changes wait'}: show
        </button>
      )}
      {!fleet.isWhole && shown.length === 0 ? (
        <Skeleton lines={10} />
      ) : shown.length === 0 && !reach.hasMore ? (
        <Notice title={fleet.changes.length === 0 ? 'Nothing has happened yet' : 'No change fits'}>
          {fleet.changes.length === 0
            ? 'Every node that arrives, changes, turns unhealthy or leaves makes a line here.'
            : 'Take a condition away, or wait: new changes appear by themselves.'}
        </Notice>
      ) : (
        <ChangeList
          changes={shown}
          reachedEnd={() => void history.more()}
          leftTop={(isLeft) => hold(isPaused, isLeft)}
          end={<End reach={reach} again={() => void history.more()} />}
        />
      )}
    </section>
  );
}

function End({ reach, again }: { readonly reach: Reach; readonly again: () => void }) {
  if (reach.fault !== null) return <FaultNotice fault={reach.fault} what="Earlier changes" again={again} />;
  if (reach.isLoading) return <p className="dim list-end">Loading earlier changes</p>;
  if (reach.hasMore) {
    return (
      <p className="list-end">
        <button type="button" className="button" onClick={again}>
          Load earlier changes
        </button>
      </p>
    );
  }
  return <p className="dim list-end">The change log begins here.</p>;
}
