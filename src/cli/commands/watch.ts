import { type ClientLogger, DiscoveryClient, DiscoveryError } from '../../client/index.ts';
import { type Cli, examples, gatewayCommand, several, severalOf } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { connectionOf } from '../connection.ts';
import { STATUS } from '../documents.ts';
import { eventLines } from '../event-lines.ts';
import { EXIT } from '../exit-code.ts';
import { plainText } from '../plain-text.ts';
import { statusAnswer } from '../status.ts';

const CHANGES = ['ADDED', 'MODIFIED', 'HEALTH_CHANGED', 'REMOVED'] as const;

export function watchCommand(cli: Cli) {
  return gatewayCommand('watch')
    .summary('every change, live')
    .description(
      'Prints every change of the registry that matches, live, and goes on after breaks without a gap. Ctrl-C ends it, and the last cursor goes to stderr: --after goes on from there. With --json, one event in each line.',
    )
    .option('--after <cursor>', 'begin behind this cursor instead of now')
    .option('--snapshot', 'begin with every node that matches now')
    .option('--node <ids>', 'only these nodes', several)
    .option('--type <types>', 'only nodes of these types', several)
    .option('--capability <capabilities>', 'only nodes with any of these', several)
    .option('--change <changes>', 'only added, modified, health-changed or removed', severalOf(CHANGES))
    .addHelpText('after', examples('dgw watch --type effect --change added,removed', 'dgw watch --snapshot --json | jq -c .nodeId'))
    .action(async (options) => {
      const { env, onSignal } = cli.surroundings;
      const { out, err } = cli.printers;
      // At the start, who cannot be reached is a mistake, and no break to wait for the end of.
      await cli.gateway(options).ask(STATUS, {}, statusAnswer);
      const { base, token } = connectionOf(options.url, env);
      const client = new DiscoveryClient({
        url: `${base}/graphql`,
        token: token ?? undefined,
        logger: breaksOnly((line) => void err.tell(line)),
      });
      const ending = new AbortController();
      const deafen = onSignal(() => ending.abort());
      const filter = { nodeIds: options.node, nodeTypes: options.type, anyCapability: options.capability, changeTypes: options.change };
      let cursor: string | null = options.after ?? null;
      try {
        const { after, snapshot } = options;
        for await (const event of client.watch(filter, { after, snapshot, bookmarks: true, signal: ending.signal })) {
          if (event.kind !== 'bookmark' && options.json === true) await out.json(event);
          else for (const line of eventLines(event, out)) await out.line(line);
          // What was not written has not been seen.
          cursor = event.cursor;
        }
        await err.line(cursor === null ? 'No change so far.' : `The last cursor is ${cursor}. Go on from there with --after ${cursor}`);
      } catch (error) {
        throw error instanceof DiscoveryError ? asCliError(error) : error;
      } finally {
        deafen();
        await client.close();
      }
    });
}

/** What whoever watches should know of the connection. */
function breaksOnly(tell: (line: string) => void): ClientLogger {
  let isBroken = false;
  return {
    debug: () => undefined,
    info: () => {
      if (isBroken) tell('Connected again; going on without a gap.');
      isBroken = false;
    },
    warn: (details, message) => {
      isBroken = true;
      const why = 'error' in details ? details.error : 'reason' in details ? details.reason : '';
      tell(plainText(`${message}${typeof why === 'string' && why !== '' ? ` (${why})` : ''}`));
    },
  };
}

function asCliError(error: DiscoveryError): CliError {
  const isRefused = ['UNAUTHENTICATED', 'FORBIDDEN', 'LIMIT_EXCEEDED'].includes(error.code);
  const exitCode = isRefused ? EXIT.refused : error.code === 'BAD_USER_INPUT' ? EXIT.usage : EXIT.nothing;
  return new CliError(exitCode, error.message, error.code, { cause: error });
}
