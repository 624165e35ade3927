/** Control characters (a terminal obeys them), and what turns the direction of text or cannot be seen. */
const DANGEROUS = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufeff]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** What a node or a server said, made fit for a terminal: one line, and nothing in it that the terminal would obey. */
export function plainText(text: string): string {
  return text.replace(DANGEROUS, (character) => SHORT[character] ?? `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
}
