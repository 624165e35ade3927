const EXCERPT_LENGTH = 300;
/** Enough to show 300 characters after masking, and a bound on the work for values of any size. */
const WINDOW_BYTES = 4096;
const MASK = '***';

const SECRET_WORDS =
  'pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|authorization|auth|credentials?|cookie';
/** A key, as JSON writes it at any depth of JSON inside of JSON, with the quote or brace that opens its value. */
const SECRET_KEY = new RegExp(`"[^"\\\\\\s]{0,64}(?:${SECRET_WORDS})[^"\\\\\\s]{0,64}\\\\*"\\s*:\\s*`, 'gi');

/** Secrets that no JSON key announces. */
const LOOSE_SECRETS: readonly (readonly [RegExp, string])[] = [
  [/([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/?#@"']{1,512}@/gi, `$1${MASK}@`],
  [/\b(bearer|basic)\s+[\w.~+/=-]+/gi, `$1 ${MASK}`],
  [/\beyJ[\w-]{5,}(?:\.[\w-]*)*/g, MASK],
  [new RegExp(`\\b([\\w-]{0,64}(?:${SECRET_WORDS})[\\w-]{0,64})(\\s*[=:]\\s*)[^\\s"'\\\\,;&}\\]]+`, 'gi'), `$1$2${MASK}`],
];

/**
 * The start of a message's value for whoever looks up why it was rejected: at most 300 characters, secrets masked, control characters
 * replaced. null for a null value. Works on any bytes, and never throws.
 */
export function excerptOf(value: Uint8Array | null): string | null {
  if (value === null) return null;
  // Without `fatal`, bytes that are no UTF-8 become U+FFFD; the last character may have been cut by the window.
  const text = new TextDecoder().decode(value.subarray(0, WINDOW_BYTES)).replace(/\p{Cc}+/gu, ' ');
  const masked = maskLoose(maskKeyed(text));
  const isCut = value.byteLength > WINDOW_BYTES || masked.length > EXCERPT_LENGTH;
  return isCut ? `${masked.slice(0, EXCERPT_LENGTH - 1).toWellFormed()}…` : masked;
}

function maskLoose(text: string): string {
  return LOOSE_SECRETS.reduce((masked, [pattern, replacement]) => masked.replace(pattern, replacement), text);
}

/** Replaces the value of every key that names a secret, be it a text with spaces, a list or an object, closed or cut by the window. */
function maskKeyed(text: string): string {
  let masked = '';
  let position = 0;
  for (const match of text.matchAll(SECRET_KEY)) {
    if (match.index < position) continue;
    const start = match.index + match[0].length;
    masked += `${text.slice(position, start)}"${MASK}"`;
    position = endOfValue(text, start);
  }
  return masked + text.slice(position);
}

/** Where the JSON value that starts here ends; the end of the text where it is not closed. */
function endOfValue(text: string, start: number): number {
  const escapes = /^\\+/.exec(text.slice(start, start + 16))?.[0].length ?? 0;
  if (text[start + escapes] === '"') return endOfText(text, start, escapes);
  if (text[start] !== '{' && text[start] !== '[') {
    const length = text.slice(start).search(/[\s,}\]]/);
    return length === -1 ? text.length : start + length;
  }
  let depth = 0;
  for (let position = start; position < text.length; position++) {
    const character = text[position];
    if (character === '"') position = endOfText(text, position, 0) - 1;
    else if (character === '{' || character === '[') depth++;
    else if ((character === '}' || character === ']') && --depth === 0) return position + 1;
  }
  return text.length;
}

/** A quote closes the text when as many back slashes stand before it as before the one that opened it. */
function endOfText(text: string, start: number, escapes: number): number {
  let slashes = 0;
  for (let position = start + escapes + 1; position < text.length; position++) {
    if (text[position] === '\\') {
      slashes++;
      continue;
    }
    if (text[position] === '"' && (escapes === 0 ? slashes % 2 === 0 : slashes <= escapes)) return position + 1;
    slashes = 0;
  }
  return text.length;
}
