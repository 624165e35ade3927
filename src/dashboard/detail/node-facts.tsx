import type { ReactNode } from 'react';
import { reasonInWords } from '../fleet/change.ts';
import { placeOf } from '../fleet/node-filter.ts';
import { Ago } from '../parts/moment.tsx';
import { linkTo, printList } from '../place/place.ts';
import type { NodeDetail } from './node-question.ts';

/** Who it is, and since when. What was not announced is left out. */
export function NodeFacts({ node }: { readonly node: NodeDetail }) {
  const facts: readonly (readonly [string, ReactNode])[] = [
    [
      'Type',
      <a key="type" href={linkTo('nodes', null, { type: printList([node.type]) })}>
        {node.type}
      </a>,
    ],
    ['Service', node.serviceName],
    ['Version', node.version],
    ['Address', placeOf(node.address, node.port) ?? 'no endpoint'],
    ['Environment', node.environment],
    ['Instance', node.instance],
    ['Role', node.role],
    ['Network', node.networkId],
    ['Deployment', node.deploymentId],
    ['Life (epoch)', node.epoch === null ? null : String(node.epoch)],
    ['Registered', <Ago key="registered" at={node.registeredAt} />],
    ['Last changed', <Ago key="updated" at={node.updatedAt} />],
    ['Acknowledged', node.acknowledgedAt === null ? null : <Ago key="acknowledged" at={node.acknowledgedAt} />],
    ['Lease runs out', node.leaseExpiresAt === null ? null : <Ago key="lease" at={node.leaseExpiresAt} />],
    ['Why this state', reasonInWords(node.stateReason)],
    ['Content', <code key="hash">{node.contentHash.slice(0, 12)}</code>],
  ];
  return (
    <section className="panel-section" aria-label="Identity">
      <dl className="facts facts-wide">
        {facts.map(
          ([name, value]) =>
            value !== null && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
    </section>
  );
}
