import type { KeyObject } from 'node:crypto';
import type { SignatureAlgorithm } from './signature.ts';

/** For whom a key signs. */
export type KeySubject =
  | { readonly kind: 'node'; readonly nodeId: string }
  | { readonly kind: 'type'; readonly type: string }
  | { readonly kind: 'everybody' };

/** One line of the list of keys. A kid stands in several of them when its key signs for several. */
export interface KeyGrant {
  readonly kid: string;
  readonly alg: SignatureAlgorithm;
  /** The secret, or the public key. */
  readonly key: KeyObject;
  readonly subject: KeySubject;
}

/** A key with all for whom it signs. */
export interface RingKey {
  readonly kid: string;
  readonly alg: SignatureAlgorithm;
  readonly key: KeyObject;
  readonly nodes: ReadonlySet<string>;
  readonly types: ReadonlySet<string>;
  readonly isForEverybody: boolean;
}

/** The keys that a gateway knows. The narrowest that is given for a node counts: its own keys, else those of its type, else everybody's. */
export class KeyRing {
  readonly #keys = new Map<string, RingKey>();
  readonly #nodes = new Set<string>();
  readonly #types = new Set<string>();

  constructor(grants: readonly KeyGrant[]) {
    const subjects = new Map<string, KeySubject[]>();
    for (const { kid, subject } of grants) subjects.set(kid, [...(subjects.get(kid) ?? []), subject]);
    for (const { kid, alg, key } of grants) {
      const own = subjects.get(kid) ?? [];
      const nodes = new Set(own.flatMap((subject) => (subject.kind === 'node' ? [subject.nodeId] : [])));
      const types = new Set(own.flatMap((subject) => (subject.kind === 'type' ? [subject.type] : [])));
      this.#keys.set(kid, { kid, alg, key, nodes, types, isForEverybody: own.some(({ kind }) => kind === 'everybody') });
      for (const nodeId of nodes) this.#nodes.add(nodeId);
      for (const type of types) this.#types.add(type);
    }
  }

  get(kid: string): RingKey | undefined {
    return this.#keys.get(kid);
  }

  /** How many keys there are. */
  size(): number {
    return this.#keys.size;
  }

  /** Whether the node has keys of its own. */
  hasNode(nodeId: string): boolean {
    return this.#nodes.has(nodeId);
  }

  /** Whether there are keys for nodes of this type. */
  hasType(type: string): boolean {
    return this.#types.has(type);
  }
}
