import { Counter, type Registry } from 'prom-client';

export interface FollowedCounts {
  readonly name: string;
  readonly help: string;
  readonly label: string;
  /** The counts now, each of which only grows. */
  readonly read: () => Iterable<readonly [value: string, count: number]>;
}

/** A counter that follows counts which are kept elsewhere: they are read when somebody asks, so that nothing is counted twice. */
export function followCounts(registry: Registry, { name, help, label, read }: FollowedCounts): void {
  const reported = new Map<string, number>();
  new Counter({
    name,
    help,
    labelNames: [label],
    registers: [registry],
    collect() {
      for (const [value, count] of read()) {
        this.inc({ [label]: value }, count - (reported.get(value) ?? 0));
        reported.set(value, count);
      }
    },
  });
}

/** The same for one count. */
export function followCount(
  registry: Registry,
  about: { readonly name: string; readonly help: string; readonly read: () => number },
): void {
  let reported = 0;
  new Counter({
    name: about.name,
    help: about.help,
    registers: [registry],
    collect() {
      const count = about.read();
      this.inc(count - reported);
      reported = count;
    },
  });
}
