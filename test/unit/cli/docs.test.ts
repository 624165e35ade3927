import { readFile } from 'node:fs/promises';
import { beforeAll, expect, it } from 'vitest';
import { Cli } from '../../../src/cli/cli.ts';
import { programOf } from '../../../src/cli/program.ts';
import { terminal } from './terminal.ts';

let page: string;
beforeAll(async () => {
  page = await readFile(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
});

const { surroundings } = terminal();
const commands = programOf(new Cli(surroundings), () => undefined).commands.map((command) => command.name());

it.each(['', ...commands])('docs/cli.md should have the help of dgw %s as it is', async (name) => {
  const { run, written } = terminal();
  await run(...(name === '' ? ['--help'] : [name, '--help']));
  expect(page).toContain(`\`\`\`\n${written.out.trimEnd()}\n\`\`\`\n`);
});

it.each(commands)('dgw %s should have an example in its help', async (name) => {
  const { run, written } = terminal();
  await run(name, '--help');
  expect(written.out).toMatch(new RegExp(`^  \\$ .*dgw ${name}`, 'm'));
});
