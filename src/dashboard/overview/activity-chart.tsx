import { useState } from 'react';
import { type Bucket, totalOf } from '../fleet/activity.ts';
import { WORD_OF_CHANGE } from '../fleet/change.ts';
import { LOGGED_TYPES } from '../gateway/change-shape.ts';
import { hourAndMinute } from '../parts/time.ts';

const WIDTH = 720;
const LINE_TOP = 10;
const LINE_BOTTOM = 78;
const BARS_TOP = 96;
const BARS_BOTTOM = 176;
const LEGEND_CLASS = { ADDED: 'bar-added', MODIFIED: 'bar-modified', HEALTH_CHANGED: 'bar-health', REMOVED: 'bar-removed' } as const;

/** Registered nodes as a line, changes as bars under it. */
export function ActivityChart({ buckets }: { readonly buckets: readonly Bucket[] }) {
  const [pointed, setPointed] = useState<number | null>(null);
  const step = WIDTH / Math.max(1, buckets.length);
  const highest = Math.max(1, ...buckets.map(totalOf));
  const total = buckets.reduce((sum, bucket) => sum + totalOf(bucket), 0);
  const shown = pointed === null ? undefined : buckets[pointed];
  const last = buckets.at(-1);
  return (
    <div className="chart">
      <ul className="legend">
        <li>
          <span className="legend-mark legend-line" />
          {shown === undefined ? 'Registered nodes' : `Registered nodes ${shown.registered ?? '–'}`}
        </li>
        {LOGGED_TYPES.map((type) => (
          <li key={type}>
            <span className={`legend-mark ${LEGEND_CLASS[type]}`} />
            {WORD_OF_CHANGE[type]}
            {shown !== undefined && ` ${shown.counts[type]}`}
          </li>
        ))}
        <li className="legend-when">
          {shown === undefined ? `${total} changes` : `${hourAndMinute(shown.from)}–${hourAndMinute(shown.to)}`}
        </li>
      </ul>
      <svg
        className="chart-picture"
        viewBox={`0 0 ${WIDTH} ${BARS_BOTTOM}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${total} changes; ${last?.registered ?? 0} nodes registered now`}
        onPointerMove={(event) => {
          const { left, width } = event.currentTarget.getBoundingClientRect();
          setPointed(Math.min(buckets.length - 1, Math.max(0, Math.floor(((event.clientX - left) / width) * buckets.length))));
        }}
        onPointerLeave={() => setPointed(null)}
      >
        <RegisteredLine buckets={buckets} step={step} />
        <path className="chart-base" d={`M0 ${BARS_BOTTOM - 0.5}H${WIDTH}`} />
        {buckets.map((bucket, index) => (
          <Bar key={bucket.from} bucket={bucket} x={index * step} width={step} highest={highest} />
        ))}
        {pointed !== null && <rect className="chart-pointed" x={pointed * step} y={0} width={step} height={BARS_BOTTOM} />}
      </svg>
      <div className="chart-times" aria-hidden="true">
        {[0, 0.25, 0.5, 0.75].map((part) => {
          const bucket = buckets[Math.floor(part * buckets.length)];
          return <span key={part}>{bucket === undefined ? '' : hourAndMinute(bucket.from)}</span>;
        })}
        <span>now</span>
      </div>
    </div>
  );
}

function RegisteredLine({ buckets, step }: { readonly buckets: readonly Bucket[]; readonly step: number }) {
  const known = buckets.flatMap(({ registered }, index) => (registered === null ? [] : [{ registered, x: index * step }]));
  const first = known[0];
  if (first === undefined) return null;
  const highest = Math.max(1, ...known.map(({ registered }) => registered));
  const lowest = Math.min(...known.map(({ registered }) => registered));
  // From zero, unless the fleet is so large that nothing would be seen to move.
  const floor = highest - lowest < highest / 10 ? lowest - Math.max(1, (highest - lowest) * 2) : 0;
  const y = (value: number) => LINE_BOTTOM - ((value - floor) / (highest - floor)) * (LINE_BOTTOM - LINE_TOP);
  const line = known.map(({ registered, x }) => `V${y(registered).toFixed(1)}H${(x + step).toFixed(1)}`).join('');
  const start = `M${first.x.toFixed(1)} ${y(first.registered).toFixed(1)}`;
  return (
    <>
      <path className="chart-area" d={`${start}${line}V${LINE_BOTTOM}H${first.x.toFixed(1)}Z`} />
      <path className="chart-line" d={`${start}${line}`} vectorEffect="non-scaling-stroke" />
    </>
  );
}

function Bar({
  bucket,
  x,
  width,
  highest,
}: {
  readonly bucket: Bucket;
  readonly x: number;
  readonly width: number;
  readonly highest: number;
}) {
  let bottom = BARS_BOTTOM - 1;
  return LOGGED_TYPES.map((type) => {
    const count = bucket.counts[type];
    if (count === 0) return null;
    const height = Math.max(2, (count / highest) * (BARS_BOTTOM - BARS_TOP));
    bottom -= height;
    return <rect key={type} className={LEGEND_CLASS[type]} x={x + width * 0.12} y={bottom} width={width * 0.76} height={height} />;
  });
}
