import { styleText } from 'node:util';
import { OutputClosed } from './cli-error.ts';
import type { Screen, Surroundings } from './surroundings.ts';

export type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold';

/** Writes lines to a stream, and waits until it took them: who reads slowly holds the program up, instead of filling its memory. */
export class Printer {
  readonly #screen: Screen;
  readonly #isColoured: boolean;

  constructor(screen: Screen, env: NodeJS.ProcessEnv) {
    this.#screen = screen;
    // https://no-color.org: whatever it says, unless it is empty.
    this.#isColoured = screen.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
    // Each write hears of its own failure; without a listener it would end the process as well.
    screen.on('error', () => undefined);
  }

  /** Characters that fit into a line; null where lines may be of any length: in files and pipes. */
  get width(): number | null {
    return this.#screen.isTTY === true ? (this.#screen.columns ?? 80) : null;
  }

  /** Throws OutputClosed when nobody reads any more, and whatever else the stream says. */
  line(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#screen.write(`${text}\n`, (error) => {
        if (!error) resolve();
        else reject('code' in error && error.code === 'EPIPE' ? new OutputClosed(error.message) : error);
      });
    });
  }

  /** The same by the way: whoever closed the stream wants to hear nothing, and the program goes on. */
  async tell(text: string): Promise<void> {
    try {
      await this.line(text);
    } catch (error) {
      if (!(error instanceof OutputClosed)) throw error;
    }
  }

  /** One JSON document on one line. Throws as `line`. */
  json(value: unknown): Promise<void> {
    return this.line(JSON.stringify(value));
  }

  /** The text in that colour, where the stream shows colours. */
  paint(colour: Colour, text: string): string {
    return this.#isColoured && text !== '' ? styleText(colour, text, { validateStream: false }) : text;
  }
}

/** Where a command writes. */
export interface Printers {
  readonly out: Printer;
  readonly err: Printer;
}

export function printersOf({ stdout, stderr, env }: Surroundings): Printers {
  return { out: new Printer(stdout, env), err: new Printer(stderr, env) };
}
