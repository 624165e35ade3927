import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Change } from '../fleet/change.ts';
import { changeFilter } from '../fleet/change-filter.ts';
import { linesAfter } from '../fleet/history.ts';
import { Fault } from '../gateway/fault.ts';
import { useApp } from '../page/app.ts';
import { FaultNotice, Notice, Skeleton } from '../parts/notice.tsx';
import { type Place, printPlace, withSettings } from '../place/place.ts';
import { ChangeList } from './change-list.tsx';
import { readChangeFilter, TimelineFilter } from './timeline-filter.tsx';

interface ReplayProps {
  readonly place: Place;
  /** A position of the change log. */
  readonly from: string;
}

interface Read {
  readonly changes: readonly Change[];
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  readonly fault: Fault | null;
}

/** What came after a position of the change log, oldest first. */
export function Replay({ place, from }: ReplayProps) {
  const { gateway } = useApp();
  const [read, setRead] = useState<Read>({ changes: [], hasMore: true, isLoading: false, fault: null });
  const isBusy = useRef(false);
  const last = read.changes.at(-1)?.cursor ?? from;
  const more = useCallback(async () => {
    if (isBusy.current) return;
    isBusy.current = true;
    setRead((before) => ({ ...before, isLoading: true, fault: null }));
    try {
      const page = await linesAfter(gateway, last);
      setRead((before) => ({ changes: [...before.changes, ...page.changes], hasMore: page.hasMore, isLoading: false, fault: null }));
    } catch (error) {
      const fault = error instanceof Fault ? error : new Fault('INTERNAL', String(error));
      setRead((before) => ({ ...before, isLoading: false, fault }));
    } finally {
      isBusy.current = false;
    }
  }, [gateway, last]);
  const hasBegun = useRef(false);
  useEffect(() => {
    if (hasBegun.current) return;
    hasBegun.current = true;
    void more();
  }, [more]);

  const filter = useMemo(() => readChangeFilter(place.settings), [place.settings]);
  const shown = useMemo(() => read.changes.filter(changeFilter(filter)), [read.changes, filter]);
  const isEmpty = read.changes.length === 0;
  return (
    <section className="timeline" aria-label="Changes from a position on">
      <TimelineFilter place={place} changes={read.changes}>
        <a className="button button-main" href={printPlace(withSettings(place, { from: '' }))}>
          Back to live
        </a>
      </TimelineFilter>
      <p className="dim small">
        What came after position <code>{from.replace(/^0+(?=\d)/, '#')}</code>, oldest first.
      </p>
      {read.fault !== null && isEmpty ? (
        <FaultNotice fault={read.fault} what="The changes from there on" again={() => void more()} />
      ) : isEmpty && read.isLoading ? (
        <Skeleton lines={8} />
      ) : isEmpty ? (
        <Notice title="Nothing came after this position">It is where the change log ends. New changes are in the live timeline.</Notice>
      ) : (
        <ChangeList
          changes={shown}
          reachedEnd={() => undefined}
          leftTop={() => undefined}
          end={
            <p className="list-end">
              {read.hasMore ? (
                <button type="button" className="button" disabled={read.isLoading} onClick={() => void more()}>
                  {read.isLoading ? 'Loading' : 'Load what came next'}
                </button>
              ) : (
                <span className="dim">This is up to now, when the page asked.</span>
              )}
            </p>
          }
        />
      )}
    </section>
  );
}
