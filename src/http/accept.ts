const WEIGHT = /;\s*q\s*=\s*([0-9.]+)/i;
/** What a page or a program asks of the paths that have both. */
const PAGE = 'text/html';
const ANSWERS: ReadonlySet<string> = new Set([PAGE, 'application/json', 'application/graphql-response+json', 'text/event-stream']);

/** What an `Accept` header takes, without the weights: what weighs most first, else as it stands there, and without what is not wanted. */
export function accepted(header: string): string[] {
  const ranges = header
    .split(',')
    .map((range) => ({ range: range.replace(WEIGHT, '').trim(), weight: Number(WEIGHT.exec(range)?.[1] ?? 1) }));
  const wanted = ranges.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight);
  return wanted.map(({ range }) => range);
}

/** Whether the header has weights at all, which most have not. */
export function hasWeights(header: string): boolean {
  return WEIGHT.test(header);
}

/** Whether a page is what is wanted, and not the answer for programs, which take one at need (`application/json, text/html;q=0.1`). */
export function wantsHtml(header: string | undefined): boolean {
  if (header === undefined || !header.toLowerCase().includes(PAGE)) return false;
  const types = accepted(header).map((range) => range.split(';', 1)[0]?.trim().toLowerCase() ?? '');
  return types.find((type) => ANSWERS.has(type)) === PAGE;
}
