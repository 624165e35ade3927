import { Command } from '@commander-js/extra-typings';
import { type Cli, examples, jsonOption, urlOption } from '../cli.ts';
import { examine } from '../doctor/examination.ts';
import type { Finding, Level } from '../doctor/finding.ts';
import { envFileOption, withEnvFile } from '../env-file.ts';
import { EXIT } from '../exit-code.ts';
import { plainText } from '../plain-text.ts';
import type { Colour, Printer } from '../printer.ts';

const COLOURS: Readonly<Record<Level, Colour>> = { ok: 'green', warning: 'yellow', fault: 'red' };

export function doctorCommand(cli: Cli) {
  return new Command('doctor')
    .summary('what is wrong with a set-up, and how to mend it')
    .description(
      'Looks at the configuration of a gateway in the environment, and from here at what it names: Kafka, Consul, Postgres, the snapshot, the port, and the gateway where one runs. Nothing is changed. Run it where the gateway runs, as the same user. Exits with 1 where there is a fault.',
    )
    .addOption(urlOption())
    .addOption(envFileOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('dgw doctor', 'dgw doctor --env-file .env --json'))
    .action(async (options) => {
      const { env, now } = cli.surroundings;
      const { out } = cli.printers;
      const findings = await examine({ env: withEnvFile(env, options.envFile), url: options.url, now });
      const faults = findings.filter(({ level }) => level === 'fault').length;
      const warnings = findings.filter(({ level }) => level === 'warning').length;
      if (options.json === true) await out.json({ faults, warnings, findings });
      else for (const line of lines(findings, out)) await out.line(line);
      if (options.json !== true) await out.line(`${counted(faults, 'fault')}, ${counted(warnings, 'warning')}.`);
      if (faults > 0) cli.exitCode = EXIT.nothing;
    });
}

function lines(findings: readonly Finding[], printer: Printer): string[] {
  return findings.flatMap(({ part, level, what, remedy }) => {
    const head = `${printer.paint(COLOURS[level], level.padEnd(7))}  ${part.padEnd(13)}  ${plainText(what)}`;
    return remedy === null ? [head] : [head, `${' '.repeat(24)}→ ${plainText(remedy)}`];
  });
}

function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
