import type { IncomingMessage } from 'node:http';
import { accepted, hasWeights } from './accept.ts';

export const GRAPHQL_METHODS = 'GET, HEAD, POST, OPTIONS';

const JSON_TYPES = new Set(['application/json', 'application/graphql+json']);
/** A media type that no answer has. */
const NOTHING = 'none/none';
const CHARSET = /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/;

/** Why a request does not reach GraphQL, and what says in a header how it would. */
export interface Refusal {
  readonly status: 405 | 415;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What is wrong with the form of a request, before anything of it is read; null: nothing. */
export function refusalOf(request: IncomingMessage): Refusal | null {
  switch (request.method) {
    case 'GET':
    case 'HEAD':
    case 'OPTIONS':
      return null;
    case 'POST':
      return refusalOfBody(request.headers['content-type']) ?? refusalOfCoding(request.headers['content-encoding']);
    default:
      return {
        status: 405,
        message: `GraphQL takes ${GRAPHQL_METHODS} only, not ${request.method ?? 'no method'}.`,
        headers: { Allow: GRAPHQL_METHODS },
      };
  }
}

/** Any page can make a browser send a form or plain text, but not JSON, without asking first: so JSON only (CSRF). */
function refusalOfBody(contentType: string | undefined): Refusal | null {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';');
  if (!JSON_TYPES.has(type.trim())) return unsupported('POST takes Content-Type: application/json only.');
  const charset = parameters.map((parameter) => CHARSET.exec(parameter)?.[1]).find((name) => name !== undefined);
  if (charset === undefined || charset === 'utf-8' || charset === 'utf8') return null;
  return unsupported(`JSON is UTF-8, not ${charset}: leave the charset away, or send UTF-8.`);
}

/** A few bytes would unfold to any number. */
function refusalOfCoding(coding: string | undefined): Refusal | null {
  if (coding === undefined || coding.trim().toLowerCase() === 'identity') return null;
  return unsupported(`A body is taken as it is, not in ${coding}: send it without Content-Encoding.`, { 'Accept-Encoding': 'identity' });
}

function unsupported(message: string, headers: Refusal['headers'] = {}): Refusal {
  return { status: 415, message, headers };
}

/** W3C trace context of a request, unchecked; null: it has none. */
export function traceparentOf({ headers: { traceparent } }: Pick<IncomingMessage, 'headers'>): string | null {
  return typeof traceparent === 'string' ? traceparent : null;
}

/**
 * Writes the request as Yoga wants to see it, where it is stricter than HTTP: it compares media types letter by letter, knows no weights
 * of them, and no HEAD, which is a GET whose answer Node sends without the body. An event stream would never end such an answer, so that
 * HEAD gets none.
 */
export function spellOut(request: IncomingMessage): void {
  const { accept } = request.headers;
  if (accept !== undefined && hasWeights(accept)) request.headers.accept = accepted(accept).join(',') || NOTHING;
  if (request.method === 'POST') request.headers['content-type'] = 'application/json';
  if (request.method === 'HEAD') {
    request.method = 'GET';
    request.headers.accept = 'application/json';
  }
}
