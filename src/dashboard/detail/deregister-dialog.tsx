import { useState } from 'react';
import * as z from 'zod/mini';
import * as documents from '../../dashboard-documents.ts';
import { Fault } from '../gateway/fault.ts';
import { useApp } from '../page/app.ts';
import { Dialog } from '../parts/dialog.tsx';

const DEREGISTER = {
  document: documents.DEREGISTER,
  answer: z.object({ deregister: z.object({ cursor: z.string() }) }),
};

/** Characters; the gateway takes no more. */
const LONGEST_REASON = 500;

interface DeregisterDialogProps {
  readonly nodeId: string;
  readonly close: () => void;
  readonly done: () => void;
}

/** Clients lose the node at once, so its name is typed first. */
export function DeregisterDialog({ nodeId, close, done }: DeregisterDialogProps) {
  const { gateway } = useApp();
  const [typed, setTyped] = useState('');
  const [reason, setReason] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const isSure = typed.trim() === nodeId;
  const deregister = async () => {
    setBusy(true);
    setError(null);
    try {
      await gateway.order(DEREGISTER, { nodeId, reason: reason.trim() === '' ? null : reason.trim() });
      done();
    } catch (problem) {
      setError(problem instanceof Fault ? `${problem.message} (${problem.code})` : String(problem));
      setBusy(false);
    }
  };
  return (
    <Dialog title={`Deregister ${nodeId}?`} close={close}>
      <form
        className="dialog-body"
        onSubmit={(event) => {
          event.preventDefault();
          if (isSure && !isBusy) void deregister();
        }}
      >
        <p>
          It is taken out of Consul and Postgres at once, and clients get it no more. It comes back only by a later startup, or by its
          answer to a request for introspection.
        </p>
        <label className="field">
          <span>
            Type <code>{nodeId}</code> to confirm
          </span>
          <input className="input" value={typed} autoComplete="off" spellCheck={false} onChange={(event) => setTyped(event.target.value)} />
        </label>
        <label className="field">
          <span>Reason, for the change log</span>
          <input
            className="input"
            value={reason}
            maxLength={LONGEST_REASON}
            placeholder="host is gone"
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
        {error !== null && (
          <p className="bad" role="alert">
            {error}
          </p>
        )}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" className="button button-danger" disabled={!isSure || isBusy}>
            {isBusy ? 'Deregistering' : 'Deregister'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
