import { useMemo } from 'react';
import * as z from 'zod/mini';
import * as documents from '../../dashboard-documents.ts';
import { moment } from '../gateway/moment.ts';
import { useAsked } from '../page/use-asked.ts';
import { Icon } from '../parts/icon.tsx';
import { FaultNotice, Notice, Skeleton } from '../parts/notice.tsx';
import { type Place, withSettings } from '../place/place.ts';
import { replaceWith } from '../place/use-place.ts';
import { RejectedEvent } from './rejected-event.tsx';

const rejected = z.object({
  reason: z.string(),
  errorType: z.string(),
  topic: z.string(),
  partition: z.number(),
  offset: z.string(),
  excerpt: z.nullable(z.string()),
  correlationId: z.nullable(z.string()),
  rejectedAt: moment,
});
export type Rejected = Readonly<z.infer<typeof rejected>>;

const REJECTED = {
  document: documents.REJECTED,
  answer: z.object({ rejectedEvents: z.array(rejected) }),
};

/** Milliseconds. */
const EVERY = 3000;

/** Messages that could never be accepted, and why. */
export function RejectedView({ place }: { readonly place: Place }) {
  const { answer, fault, again } = useAsked(REJECTED, {}, EVERY);
  const text = place.settings.get('q') ?? '';
  const all = answer?.rejectedEvents;
  const shown = useMemo(() => (all ?? []).filter((event) => mentions(event, text.toLowerCase())), [all, text]);
  if (fault !== null && all === undefined) return <FaultNotice fault={fault} what="Rejected events" again={again} />;
  if (all === undefined) return <Skeleton lines={8} />;
  if (all.length === 0) {
    return (
      <Notice title="No message was rejected">
        <p>
          A message that can never be accepted, since it is no JSON, has no node id or an endpoint that is none, shows here with the reason.
          The whole message lies on the dead-letter topic. So if a node is missing and nothing is here, the message has not arrived at all.
        </p>
      </Notice>
    );
  }
  return (
    <section className="rejected" aria-label="Rejected events">
      <div className="filter-row">
        <label className="search">
          <Icon name="search" />
          <input
            className="input"
            type="search"
            value={text}
            placeholder="Search reason, code, topic, content"
            aria-label="Search rejected events"
            onChange={(event) => replaceWith(withSettings(place, { q: event.target.value }))}
          />
        </label>
        <span className="filter-count" role="status">
          <strong>{shown.length}</strong> {shown.length === all.length ? '' : `of ${all.length} `}rejected
        </span>
      </div>
      {shown.length === 0 && (
        <Notice title="None mentions this">Only the newest 500 are searched, with the part of each message that is kept.</Notice>
      )}
      <ul className="rejected-list">
        {shown.map((event) => (
          <RejectedEvent key={`${event.topic} ${event.partition} ${event.offset}`} event={event} />
        ))}
      </ul>
    </section>
  );
}

function mentions({ reason, errorType, topic, excerpt, correlationId }: Rejected, text: string): boolean {
  return [reason, errorType, topic, excerpt, correlationId].some((one) => one?.toLowerCase().includes(text) ?? false);
}
