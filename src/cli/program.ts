import { Command, CommanderError } from '@commander-js/extra-typings';
import { Cli } from './cli.ts';
import { CliError, OutputClosed } from './cli-error.ts';
import { announceCommand } from './commands/announce.ts';
import { deregisterCommand } from './commands/deregister.ts';
import { doctorCommand } from './commands/doctor.ts';
import { introspectCommand } from './commands/introspect.ts';
import { nodesCommand } from './commands/nodes.ts';
import { rejectedCommand } from './commands/rejected.ts';
import { resolveCommand } from './commands/resolve.ts';
import { serveCommand } from './commands/serve.ts';
import { versionCommand, versionLine } from './commands/version.ts';
import { watchCommand } from './commands/watch.ts';
import { EXIT } from './exit-code.ts';
import type { Surroundings } from './surroundings.ts';

/** The help is as wide in a pipe, and in docs/cli.md. */
const HELP_WIDTH = 100;

const MORE = `
Environment:
  DGW_URL         where the gateway is, instead of --url
  DGW_TOKEN       the token that the gateway asks for
  DGW_TOKEN_FILE  a file that holds it
  NO_COLOR        no colours

Exit codes:
  0  done
  1  nothing was found, or a fault was
  2  the command line is wrong
  3  no gateway answers, or it cannot answer now
  4  the gateway refused

Examples:
  $ dgw resolve database-adapter
  $ dgw nodes --health unhealthy
  $ dgw watch --snapshot
  $ dgw doctor`;

const NO_TOKEN =
  'There is no option --token: everybody on this machine sees the command lines of its programs, and the shell keeps them. Put the token into DGW_TOKEN, or into a file that DGW_TOKEN_FILE names';

/** Runs a command line, such as `['nodes', '--json']`. Returns the exit code: docs/cli.md. */
export async function runCli(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const cli = new Cli(surroundings);
  try {
    return await unlessWrong(cli, args);
  } catch (error) {
    if (error instanceof OutputClosed) return EXIT.ok;
    if (!(error instanceof CliError)) throw error;
    const { err } = cli.printers;
    await err.tell(`${err.paint('red', 'error:')} ${error.message}`);
    return error.exitCode;
  }
}

/** The same; throws CliError, and OutputClosed. */
async function unlessWrong(cli: Cli, args: readonly string[]): Promise<number> {
  if (hasToken(args)) throw new CliError(EXIT.usage, NO_TOKEN);
  const { out, err } = cli.printers;
  const said: { readonly text: string; readonly isError: boolean }[] = [];
  try {
    await programOf(cli, (text, isError) => said.push({ text, isError })).parseAsync([...args], { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    for (const { text, isError } of said) await (isError ? err : out).line(text.trimEnd());
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
}

/** Every command, with its help. `say` hears what Commander writes. */
export function programOf(cli: Cli, say: (text: string, isError: boolean) => void): Command {
  const program = new Command('dgw')
    .description('Finds services in a discovery-gateway, follows the registry, and checks its set-up.')
    .version(versionLine(), '-V, --version', 'the version of this program')
    .showHelpAfterError('(--help says more)')
    .addHelpText('after', MORE);
  const commands = [
    resolveCommand(cli),
    nodesCommand(cli),
    watchCommand(cli),
    introspectCommand(cli),
    deregisterCommand(cli),
    rejectedCommand(cli),
    doctorCommand(cli),
    announceCommand(cli),
    serveCommand(),
    versionCommand(cli),
  ];
  for (const command of [program, ...commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => say(text, false),
      writeErr: (text) => say(text, true),
      getOutHelpWidth: () => HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  }
  for (const command of commands) program.addCommand(command.showHelpAfterError('(--help says more)'));
  return program;
}

/** What stands behind `--` belongs to somebody else. */
function hasToken(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end === -1 ? args : args.slice(0, end)).some((arg) => arg === '--token' || arg.startsWith('--token='));
}
