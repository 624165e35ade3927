import { useEffect, useState } from 'react';
import * as z from 'zod/mini';
import * as documents from '../../dashboard-documents.ts';
import { moment } from '../gateway/moment.ts';
import { useApp } from '../page/app.ts';

const vital = z.object({
  nodeId: z.string(),
  lastSeenAt: moment,
  activeOperations: z.nullable(z.number()),
  cpuPercent: z.nullable(z.number()),
  ejection: z.nullable(z.object({ since: moment })),
});

/** What changes all the time, and is no change of the registry. */
export type Vital = Readonly<z.infer<typeof vital>>;
export type Vitals = ReadonlyMap<string, Vital>;

const VITALS = {
  document: documents.VITALS,
  answer: z.object({
    nodes: z.object({
      pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.nullable(z.string()) }),
      edges: z.array(z.object({ node: vital })),
    }),
  }),
};

/** Milliseconds between two pages of 500 nodes: a large fleet takes turns. */
const EVERY = 3000;

/** Signs of life and load, read page by page while somebody looks. A page that cannot be had leaves the last one as it is. */
export function useVitals(): Vitals {
  const { gateway } = useApp();
  const [vitals, setVitals] = useState<Vitals>(new Map());
  useEffect(() => {
    let isWanted = true;
    let after: string | null = null;
    const read = async () => {
      if (document.hidden) return;
      const { nodes } = await gateway.ask(VITALS, { after });
      if (!isWanted) return;
      after = nodes.pageInfo.hasNextPage ? nodes.pageInfo.endCursor : null;
      setVitals((before) => new Map([...before, ...nodes.edges.map(({ node }) => [node.nodeId, node] as const)]));
    };
    // That the gateway does not answer is said above the page.
    const look = () => void read().catch(() => (after = null));
    look();
    const timer = setInterval(look, EVERY);
    return () => {
      isWanted = false;
      clearInterval(timer);
    };
  }, [gateway]);
  return vitals;
}
