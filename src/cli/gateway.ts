import { z } from 'zod';
import { messageOf } from '../errors.ts';
import { CliError } from './cli-error.ts';
import type { Connection } from './connection.ts';
import { EXIT } from './exit-code.ts';

/** How long one answer may take. Milliseconds. */
const TIMEOUT = 15_000;

const answer = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z
    .array(z.object({ message: z.string(), extensions: z.looseObject({ code: z.string().optional() }).optional() }))
    .min(1)
    .optional(),
});

/** Codes of the gateway → how the program ends. Others are faults. */
const ENDS: ReadonlyMap<string, number> = new Map([
  ['UNAUTHENTICATED', EXIT.refused],
  ['FORBIDDEN', EXIT.refused],
  ['LIMIT_EXCEEDED', EXIT.refused],
  ['BACKEND_UNAVAILABLE', EXIT.unreachable],
  ['BAD_USER_INPUT', EXIT.usage],
]);

/** What commands ask of a gateway. */
export interface Gateway {
  readonly base: string;
  /** The answer's data, as that shape. Throws CliError saying what was wrong and what to do. */
  ask<T>(document: string, variables: object, shape: z.ZodType<T>): Promise<T>;
}

/** A gateway over HTTP. */
export class HttpGateway implements Gateway {
  readonly base: string;
  readonly #token: string | null;
  readonly #timeout: number;

  /** @param timeout for one answer, milliseconds */
  constructor({ base, token }: Connection, timeout = TIMEOUT) {
    this.base = base;
    this.#token = token;
    this.#timeout = timeout;
  }

  async ask<T>(document: string, variables: object, shape: z.ZodType<T>): Promise<T> {
    const { status, text } = await this.#send(JSON.stringify({ query: document, variables }));
    const { data, errors } = this.#read(status, text);
    if (errors !== undefined) throw this.#failure(errors);
    const parsed = shape.safeParse(data);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw this.#notUnderstood(`${issue?.path.join('.') || 'the answer'}: ${issue?.message}`);
  }

  async #send(body: string): Promise<{ readonly status: number; readonly text: string }> {
    try {
      const response = await fetch(`${this.base}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          ...(this.#token === null ? {} : { authorization: `Bearer ${this.#token}` }),
        },
        body,
        // Who redirects could have the token sent elsewhere.
        redirect: 'error',
        signal: AbortSignal.timeout(this.#timeout),
      });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      throw new CliError(
        EXIT.unreachable,
        `No gateway answers at ${this.base}: ${reasonOf(error, this.#timeout)}. Is it running there? --url or DGW_URL says where it is; "dgw doctor" looks for what is wrong`,
        null,
        { cause: error },
      );
    }
  }

  #read(status: number, text: string): z.infer<typeof answer> {
    const parsed = answer.safeParse(parseJson(text));
    if (parsed.success && (parsed.data.data !== undefined || parsed.data.errors !== undefined)) return parsed.data;
    if (status === 503) {
      throw new CliError(EXIT.unreachable, `The gateway at ${this.base} cannot answer now (HTTP 503): try again in a moment`);
    }
    throw this.#notUnderstood(`HTTP ${status}, and no GraphQL`);
  }

  #notUnderstood(what: string): CliError {
    return new CliError(
      EXIT.unreachable,
      `What answers at ${this.base} is no discovery-gateway, or one of another version: ${what}. --url or DGW_URL says where the gateway is`,
    );
  }

  #failure(errors: NonNullable<z.infer<typeof answer>['errors']>): CliError {
    const code = errors[0]?.extensions?.code ?? null;
    const said = [...new Set(errors.map(({ message }) => message))].join('; ');
    return new CliError(ENDS.get(code ?? '') ?? EXIT.nothing, `${said}${adviceFor(code, this.#token)}`, code);
  }
}

function adviceFor(code: string | null, token: string | null): string {
  if (code === 'UNAUTHENTICATED') {
    return token === null
      ? '. For this program: put it into DGW_TOKEN, or into a file that DGW_TOKEN_FILE names'
      : '. The token came from DGW_TOKEN or DGW_TOKEN_FILE';
  }
  return code === 'BACKEND_UNAVAILABLE' ? '. Try again in a moment; "dgw doctor" looks for what is wrong' : '';
}

/** What undici knows lies in the cause. */
export function reasonOf(error: unknown, timeout: number): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${timeout / 1000} s`;
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  // Of several addresses, each failed: the error of all has no message of its own.
  if (cause instanceof AggregateError && cause.message === '') return cause.errors.map(messageOf).join(', ');
  return messageOf(cause);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
