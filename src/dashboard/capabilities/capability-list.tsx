import type { Matrix } from '../fleet/matrix.ts';
import { Notice } from '../parts/notice.tsx';
import { type Place, printPlace } from '../place/place.ts';

/** So many are listed at once; the search finds the others. */
const MOST = 400;

interface CapabilityListProps {
  readonly place: Place;
  readonly matrix: Matrix;
  /** Those that the search leaves. */
  readonly names: readonly string[];
  readonly text: string;
}

/** Capabilities by name, with how many nodes have each. */
export function CapabilityList({ place, matrix, names, text }: CapabilityListProps) {
  if (names.length === 0) {
    return (
      <div className="explorer-list">
        <Notice title="No registered node has it">
          {text === '' ? (
            'No node announced a capability yet.'
          ) : (
            <p>
              It may be the name of a service, node or type:{' '}
              <a href={printPlace({ ...place, chosen: text })}>see what the gateway makes of “{text}”</a>.
            </p>
          )}
        </Notice>
      </div>
    );
  }
  return (
    <nav className="explorer-list" aria-label="Capabilities by name">
      <ul>
        {names.slice(0, MOST).map((name) => {
          const { nodes, healthy } = countOf(matrix, name);
          return (
            <li key={name}>
              <a
                className="explorer-item"
                href={printPlace({ ...place, chosen: name })}
                aria-current={place.chosen === name ? 'true' : undefined}
              >
                <span className="explorer-name">{name}</span>
                <span className={healthy === 0 ? 'explorer-count bad' : 'explorer-count dim'}>
                  {healthy === nodes ? nodes : `${healthy} of ${nodes}`} healthy
                </span>
              </a>
            </li>
          );
        })}
      </ul>
      {names.length > MOST && <p className="dim small list-end">{names.length - MOST} more: search for a part of the name.</p>}
    </nav>
  );
}

function countOf({ types, cell }: Matrix, name: string) {
  const cells = types.flatMap((type) => cell(type, name) ?? []);
  return {
    nodes: cells.reduce((sum, { nodes }) => sum + nodes, 0),
    healthy: cells.reduce((sum, { healthy }) => sum + healthy, 0),
  };
}
