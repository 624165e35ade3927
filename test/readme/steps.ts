/** One thing to paste from a chapter of the README, and what the README says that it answers. */
export interface Step {
  readonly chapter: string;
  /** The line of the README that its code begins on. */
  readonly line: number;
  readonly code: string;
  /** The block behind it, where there is one: what it prints. */
  readonly answer: { readonly language: string; readonly text: string } | null;
}

interface Block {
  readonly chapter: string;
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

/** The `sh` blocks of the chapters (headings of the second level) in their order. Throws for a chapter that is not there. */
export function stepsOf(markdown: string, chapters: readonly string[]): Step[] {
  const blocks = blocksOf(markdown);
  for (const chapter of chapters) {
    if (!blocks.some((block) => block.chapter === chapter)) throw new Error(`no chapter "${chapter}" with code in it`);
  }
  return blocks.flatMap((block, index) => {
    if (block.language !== 'sh' || !chapters.includes(block.chapter)) return [];
    const next = blocks[index + 1];
    const answer = next === undefined || next.chapter !== block.chapter || next.language === 'sh' ? null : next;
    return [{ chapter: block.chapter, line: block.line, code: block.text, answer }];
  });
}

function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let chapter = '';
  let open: { line: number; language: string; lines: string[] } | null = null;
  for (const [index, line] of markdown.split('\n').entries()) {
    if (open !== null && line === '```') {
      blocks.push({ chapter, line: open.line, language: open.language, text: open.lines.join('\n') });
      open = null;
    } else if (open !== null) {
      open.lines.push(line);
    } else if (line.startsWith('```')) {
      open = { line: index + 2, language: line.slice(3), lines: [] };
    } else if (line.startsWith('## ')) {
      chapter = line.slice(3);
    }
  }
  return blocks;
}
