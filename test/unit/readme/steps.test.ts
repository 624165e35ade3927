import { expect, it } from 'vitest';
import { paste } from '../../readme/shell.ts';
import { stepsOf } from '../../readme/steps.ts';

const README = `# It
\`\`\`sh
never this
\`\`\`
## First
\`\`\`sh
one
two
\`\`\`
\`\`\`json
{"answer": 1}
\`\`\`
text
\`\`\`sh
three
\`\`\`
## Second
\`\`\`
no answer of the first
\`\`\`
### Within it
\`\`\`sh
four
\`\`\`
`;

it('should find what to paste, and what it answers', () => {
  expect(stepsOf(README, ['First', 'Second'])).toEqual([
    { chapter: 'First', line: 7, code: 'one\ntwo', answer: { chapter: 'First', line: 11, language: 'json', text: '{"answer": 1}' } },
    { chapter: 'First', line: 15, code: 'three', answer: null },
    { chapter: 'Second', line: 23, code: 'four', answer: null },
  ]);
  expect(stepsOf(README, ['Second'])).toHaveLength(1);
  expect(() => stepsOf(README, ['Third'])).toThrow('no chapter "Third"');
});

it('should paste into one shell, and tell what each block printed and whether something in it failed', async () => {
  const blocks = [
    'name=world\ngreet() { echo "hello $1"; }',
    'greet "$name"\necho aside >&2',
    'cat /nonexistent/file\necho on',
    'greet again',
  ];
  const printed = await paste(blocks, '/', 10_000);
  expect(printed.map(({ code }) => code === 0)).toEqual([true, true, false, true]);
  expect(printed.map(({ stdout }) => stdout)).toEqual(['', 'hello world\n', 'on\n', 'hello again\n']);
  expect(printed[1]?.stderr).toBe('aside\n');
});

it('should end a shell that does not', async () => {
  await expect(paste(['exec sleep 60'], '/', 300)).rejects.toThrow('SIGTERM');
});
