import { useEffect, useMemo, useState } from 'react';
import { activity, SPANS, type Span } from '../fleet/activity.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { useApp } from '../page/app.ts';
import { useCell } from '../page/use-cell.ts';
import { timeOfDay } from '../parts/time.ts';
import { ActivityChart } from './activity-chart.tsx';

const [FIRST_SPAN] = SPANS;

/** What happened lately. */
export function ActivityCard({ fleet, registered }: { readonly fleet: Fleet; readonly registered: number }) {
  const { history, clock } = useApp();
  const [name, setName] = useState(FIRST_SPAN?.name ?? '');
  const span = SPANS.find((one) => one.name === name);
  const now = useCell(clock);
  const reach = useCell(history.reach);
  const { isWhole, changes } = fleet;
  const length = span?.length ?? 0;
  useEffect(() => {
    if (isWhole) void history.reachBackTo(Date.now() - length);
  }, [history, isWhole, length]);

  const since = reach.hasMore ? (changes[0]?.occurredAt ?? now) : null;
  // A bar is many seconds wide: once in five is often enough.
  const slow = Math.floor(now / 5000) * 5000 + 5000;
  const buckets = useMemo(
    () => (span === undefined ? [] : activity(changes, span, slow, registered, since)),
    [changes, span, slow, registered, since],
  );
  const isCut = since !== null && !reach.isLoading && isWhole && since > now - length;
  return (
    <section className="card activity" aria-label="Registrations and changes over time">
      <header className="card-head">
        <h2>Activity</h2>
        <fieldset className="segments" aria-label="How far back">
          {SPANS.map((one: Span) => (
            <button key={one.name} type="button" className="segment" aria-pressed={one.name === name} onClick={() => setName(one.name)}>
              {one.name}
            </button>
          ))}
        </fieldset>
      </header>
      <ActivityChart buckets={buckets} />
      {isCut && (
        <p className="dim small">
          {reach.fault === null
            ? `Reaches back to ${timeOfDay(since, now)}: so much happened since.`
            : `The past could not be loaded: ${reach.fault.message}`}
        </p>
      )}
    </section>
  );
}
