import { type Change, reasonInWords } from '../fleet/change.ts';
import { ChangeBadge, HealthBadge } from '../parts/badge.tsx';
import { Ago } from '../parts/moment.tsx';
import { Notice } from '../parts/notice.tsx';
import { linkTo } from '../place/place.ts';

const MOST = 7;

/** What changed last. */
export function LatestCard({ changes }: { readonly changes: readonly Change[] }) {
  const latest = changes.slice(-MOST).reverse();
  return (
    <section className="card latest" aria-label="Latest changes">
      <header className="card-head">
        <h2>Latest changes</h2>
        <a className="more" href={linkTo('timeline')}>
          Timeline
        </a>
      </header>
      {latest.length === 0 ? (
        <Notice title="Nothing has changed yet">A line appears here as soon as a node arrives, changes or leaves.</Notice>
      ) : (
        <ol className="latest-list">
          {latest.map((change) => (
            <li key={change.cursor} className="latest-item">
              {change.type === 'HEALTH_CHANGED' ? <HealthBadge health={change.health} /> : <ChangeBadge type={change.type} />}
              <a className="node-link" href={linkTo('nodes', change.nodeId)}>
                {change.nodeId}
              </a>
              <span className="latest-what dim">{whatOf(change)}</span>
              <span className="latest-when dim">
                <Ago at={change.occurredAt} />
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function whatOf({ type, changedFields, reason }: Change): string {
  return type === 'MODIFIED' && changedFields.length > 0 ? changedFields.join(', ') : reasonInWords(reason);
}
