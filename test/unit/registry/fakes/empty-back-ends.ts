import { define } from '../../../../src/consul/service-definition.ts';
import type { SideBySideParts } from '../../../../src/registry/side-by-side.ts';

/** A Postgres and a Consul with nothing in them. */
export const EMPTY_BACK_ENDS: SideBySideParts = {
  store: { readNode: async () => null },
  catalog: { entry: async () => null, define: (content, contentHash) => define(content, contentHash, 'registry-1') },
};
