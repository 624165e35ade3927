import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const pages = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => join('docs', name))].filter((path) => path.endsWith('.md'));
/** A page without its code blocks, where brackets mean something else and # begins a comment. */
const read = (path: string) => readFileSync(path, 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '');

/** As the usual renderers name them: in lower case, without punctuation, blanks as dashes. */
const anchors = (page: string) =>
  [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- _]/gu, '')
      .replaceAll(' ', '-'),
  );

it.each(pages)('should lead somewhere with every link of %s', (path) => {
  const broken: string[] = [];
  for (const [, link = ''] of read(join(ROOT, path)).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(link)) continue;
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? join(ROOT, path) : join(ROOT, dirname(path), file);
    if (!existsSync(target) || (anchor !== undefined && !anchors(read(target)).includes(anchor))) broken.push(link);
  }
  expect(broken).toEqual([]);
});
