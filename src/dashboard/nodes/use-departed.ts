import { useEffect, useState } from 'react';
import * as z from 'zod/mini';
import * as documents from '../../dashboard-documents.ts';
import { Fault } from '../gateway/fault.ts';
import { nodeShape, type State } from '../gateway/node-shape.ts';
import { useApp } from '../page/app.ts';

const DEPARTED = {
  document: documents.DEPARTED,
  answer: z.object({
    nodes: z.object({
      totalCount: z.number(),
      pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.nullable(z.string()) }),
      edges: z.array(z.object({ node: nodeShape })),
    }),
  }),
};

/** Of those that left. The rest is found by the search of GraphQL. */
const MOST_PAGES = 20;

/**
 * Those that left are in no snapshot: they are asked for where somebody wants to see them.
 *
 * @param states those that the table shows; empty: all
 * @returns `note`: what there is to know of it; null: nothing
 */
export function useDeparted(states: readonly State[]): { readonly note: string | null } {
  const { gateway, store } = useApp();
  const wanted = (states.length === 0 ? (['EXPIRED', 'REMOVED'] as const) : states.filter((one) => one !== 'REGISTERED')).join(' ');
  const [note, setNote] = useState<string | null>(null);
  useEffect(() => {
    if (wanted === '') {
      setNote(null);
      return;
    }
    let isWanted = true;
    const read = async () => {
      let after: string | null = null;
      let loaded = 0;
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const variables: Record<string, unknown> = { states: wanted.split(' '), after };
        const { nodes } = await gateway.ask(DEPARTED, variables);
        if (!isWanted) return;
        store.addNodes(nodes.edges.map(({ node }) => node));
        loaded += nodes.edges.length;
        after = nodes.pageInfo.endCursor;
        if (!nodes.pageInfo.hasNextPage) return;
        setNote(`The first ${loaded} of ${nodes.totalCount} nodes that left are shown.`);
      }
    };
    setNote(null);
    read().catch((error: unknown) => {
      if (isWanted) setNote(`Nodes that left could not be loaded: ${error instanceof Fault ? error.message : String(error)}`);
    });
    return () => {
      isWanted = false;
    };
  }, [gateway, store, wanted]);
  return { note };
}
