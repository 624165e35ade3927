import { CopyButton } from '../parts/copy-button.tsx';
import { Ago } from '../parts/moment.tsx';
import type { Rejected } from './rejected-view.tsx';

/** One message, why it was refused, and what is left of it. */
export function RejectedEvent({ event }: { readonly event: Rejected }) {
  const { reason, errorType, topic, partition, offset, excerpt, correlationId, rejectedAt } = event;
  return (
    <li className="rejected-event">
      <details>
        <summary>
          <span className="badge badge-bad">{errorType}</span>
          <span className="rejected-reason">{reason}</span>
          <span className="rejected-when dim">
            <Ago at={rejectedAt} />
          </span>
        </summary>
        <div className="rejected-body">
          <dl className="rejected-facts">
            <div>
              <dt>Topic</dt>
              <dd>
                <code>{topic}</code>
              </dd>
            </div>
            <div>
              <dt>Partition, offset</dt>
              <dd>
                {partition}, {offset}
              </dd>
            </div>
            {correlationId !== null && (
              <div>
                <dt>Correlation id</dt>
                <dd>
                  <code>{correlationId}</code>
                </dd>
              </div>
            )}
          </dl>
          {excerpt === null ? (
            <p className="dim">The message had no value.</p>
          ) : (
            <div className="json-body">
              <pre className="code-block">{inLines(excerpt)}</pre>
              <CopyButton text={excerpt} what="the excerpt" />
            </div>
          )}
        </div>
      </details>
    </li>
  );
}

/** JSON in lines where the excerpt is all of it. */
function inLines(excerpt: string): string {
  try {
    return JSON.stringify(JSON.parse(excerpt), null, 2);
  } catch (error) {
    // Cut, or no JSON at all: which may be why it was rejected.
    if (error instanceof SyntaxError) return excerpt;
    throw error;
  }
}
