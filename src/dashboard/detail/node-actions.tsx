import { useState } from 'react';
import * as z from 'zod/mini';
import * as documents from '../../dashboard-documents.ts';
import { Fault } from '../gateway/fault.ts';
import type { FleetNode } from '../gateway/node-shape.ts';
import { useApp } from '../page/app.ts';
import { useCell } from '../page/use-cell.ts';
import { Icon } from '../parts/icon.tsx';
import { DeregisterDialog } from './deregister-dialog.tsx';

const REQUEST_INTROSPECTION = {
  document: documents.REQUEST_INTROSPECTION,
  answer: z.object({ requestIntrospection: z.object({ correlationId: z.string() }) }),
};

type Outcome = { readonly kind: 'done' | 'failed'; readonly text: string };

/** What one may do to a node; nothing is shown to who may not. */
export function NodeActions({ node }: { readonly node: FleetNode }) {
  const { gateway, status } = useApp();
  const { viewer } = useCell(status.standing);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [isAsking, setAsking] = useState(false);
  const [isRemoving, setRemoving] = useState(false);
  if (viewer?.mayWrite !== true) return null;

  const ask = async () => {
    setAsking(true);
    setOutcome(null);
    try {
      await gateway.order(REQUEST_INTROSPECTION, { nodeId: node.nodeId });
      setOutcome({ kind: 'done', text: 'Asked. Its answer shows in the timeline if anything has changed.' });
    } catch (error) {
      setOutcome({ kind: 'failed', text: error instanceof Fault ? `${error.message} (${error.code})` : String(error) });
    } finally {
      setAsking(false);
    }
  };
  return (
    <div className="actions">
      <button type="button" className="button" onClick={ask} disabled={isAsking}>
        <Icon name="refresh" />
        Request introspection
      </button>
      {node.state === 'REGISTERED' && (
        <button type="button" className="button button-danger" onClick={() => setRemoving(true)}>
          Deregister…
        </button>
      )}
      {outcome !== null && (
        <p className={outcome.kind === 'failed' ? 'outcome bad' : 'outcome'} role="status">
          {outcome.text}
        </p>
      )}
      {isRemoving && (
        <DeregisterDialog
          nodeId={node.nodeId}
          close={() => setRemoving(false)}
          done={() => {
            setRemoving(false);
            setOutcome({ kind: 'done', text: 'Deregistered. It comes back with its next startup, or when it is asked.' });
          }}
        />
      )}
    </div>
  );
}
