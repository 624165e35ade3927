import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  parse,
  specifiedRules,
  type ValidationRule,
  validate,
} from 'graphql';
import type { LimitName, Limits } from '../config/limits.ts';
import { costOf, type OperationCost, type Variables } from './cost.ts';
import { DEFER_RULES } from './defer.ts';
import { DocumentCache } from './document-cache.ts';
import { directivesOf, extentsOf } from './extent.ts';
import { refusedWith } from './refusal.ts';
import { answersAreNoPromises } from './response-names.ts';

/** A document that keeps within the limits. */
export interface ReadDocument {
  readonly text: string;
  readonly document: DocumentNode;
  /** What validation says against it. */
  readonly errors: readonly GraphQLError[];
  readonly costs: ReadonlyMap<OperationDefinitionNode, OperationCost>;
  /** Of the largest operation, those of its fragments included. */
  readonly fields: number;
}

export interface DocumentOptions {
  /** Of validation, beside those of the specification and of `@defer`. Default: none. */
  readonly rules?: readonly ValidationRule[];
  /** Leaves names of the schema out of what validation says. Default: false. */
  readonly hideSuggestions?: boolean;
}

/** Several refusals of one document: whoever mends it wants to know all of them. */
export class RefusedDocument extends Error {
  override readonly name = 'RefusedDocument';
  readonly errors: readonly GraphQLError[];

  constructor(errors: readonly GraphQLError[]) {
    super('The document exceeds limits');
    this.errors = errors;
  }
}

/**
 * Reads documents: parsed as far as LIMIT_TOKENS allows, counted in linear time, and only then validated, whose time grows faster than the
 * document. What was read is kept, the same for HTTP and WebSocket.
 */
export class Documents {
  readonly #schema: GraphQLSchema;
  readonly #limits: Limits;
  readonly #rules: readonly ValidationRule[];
  readonly #hideSuggestions: boolean;
  readonly #cache = new DocumentCache<ReadDocument>();
  readonly #pinned = new Map<string, ReadDocument>();

  constructor(schema: GraphQLSchema, limits: Limits, { rules = [], hideSuggestions = false }: DocumentOptions = {}) {
    this.#schema = schema;
    this.#limits = limits;
    this.#rules = [...specifiedRules, answersAreNoPromises, ...DEFER_RULES, ...rules];
    this.#hideSuggestions = hideSuggestions;
  }

  /** What is kept of a text that was read before. */
  known(text: string): ReadDocument | undefined {
    return this.#pinned.get(text) ?? this.#cache.get(text);
  }

  /** Throws a GraphQLError for bad syntax, and a RefusedDocument. */
  read(text: string): ReadDocument {
    const known = this.known(text);
    if (known !== undefined) return known;
    const read = this.#read(text);
    // Nobody asks again for what does not work.
    if (read.errors.length === 0) this.#cache.set(text, read);
    return read;
  }

  /** Reads a text and keeps it for good. Throws as `read` does. */
  pin(text: string): ReadDocument {
    const read = this.read(text);
    if (read.errors.length === 0) this.#pinned.set(text, read);
    return read;
  }

  /** What the operation costs with these variables. Throws a RefusedDocument. */
  price({ document, costs }: ReadDocument, operationName: string | null | undefined, variables: Variables): number {
    const operation = getOperationAST(document, operationName);
    const cost = operation ? costs.get(operation) : undefined;
    if (cost === undefined) return 0;
    const { LIMIT_PAGE_SIZE, LIMIT_COST } = this.#limits;
    const refusals: GraphQLError[] = [];
    for (const { field, argument, size } of cost.pages) {
      const asked = size(variables);
      if (asked === undefined || asked <= LIMIT_PAGE_SIZE) continue;
      refusals.push(
        refuse('LIMIT_PAGE_SIZE', LIMIT_PAGE_SIZE, `${argument} of ${field} asks for ${asked} at once: ask for fewer at a time`),
      );
    }
    const amount = Math.ceil(cost.of(variables));
    if (amount > LIMIT_COST) {
      refusals.push(
        refuse('LIMIT_COST', LIMIT_COST, `The operation costs ${amount}: ask for shorter pages, fewer fields, or less inside of lists`),
      );
    }
    if (refusals.length > 0) throw new RefusedDocument(refusals);
    return amount;
  }

