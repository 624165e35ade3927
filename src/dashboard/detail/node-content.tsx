import { CopyButton } from '../parts/copy-button.tsx';
import { linkTo } from '../place/place.ts';
import type { NodeDetail } from './node-question.ts';

/** What it can do, and whatever else it announced. */
export function NodeContent({ node }: { readonly node: NodeDetail }) {
  return (
    <section className="panel-section" aria-label="Capabilities">
      <h3>Capabilities</h3>
      {node.capabilities.length === 0 ? (
        <p className="dim">It announced none: it is found by its service name, node name or type alone.</p>
      ) : (
        <p className="tags">
          {node.capabilities.map((name) => (
            <a key={name} className="tag" href={linkTo('capabilities', name)}>
              {name}
            </a>
          ))}
        </p>
      )}
      <Json title="Capabilities as announced" value={node.capabilityDetails} />
      <Json title="Metadata" value={node.metadata} />
      {node.currentState !== null && <Json title="Its own state" value={node.currentState} />}
    </section>
  );
}

function Json({ title, value }: { readonly title: string; readonly value: unknown }) {
  const text = JSON.stringify(value, null, 2);
  return (
    <details className="json">
      <summary>{title}</summary>
      <div className="json-body">
        <pre className="code-block">{text}</pre>
        <CopyButton text={text} what={title.toLowerCase()} />
      </div>
    </details>
  );
}
