import { type Change, reasonInWords } from '../fleet/change.ts';
import { ChangeBadge, HealthBadge } from '../parts/badge.tsx';
import { Clock } from '../parts/moment.tsx';
import { linkTo } from '../place/place.ts';

interface ChangeLineProps {
  readonly change: Change;
  /** Whether it says whose change it is. */
  readonly withNode: boolean;
}

/** One line of a timeline. */
export function ChangeLine({ change, withNode }: ChangeLineProps) {
  const { type, nodeId, nodeType, health, reason, changedFields, occurredAt, operator, cursor } = change;
  return (
    <div className={withNode ? 'change-line' : 'change-line is-short'}>
      <span className="change-when dim">
        <Clock at={occurredAt} />
      </span>
      <ChangeBadge type={type} />
      {withNode && (
        <span className="change-node">
          <a className="node-link" href={linkTo('nodes', nodeId)}>
            {nodeId}
          </a>
          <span className="dim small"> {nodeType}</span>
        </span>
      )}
      <span className="change-what">
        {type === 'HEALTH_CHANGED' && <HealthBadge health={health} />}
        <span className="change-reason">{reasonInWords(reason)}</span>
        {type === 'MODIFIED' &&
          changedFields.map((field) => (
            <span key={field} className="tag">
              {field}
            </span>
          ))}
        {operator !== null && <span className="dim"> by {operator}</span>}
      </span>
      <span className="change-cursor dim" title={`Position ${cursor} in the change log`}>
        {cursor.replace(/^0+(?=\d)/, '#')}
      </span>
    </div>
  );
}
