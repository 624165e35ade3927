import { memo } from 'react';
import { reasonInWords } from '../fleet/change.ts';
import type { Mark } from '../fleet/fleet.ts';
import { placeOf } from '../fleet/node-filter.ts';
import type { FleetNode } from '../gateway/node-shape.ts';
import { HealthBadge, StateBadge } from '../parts/badge.tsx';
import { Ago } from '../parts/moment.tsx';
import type { Vital } from './use-vitals.ts';

interface NodeRowProps {
  readonly node: FleetNode;
  readonly index: number;
  /** What just happened to it; null: nothing. */
  readonly mark: Mark | null;
  /** null: not read yet. */
  readonly vital: Vital | null;
  readonly isPicked: boolean;
  readonly open: (nodeId: string) => void;
}

/** So many fit beside the rest. */
const MOST_CAPABILITIES = 3;

export const NodeRow = memo(function NodeRow({ node, index, mark, vital, isPicked, open }: NodeRowProps) {
  const { nodeId, name, type, health, state, stateReason, serviceName, version, address, port, capabilities, lastSeenAt } = node;
  const isGone = state !== 'REGISTERED';
  const classes = ['row', isPicked ? 'is-picked' : '', isGone ? 'is-gone' : '', mark === null ? '' : `mark-${mark.kind}`];
  const more = capabilities.length - MOST_CAPABILITIES;
  return (
    <tr className={classes.filter(Boolean).join(' ')} aria-rowindex={index + 2} aria-selected={isPicked} onClick={() => open(nodeId)}>
      <td className="col-node">
        <button type="button" className="node-open" onClick={() => open(nodeId)}>
          {nodeId}
        </button>
        <span className="row-sub">{isGone ? `${reasonInWords(stateReason)}` : (name ?? serviceName)}</span>
      </td>
      <td className="col-health">
        {isGone ? <StateBadge state={state} /> : <HealthBadge health={health} />}
        {vital?.ejection !== null && vital !== null && !isGone && (
          <span className="badge badge-bad" title="The gateway’s own probes fail: it is not handed out">
            left out
          </span>
        )}
      </td>
      <td className="col-type">{type}</td>
      <td className="col-service">{serviceName}</td>
      <td className="col-version">{version ?? <span className="dim">–</span>}</td>
      <td className="col-address">{placeOf(address, port) ?? <span className="dim">no endpoint</span>}</td>
      <td className="col-capabilities" title={capabilities.join(', ')}>
        {capabilities.slice(0, MOST_CAPABILITIES).map((one) => (
          <span key={one} className="tag">
            {one}
          </span>
        ))}
        {more > 0 && <span className="tag tag-more">+{more}</span>}
      </td>
      <td className="col-lastSeen">
        <Ago at={Math.max(lastSeenAt, vital?.lastSeenAt ?? 0)} />
      </td>
    </tr>
  );
});
