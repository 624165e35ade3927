import { type DocumentNode, execute, type GraphQLSchema, visit } from 'graphql';
import type { ChangeEvent } from '../registry/change.ts';
import type { Registry } from '../registry/registry.ts';
import type { Asker, Scope } from './asker.ts';
import { createContext } from './context.ts';
import { type ErrorMask, visible } from './errors.ts';
import { sha256 } from './trusted-documents.ts';

/** A subscription to changes, as its subscriber wrote it. */
export interface EditionOperation {
  readonly document: DocumentNode;
  readonly text: string;
  readonly operationName: string | null | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly scopes: ReadonlySet<Scope>;
}

export interface EditionParts {
  readonly schema: GraphQLSchema;
  readonly registry: Registry;
  readonly maskError: ErrorMask;
}

/** What all subscribers get who asked for the same and may the same: each event executed once, and written once. */
export class Edition {
  readonly #parts: EditionParts;
  readonly #operation: EditionOperation;
  #event: ChangeEvent | null = null;
  #bytes: Buffer | null = null;

  constructor(parts: EditionParts, operation: EditionOperation) {
    this.#parts = parts;
    this.#operation = operation;
  }

  /** The result for the event as JSON in UTF-8; null where it takes a back end to find out. Throws what a failing executor throws. */
  bytesOf(event: ChangeEvent): Buffer | null {
    // The audience hands an event to all subscribers of an edition before the next one.
    if (event !== this.#event) {
      this.#bytes = this.#write(event);
      this.#event = event;
    }
    return this.#bytes;
  }

  #write(event: ChangeEvent): Buffer | null {
    const { schema, registry, maskError } = this.#parts;
    const { document, operationName, variables, scopes } = this.#operation;
    // Nobody's name: what is sent to all must not depend on who was the first.
    const asker: Asker = { key: 'edition', authenticated: false, name: null, scopes, expiresAt: null };
    const result = execute({
      schema,
      document,
      rootValue: event,
      contextValue: createContext(registry, asker, undefined),
      variableValues: variables,
      operationName,
    });
    if ('then' in result) {
      // It is executed again for each subscriber: what became of this one is nobody's loss.
      result.then(undefined, () => undefined);
      return null;
    }
    const { errors } = result;
    const shown = errors === undefined ? result : { ...result, errors: errors.map((error) => visible(maskError(error))) };
    return Buffer.from(JSON.stringify(shown));
  }
}

interface Open {
  readonly edition: Edition;
  subscribers: number;
}

/** The editions that somebody follows at the moment. */
export class Editions {
  readonly #parts: EditionParts;
  readonly #open = new Map<string, Open>();
  readonly #variablesOf = new WeakMap<DocumentNode, readonly string[]>();

  constructor(parts: EditionParts) {
    this.#parts = parts;
  }

  /** Equal for subscribers who get the same: wherever in the log they begin. */
  keyOf({ document, text, operationName, variables, scopes }: EditionOperation): string {
    let names = this.#variablesOf.get(document);
    if (names === undefined) {
      names = variablesBesidePosition(document);
      this.#variablesOf.set(document, names);
    }
    const values = names.map((name) => (Object.hasOwn(variables, name) ? [variables[name]] : []));
    return sha256(JSON.stringify([text, operationName ?? null, values, [...scopes].sort()]));
  }

  open(key: string, operation: EditionOperation): Edition {
    let open = this.#open.get(key);
    if (open === undefined) {
      open = { edition: new Edition(this.#parts, operation), subscribers: 0 };
      this.#open.set(key, open);
    }
    open.subscribers += 1;
    return open.edition;
  }

  close(key: string): void {
    const open = this.#open.get(key);
    if (open === undefined) return;
    open.subscribers -= 1;
    if (open.subscribers === 0) this.#open.delete(key);
  }

  /** How many editions somebody follows. */
  size(): number {
    return this.#open.size;
  }
}

const POSITION: ReadonlySet<string> = new Set(['after', 'snapshot']);

/** The variables that say something else than where a subscription begins. */
function variablesBesidePosition(document: DocumentNode): readonly string[] {
  const names = new Set<string>();
  visit(document, {
    VariableDefinition: () => false,
    Field(field) {
      if (field.name.value !== 'registrationChanges') return undefined;
      return { ...field, arguments: field.arguments?.filter(({ name }) => !POSITION.has(name.value)) };
    },
    Variable({ name }) {
      names.add(name.value);
    },
  });
  return [...names];
}
