import type { TypeTally } from '../fleet/tally.ts';
import { linkTo, printList } from '../place/place.ts';
import { HealthBar } from './health-card.tsx';

/** The rest is in the table. */
const MOST = 6;

interface TypeCardProps {
  readonly types: readonly TypeTally[];
  readonly registered: number;
}

/** What kinds of nodes there are. */
export function TypeCard({ types, registered }: TypeCardProps) {
  return (
    <section className="card types" aria-label="Nodes by type">
      <header className="card-head">
        <h2>Types</h2>
        <span className="dim small">{types.length === 0 ? 'none' : types.length}</span>
      </header>
      <ul className="type-list">
        {types.slice(0, MOST).map(({ type, nodes, health }) => (
          <li key={type}>
            <a className="type-item" href={linkTo('nodes', null, { type: printList([type]) })}>
              <span className="type-name">{type}</span>
              <span className="type-number">{nodes.toLocaleString('en')}</span>
              <span className="type-bar" style={{ width: `${Math.max(4, (nodes / Math.max(1, registered)) * 100)}%` }}>
                <HealthBar health={health} total={nodes} />
              </span>
            </a>
          </li>
        ))}
      </ul>
      {types.length > MOST && (
        <a className="more" href={linkTo('nodes', null, { sort: 'type' })}>
          {types.length - MOST} more types
        </a>
      )}
    </section>
  );
}
