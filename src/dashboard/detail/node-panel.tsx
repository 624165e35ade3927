import { useEffect, useRef } from 'react';
import { useApp } from '../page/app.ts';
import { useAsked } from '../page/use-asked.ts';
import { useCell } from '../page/use-cell.ts';
import { HealthBadge, StateBadge } from '../parts/badge.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Icon } from '../parts/icon.tsx';
import { FaultNotice, Skeleton } from '../parts/notice.tsx';
import { MissingNode } from './missing-node.tsx';
import { NodeActions } from './node-actions.tsx';
import { NodeAddresses } from './node-addresses.tsx';
import { NodeContent } from './node-content.tsx';
import { NodeFacts } from './node-facts.tsx';
import { NodeHistory } from './node-history.tsx';
import { NodeLife } from './node-life.tsx';
import { NODE } from './node-question.ts';
import { NodeRecords } from './node-records.tsx';

/** Milliseconds: what heartbeats say is no change, and is read like this. */
const EVERY = 5000;

interface NodePanelProps {
  readonly nodeId: string;
  readonly close: () => void;
}

/** One node, with all that is known of it. */
export function NodePanel({ nodeId, close }: NodePanelProps) {
  const fleet = useCell(useApp().store.fleet);
  const { answer, fault, again } = useAsked(NODE, { nodeId }, EVERY);
  const heading = useRef<HTMLHeadingElement>(null);
  const known = fleet.nodes.get(nodeId);
  const cursor = known?.cursor ?? null;
  const asked = useRef(cursor);
  useEffect(() => {
    if (asked.current === cursor) return;
    asked.current = cursor;
    again();
  }, [again, cursor]);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);

  const node = answer?.nodeById ?? null;
  // The live state is ahead of what was asked for.
  const shown = known ?? node;
  return (
    <aside className="panel" aria-label={`Node ${nodeId}`}>
      <header className="panel-head">
        <div className="panel-title">
          <h2 ref={heading} tabIndex={-1}>
            {nodeId}
          </h2>
          <CopyButton text={nodeId} what="the node id" />
          <button type="button" className="button-quiet panel-close" onClick={close} aria-label="Close the node" title="Close (Esc)">
            <Icon name="close" />
          </button>
        </div>
        {shown !== null && (
          <div className="panel-state">
            <StateBadge state={shown.state} />
            <HealthBadge health={shown.health} />
            {node?.ejection !== null && node !== null && <span className="badge badge-bad">left out by own probes</span>}
            <span className="dim small">{shown.name ?? shown.serviceName}</span>
          </div>
        )}
        {shown !== null && <NodeActions node={shown} />}
      </header>
      <div className="panel-body">
        {fault !== null && node === null && <FaultNotice fault={fault} what="The node" again={again} />}
        {answer === null && fault === null && <Skeleton lines={8} />}
        {answer !== null && node === null && <MissingNode nodeId={nodeId} />}
        {node !== null && (
          <>
            <NodeFacts node={node} />
            <NodeLife node={node} />
            <NodeRecords node={node} />
            <NodeAddresses endpoints={node.endpoints} />
            <NodeContent node={node} />
            <NodeHistory nodeId={nodeId} cursor={cursor ?? node.cursor} />
          </>
        )}
      </div>
    </aside>
  );
}
