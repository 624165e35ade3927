import { Command } from '@commander-js/extra-typings';
import { examples } from '../cli.ts';

export function serveCommand() {
  return new Command('serve')
    .description(
      'Runs a gateway, until SIGTERM or Ctrl-C. The environment sets it up: docs/configuration.md has every variable, and `dgw doctor` checks them.',
    )
    .summary('run a gateway')
    .addHelpText('after', examples('KAFKA_BROKER_URL=127.0.0.1:9092 CONSUL_HOST=127.0.0.1 DATABASE_URL=postgres://… dgw serve'))
    .action(async () => {
      // It is the whole program from here on: it hears the signals, and ends the process.
      await import('../../main.ts');
    });
}
