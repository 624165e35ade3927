import { useEffect, useRef } from 'react';
import * as z from 'zod/mini';
import { NODE_HISTORY } from '../../dashboard-documents.ts';
import { changeOfPast } from '../fleet/change.ts';
import { pastChange } from '../gateway/change-shape.ts';
import { useAsked } from '../page/use-asked.ts';
import { FaultNotice, Skeleton } from '../parts/notice.tsx';
import { linkTo } from '../place/place.ts';
import { ChangeLine } from '../timeline/change-line.tsx';

const HISTORY = {
  document: NODE_HISTORY,
  answer: z.object({ nodeById: z.object({ changes: z.array(pastChange) }) }),
};

interface NodeHistoryProps {
  readonly nodeId: string;
  /** Of its latest change: another one, and there is more to be told. */
  readonly cursor: string;
}

/** What happened to it, newest first. */
export function NodeHistory({ nodeId, cursor }: NodeHistoryProps) {
  const { answer, fault, again } = useAsked(HISTORY, { nodeId }, null);
  const asked = useRef(cursor);
  useEffect(() => {
    if (asked.current === cursor) return;
    asked.current = cursor;
    again();
  }, [again, cursor]);
  return (
    <section className="panel-section" aria-label="Timeline of the node">
      <h3>
        Timeline
        <a className="more" href={linkTo('timeline', null, { q: nodeId })}>
          In the whole timeline
        </a>
      </h3>
      {fault !== null && answer === null && <FaultNotice fault={fault} what="The history" again={again} />}
      {answer === null && fault === null && <Skeleton lines={3} />}
      {answer !== null && (
        <ol className="node-history">
          {answer.nodeById.changes.map(changeOfPast).map((change) => (
            <li key={change.cursor}>
              <ChangeLine change={change} withNode={false} />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
