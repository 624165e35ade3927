import * as z from 'zod/mini';
import * as documents from '../../dashboard-documents.ts';
import { placeOf } from '../fleet/node-filter.ts';
import { useAsked } from '../page/use-asked.ts';
import { CopyButton } from '../parts/copy-button.tsx';
import { Icon } from '../parts/icon.tsx';
import { FaultNotice, Notice, Skeleton } from '../parts/notice.tsx';
import { linkTo } from '../place/place.ts';
import { Withheld, withheldNode } from './withheld.tsx';

const instance = z.object({
  nodeId: z.string(),
  address: z.nullable(z.string()),
  port: z.nullable(z.number()),
  url: z.nullable(z.string()),
  version: z.nullable(z.string()),
  serviceName: z.string(),
});

const RESOLVE = {
  document: documents.RESOLVE,
  answer: z.object({
    healthyServices: z.array(instance),
    explainDiscovery: z.object({
      handedOut: z.number(),
      summary: z.string(),
      withheldCount: z.number(),
      withheld: z.array(withheldNode),
      suggestions: z.array(z.object({ name: z.string(), nodes: z.number() })),
    }),
  }),
};

/** Milliseconds: what a client would get changes without a word. */
const EVERY = 3000;

/** Who does it at this moment, and who might. */
export function CapabilityDetail({ name, back }: { readonly name: string; readonly back: string }) {
  const { answer, fault, again } = useAsked(RESOLVE, { name }, EVERY);
  return (
    <section className="explorer-detail" aria-label={`Capability ${name}`}>
      <header className="explorer-head">
        <a className="button-quiet explorer-back" href={back} aria-label="Back to all capabilities">
          <Icon name="back" />
        </a>
        <h2>{name}</h2>
        <CopyButton
          text={`{ healthyServices(capability: ${JSON.stringify(name)}, limit: 1) { nodeId url } }`}
          what="the query for a healthy instance"
        />
      </header>
      {fault !== null && answer === null && <FaultNotice fault={fault} what="The instances" again={again} />}
      {fault === null && answer === null && <Skeleton lines={5} />}
      {answer !== null && (
        <>
          <p className="dim">{answer.explainDiscovery.summary}</p>
          <h3>
            Handed out now <span className="dim">{answer.explainDiscovery.handedOut}</span>
          </h3>
          {answer.healthyServices.length === 0 ? (
            <Notice title="Nobody">
              {answer.explainDiscovery.suggestions.length > 0 ? (
                <p className="tags">
                  Near names:{' '}
                  {answer.explainDiscovery.suggestions.map((one) => (
                    <a key={one.name} className="tag" href={linkTo('capabilities', one.name)}>
                      {one.name}
                    </a>
                  ))}
                </p>
              ) : (
                'No healthy node answers to this name at this moment.'
              )}
            </Notice>
          ) : (
            <ul className="instances">
              {answer.healthyServices.map(({ nodeId, address, port, url, version, serviceName }) => {
                const place = url ?? placeOf(address, port);
                return (
                  <li key={nodeId}>
                    <span className="instance-node">
                      <a className="node-link" href={linkTo('nodes', nodeId)}>
                        {nodeId}
                      </a>
                      <span className="dim small">
                        {serviceName}
                        {version !== null && ` · ${version}`}
                      </span>
                    </span>
                    {place === null ? <span className="dim">no endpoint</span> : <code>{place}</code>}
                    {place !== null && <CopyButton text={place} what={`the address of ${nodeId}`} />}
                  </li>
                );
              })}
            </ul>
          )}
          <Withheld nodes={answer.explainDiscovery.withheld} count={answer.explainDiscovery.withheldCount} />
        </>
      )}
    </section>
  );
}
