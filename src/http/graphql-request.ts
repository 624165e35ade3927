import type { IncomingMessage } from 'node:http';

export const GRAPHQL_METHODS = 'GET, HEAD, POST, OPTIONS';

const JSON_TYPES = new Set(['application/json', 'application/graphql+json']);
const CHARSET = /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/;

/** Why a request does not reach GraphQL. */
export interface Refusal {
  readonly status: 405 | 415;
  readonly message: string;
}

/** What is wrong with the form of a request, before anything of it is read; null: nothing. */
export function refusalOf(request: IncomingMessage): Refusal | null {
  switch (request.method) {
    case 'GET':
    case 'HEAD':
    case 'OPTIONS':
      return null;
    case 'POST':
      return refusalOfBody(request.headers['content-type']);
    default:
      return { status: 405, message: `GraphQL takes ${GRAPHQL_METHODS} only, not ${request.method ?? 'no method'}.` };
  }
}

/** Any page can make a browser send a form or plain text, but not JSON, without asking first: so JSON only (CSRF). */
function refusalOfBody(contentType: string | undefined): Refusal | null {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';');
  if (!JSON_TYPES.has(type.trim())) return { status: 415, message: 'POST takes Content-Type: application/json only.' };
  const charset = parameters.map((parameter) => CHARSET.exec(parameter)?.[1]).find((name) => name !== undefined);
  if (charset === undefined || charset === 'utf-8' || charset === 'utf8') return null;
  return { status: 415, message: `JSON is UTF-8, not ${charset}: leave the charset away, or send UTF-8.` };
}

/**
 * Writes the request as Yoga wants to see it, where it is stricter than HTTP: it compares media types letter by letter, and knows no
 * HEAD, which is a GET whose answer Node sends without the body. An event stream would never end such an answer, so that HEAD gets none.
 */
export function spellOut(request: IncomingMessage): void {
  if (request.method === 'POST') request.headers['content-type'] = 'application/json';
  if (request.method === 'HEAD') {
    request.method = 'GET';
    request.headers.accept = 'application/json';
  }
}