  #read(text: string): ReadDocument {
    const document = this.#parse(text);
    const fields = this.#bound(document);
    const costs = new Map<OperationDefinitionNode, OperationCost>();
    for (const definition of document.definitions) {
      if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
      const cost = costOf(this.#schema, document, definition);
      const { LIMIT_REPEATS } = this.#limits;
      if (cost.repeats > LIMIT_REPEATS) {
        const what = `One field is selected ${cost.repeats} times at the same place: select it once`;
        throw new RefusedDocument([refuse('LIMIT_REPEATS', LIMIT_REPEATS, what)]);
      }
      costs.set(definition, cost);
    }
    const errors = this.#validate(document);
    if (errors.some(({ message }) => message === INTROSPECTED_TOO_DEEP)) throw new RefusedDocument([tooDeepIntrospection()]);
    for (const error of errors) error.extensions['code'] ??= 'GRAPHQL_VALIDATION_FAILED';
    return { text, document, errors, costs, fields };
  }

  #validate(document: DocumentNode): readonly GraphQLError[] {
    try {
      return validate(this.#schema, document, this.#rules, { hideSuggestions: this.#hideSuggestions });
    } catch (error) {
      // The rule for the roots of subscriptions looks at directives before there are variables, and fails on those that have one.
      if (!(error instanceof GraphQLError)) throw error;
      const message = 'What a subscription is about cannot depend on a variable: leave @skip and @include away at its root';
      return [new GraphQLError(message, { nodes: error.nodes })];
    }
  }

  #parse(text: string): DocumentNode {
    const { LIMIT_TOKENS } = this.#limits;
    try {
      return parse(text, { maxTokens: LIMIT_TOKENS });
    } catch (error) {
      // graphql-js says so in the words of a syntax error, which it gives no code.
      if (!(error instanceof GraphQLError) || !/more that? \d+ tokens/.test(error.message)) throw error;
      const what = 'The document has more tokens (names, numbers, strings, signs): split it, and pass long lists as variables';
      throw new RefusedDocument([refuse('LIMIT_TOKENS', LIMIT_TOKENS, what)]);
    }
  }

  /** Returns the fields of the largest operation. Throws a RefusedDocument that names every limit which an operation or a fragment exceeds. */
  #bound(document: DocumentNode): number {
    const limits = this.#limits;
    const extents = extentsOf(document);
    const worst = (of: 'depth' | 'fields' | 'aliases' | 'fragments' | 'rootFields') => Math.max(0, ...extents.map((extent) => extent[of]));
    const fields = worst('fields');
    const checks: readonly (readonly [limit: LimitName, came: number, what: (came: number) => string])[] = [
      [
        'LIMIT_FRAGMENTS',
        worst('fragments'),
        (came) =>
          Number.isFinite(came)
            ? `The operation comes to ${came} fragments when each is put in where it is spread: spread fewer`
            : 'A fragment spreads itself, directly or through others: break the circle',
      ],
      ['LIMIT_DEPTH', worst('depth'), (came) => `The operation is ${came} fields deep: ask in several steps`],
      ['LIMIT_ALIASES', worst('aliases'), (came) => `The operation has ${came} aliases: send several operations`],
      ['LIMIT_ROOT_FIELDS', worst('rootFields'), (came) => `The operation asks for ${came} fields at its root: send several operations`],
      [
        'LIMIT_FIELDS',
        // Together: a fragment that all operations spread is walked once for each of them.
        extents.reduce((sum, extent) => sum + (extent.isOperation ? extent.fields : 0), 0),
        (came) => `The document has ${came} fields, those of fragments wherever they are spread: ask for fewer, or in several documents`,
      ],
      ['LIMIT_DIRECTIVES', directivesOf(document), (came) => `The document has ${came} directives: use fewer`],
    ];
    const refusals = checks.flatMap(([limit, came, what]) => (came > limits[limit] ? [refuse(limit, limits[limit], what(came))] : []));
    if (refusals.length > 0) throw new RefusedDocument(refusals);
    return fields;
  }
}

/** What the rule of graphql-js says, which gives it no code. */
const INTROSPECTED_TOO_DEEP = 'Maximum introspection depth exceeded';

/** Types have fields that have types: a few lists within one another are the whole schema, over and over. */
function tooDeepIntrospection(): GraphQLError {
  const message = 'The operation asks for lists of the schema (fields, interfaces, possibleTypes, inputFields) too deep within one another';
  return refusedWith(400, { limit: 'INTROSPECTION_DEPTH', max: 2, message: `${message}: ask for a type by its name, in several steps` });
}

function refuse(limit: LimitName, max: number, message: string): GraphQLError {
  return refusedWith(400, { limit, max, message });
}
