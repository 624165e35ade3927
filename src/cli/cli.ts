import { Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { duration } from '../config/values.ts';
import { connectionOf } from './connection.ts';
import { EXIT } from './exit-code.ts';
import { type Gateway, HttpGateway } from './gateway.ts';
import { type Printers, printersOf } from './printer.ts';
import type { Surroundings } from './surroundings.ts';

/** What commands share: where they run and write, and how the program ends. */
export class Cli {
  readonly surroundings: Surroundings;
  readonly printers: Printers;
  /** What the command came to: docs/cli.md. */
  exitCode: number = EXIT.ok;

  constructor(surroundings: Surroundings) {
    this.surroundings = surroundings;
    this.printers = printersOf(surroundings);
  }

  /** The gateway that is meant. Throws CliError. */
  gateway(options: { readonly url?: string | undefined }): Gateway {
    return new HttpGateway(connectionOf(options.url, this.surroundings.env));
  }
}

/** Which gateway is asked. */
export const urlOption = () => new Option('--url <url>', 'where the gateway is; DGW_URL, or else http://127.0.0.1:8080, by default');

export const jsonOption = () => new Option('--json', 'print JSON, for programs');

/** For an option that may be given several times, and takes several values between commas. */
export function several(value: string, before: readonly string[] | undefined): readonly string[] {
  const values = value
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  if (values.length === 0) throw new InvalidArgumentError('It is empty.');
  return [...(before ?? []), ...values];
}

/** The same for values out of a list, in either case; `-` counts as `_`. */
export function severalOf<T extends string>(known: readonly T[]) {
  return (value: string, before: readonly T[] | undefined): readonly T[] => [
    ...(before ?? []),
    ...several(value, undefined).map((one) => oneOf(known)(one)),
  ];
}

/** A value out of a list, in either case; `-` counts as `_`. */
export function oneOf<T extends string>(known: readonly T[]) {
  return (value: string): T => {
    const name = value.toUpperCase().replaceAll('-', '_');
    const found = known.find((one) => one.toUpperCase() === name);
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`One of ${known.map((one) => one.toLowerCase().replaceAll('_', '-')).join(', ')}.`);
  };
}

/** A whole number from 1 to `max`. */
export function count(max: number) {
  return (value: string): number => {
    const number = Number(value);
    if (Number.isInteger(number) && number >= 1 && number <= max) return number;
    throw new InvalidArgumentError(`A whole number from 1 to ${max}.`);
  };
}

/** A duration such as `500ms`, `30s` or `2m`, in milliseconds. */
export function milliseconds(value: string): number {
  const parsed = duration('').safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError(`It is no duration above zero such as 500ms, 30s or 2m.`);
}

/** Examples, as the help of a command ends with them. */
export function examples(...lines: readonly string[]): string {
  return `\nExample${lines.length === 1 ? '' : 's'}:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;
}

/** A command that asks a gateway. */
export function gatewayCommand(name: string) {
  return new Command(name).addOption(urlOption()).addOption(jsonOption());
}
