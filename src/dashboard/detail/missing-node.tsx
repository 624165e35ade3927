import * as z from 'zod/mini';
import * as documents from '../../dashboard-documents.ts';
import { nearNames } from '../fleet/near-names.ts';
import { useApp } from '../page/app.ts';
import { useAsked } from '../page/use-asked.ts';
import { Notice } from '../parts/notice.tsx';
import { linkTo } from '../place/place.ts';

const NEAR = {
  document: documents.NEAR,
  answer: z.object({
    explainDiscovery: z.object({
      suggestions: z.array(z.object({ name: z.string() })),
      // null: Postgres does not answer.
      rejectedEvents: z.nullable(z.array(z.object({ reason: z.string(), errorType: z.string() }))),
    }),
  }),
};

/** Nobody of that id was ever known: what may have been meant, and what may have gone wrong. */
export function MissingNode({ nodeId }: { readonly nodeId: string }) {
  const { store } = useApp();
  const { answer } = useAsked(NEAR, { name: nodeId }, null);
  const near = nearNames(nodeId, store.fleet.get().nodes.keys(), 5);
  const explained = answer?.explainDiscovery;
  const names = (explained?.suggestions ?? []).map(({ name }) => name).filter((name) => !near.includes(name));
  const rejected = explained?.rejectedEvents ?? [];
  return (
    <Notice title="No node of this id is known">
      <p>It never announced itself here, or its announcement was not accepted. Ids are compared exactly.</p>
      {near.length > 0 && (
        <p className="tags">
          Near ids:{' '}
          {near.map((id) => (
            <a key={id} className="tag" href={linkTo('nodes', id)}>
              {id}
            </a>
          ))}
        </p>
      )}
      {names.length > 0 && (
        <p className="tags">
          Near names:{' '}
          {names.map((name) => (
            <a key={name} className="tag" href={linkTo('nodes', null, { q: name })}>
              {name}
            </a>
          ))}
        </p>
      )}
      {rejected.length > 0 && (
        <p>
          Messages that mention it were rejected: “{rejected[0]?.reason}” <a href={linkTo('rejected', null, { q: nodeId })}>See them</a>
        </p>
      )}
    </Notice>
  );
}
