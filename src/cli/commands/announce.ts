import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { AnnouncedService, type ServiceEvent } from '../announce/announced-service.ts';
import { Child } from '../announce/child.ts';
import { nodeOptions } from '../announce/node-options.ts';
import { type Cli, examples, jsonOption, milliseconds, several } from '../cli.ts';
import { envFileOption, withEnvFile } from '../env-file.ts';
import { plainText } from '../plain-text.ts';
import type { Signal } from '../surroundings.ts';

const HEALTH_INTERVAL = 10_000;
const HEARTBEAT_INTERVAL = 30_000;
const PATIENCE = 30_000;
/** The goodbye must not hold a service up that is asked to end. Milliseconds. */
const GOODBYE = 3000;

export function announceCommand(cli: Cli) {
  return new Command('announce')
    .summary('register any HTTP service, without code')
    .description(
      'Announces a service on Kafka, heartbeats for it with the health that its endpoint "health" has (2xx healthy, 429 degraded, all else unhealthy), answers requests to introspect, and says goodbye on Ctrl-C or SIGTERM. With a command behind --, it runs the service itself: signals are passed on after the goodbye, and its exit code is that of the service. Where Kafka is comes from the variables of the gateway (KAFKA_BROKER_URL, KAFKA_ENVIRONMENT, …).',
    )
    .argument('[command...]', 'what runs the service, behind --')
    .requiredOption('--name <name>', 'the service, under which clients look for it')
    .requiredOption('--type <type>', 'effect, compute, reducer, orchestrator, or any other word')
    .option('--capability <capabilities>', 'what it can do; may be repeated', several)
    .option('--endpoint <name=url>', 'where it is, such as health=http://10.0.0.7:80/health or api=…; may be repeated', endpoint)
    .option('--version <version>', 'the version of the service')
    .option('--node-id <id>', 'the same in each of its lives; name, host and port by default')
    .option('--health-interval <duration>', 'how often its health is looked at', milliseconds, HEALTH_INTERVAL)
    .option('--heartbeat-interval <duration>', 'how often it heartbeats', milliseconds, HEARTBEAT_INTERVAL)
    .addOption(envFileOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'dgw announce --name orders --type effect --capability query --endpoint health=http://10.0.0.7:80/health --endpoint api=http://10.0.0.7:80',
        'dgw announce --name orders --type effect --endpoint health=http://10.0.0.7:80/health -- node orders.js --port 80',
      ),
    )
    .action(async (command, options) => {
      const { surroundings, printers } = cli;
      const env = withEnvFile(surroundings.env, options.envFile);
      const announced = { ...options, capabilities: options.capability ?? [], endpoints: options.endpoint ?? {} };
      // The output of the service is its own.
      const printer = command.length === 0 ? printers.out : printers.err;
      const service = new AnnouncedService({
        node: {
          ...nodeOptions(announced, env),
          heartbeatInterval: options.heartbeatInterval,
          stopTimeout: GOODBYE,
          logger: {
            debug: () => undefined,
            info: () => undefined,
            warn: (details, message) => void printers.err.tell(plainText(`${message} ${JSON.stringify(details)}`)),
          },
        },
        healthUrl: announced.endpoints['health'] ?? null,
        healthInterval: options.healthInterval,
        patience: PATIENCE,
        tell: (event) => void printer.tell(options.json === true ? JSON.stringify(event) : lineOf(event)),
      });
      const child = command.length === 0 ? null : await Child.start(command, env);
      const ending = new AbortController();
      let asked: Signal | null = null;
      const deafen = surroundings.onSignal((signal) => {
        // Whoever asks twice does not want to wait for the goodbye.
        if (asked !== null) child?.pass(signal);
        asked = signal;
        ending.abort();
      });
      const childEnded = child?.ended.finally(() => ending.abort());
      try {
        await service.run(ending.signal);
        // Ctrl-C went to every process in the terminal already.
        if (asked !== null && !(asked === 'SIGINT' && surroundings.stdin.isTTY === true)) child?.pass(asked);
        if (childEnded !== undefined) cli.exitCode = await childEnded;
      } finally {
        deafen();
      }
    });
}

/** `name=url` after the ones before. */
function endpoint(text: string, before: Readonly<Record<string, string>> | undefined): Readonly<Record<string, string>> {
  const [, name, url] = /^([^=:/\s]+)=(\S+)$/.exec(text) ?? [];
  if (name === undefined || url === undefined || !URL.canParse(url))
    throw new InvalidArgumentError('Write name=url, such as api=http://10.0.0.7:80.');
  return { ...before, [name]: url };
}

function lineOf({ event, nodeId, health, why }: ServiceEvent): string {
  return plainText(`${nodeId} ${event === 'health' ? `is ${health}` : event}: ${why}${event === 'announced' ? `, ${health}` : ''}`);
}
