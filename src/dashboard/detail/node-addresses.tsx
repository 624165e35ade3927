import { CopyButton } from '../parts/copy-button.tsx';
import type { NodeDetail } from './node-question.ts';

/** Where it is reached. */
export function NodeAddresses({ endpoints }: Pick<NodeDetail, 'endpoints'>) {
  return (
    <section className="panel-section" aria-label="Endpoints">
      <h3>Endpoints</h3>
      {endpoints.length === 0 ? (
        <p className="dim">It announced none: no check is made of it, and its heartbeats alone say how it is.</p>
      ) : (
        <ul className="addresses">
          {endpoints.map(({ name, url }) => (
            <li key={name}>
              <span className="address-name">{name}</span>
              <code>{url}</code>
              <CopyButton text={url} what={`the address of ${name}`} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
