import { Gauge, type Registry } from 'prom-client';

/** A gauge that is read when somebody asks for it. */
export function defineReading(
  registry: Registry,
  { name, help, read }: { readonly name: string; readonly help: string; readonly read: () => number },
): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}

export interface ReadingsByLabel {
  readonly name: string;
  readonly help: string;
  readonly label: string;
  /** What there is now; what is left out has no value. */
  readonly read: () => Iterable<readonly [value: string, reading: number]>;
}

/** The same with a value for each of a few labels. */
export function defineReadings(registry: Registry, { name, help, label, read }: ReadingsByLabel): void {
  new Gauge({
    name,
    help,
    labelNames: [label],
    registers: [registry],
    collect() {
      this.reset();
      for (const [value, reading] of read()) this.set({ [label]: value }, reading);
    },
  });
}
