import type { Matrix } from '../fleet/matrix.ts';
import { Notice } from '../parts/notice.tsx';
import { ScrollRegion } from '../parts/scroll-region.tsx';
import { linkTo, printList } from '../place/place.ts';

/** So many rows are shown at once; the search finds the others. */
const MOST = 300;

/** Which types have which capabilities. */
export function CapabilityMatrix({ matrix: { types, cell }, names }: { readonly matrix: Matrix; readonly names: readonly string[] }) {
  if (names.length === 0) return <Notice title="No registered node has it">Take the search away to see all capabilities.</Notice>;
  return (
    <ScrollRegion className="table-scroller" aria-label="Types and capabilities">
      <table className="matrix">
        <thead>
          <tr>
            <th scope="col">Capability</th>
            {types.map((type) => (
              <th key={type} scope="col">
                <a href={linkTo('nodes', null, { type: printList([type]) })}>{type}</a>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {names.slice(0, MOST).map((name) => (
            <tr key={name}>
              <th scope="row">
                <a href={linkTo('capabilities', name)}>{name}</a>
              </th>
              {types.map((type) => (
                <Cell key={type} type={type} name={name} cell={cell(type, name)} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {names.length > MOST && <p className="dim small list-end">{names.length - MOST} more: search for a part of the name.</p>}
    </ScrollRegion>
  );
}

interface CellProps {
  readonly type: string;
  readonly name: string;
  readonly cell: ReturnType<Matrix['cell']>;
}

function Cell({ type, name, cell }: CellProps) {
  if (cell === null) {
    return (
      <td className="matrix-none">
        <span className="hidden">none</span>
      </td>
    );
  }
  const { nodes, healthy } = cell;
  const tone = healthy === nodes ? 'good' : healthy === 0 ? 'bad' : 'warn';
  return (
    <td>
      <a
        className={`matrix-cell badge-${tone}`}
        href={linkTo('nodes', null, { type: printList([type]), capability: printList([name]) })}
        title={`${healthy} of ${nodes} healthy`}
      >
        {healthy === nodes ? nodes : `${healthy}/${nodes}`}
      </a>
    </td>
  );
}
