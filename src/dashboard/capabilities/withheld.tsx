import * as z from 'zod/mini';
import { linkTo } from '../place/place.ts';

export const withheldNode = z.object({
  node: z.object({ nodeId: z.string() }),
  reason: z.string(),
  explanation: z.string(),
});

interface WithheldProps {
  readonly nodes: readonly z.infer<typeof withheldNode>[];
  /** How many there are in all. */
  readonly count: number;
}

/** Nodes that would do, and are not handed out. */
export function Withheld({ nodes, count }: WithheldProps) {
  if (count === 0) return null;
  return (
    <>
      <h3>
        Withheld <span className="dim">{count}</span>
      </h3>
      <ul className="withheld">
        {nodes.map(({ node: { nodeId }, reason, explanation }) => (
          <li key={nodeId}>
            <a className="node-link" href={linkTo('nodes', nodeId)}>
              {nodeId}
            </a>
            <span className="badge badge-warn">{reason.toLowerCase().replaceAll('_', ' ')}</span>
            <p className="dim">{explanation}</p>
          </li>
        ))}
      </ul>
      {count > nodes.length && <p className="dim small">The nearest {nodes.length} are shown.</p>}
    </>
  );
}
