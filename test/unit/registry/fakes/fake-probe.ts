import type { HealthProbe, ObservedCheck, ServiceCheck } from '../../../../src/registry/ports.ts';

/** Finds what the test says: everything passes until told otherwise. */
export class FakeProbe implements HealthProbe {
  /** What it was asked to probe, in order; checks of kind `none` included. */
  readonly probed: ServiceCheck[] = [];
  /** What an endpoint answers, by the URL or `host:port` of its check. */
  readonly answers = new Map<string, ObservedCheck>();
  /** What the next probes find, each once, before anything else. */
  readonly next: ObservedCheck[] = [];
  /** What every other endpoint answers. */
  otherwise: ObservedCheck = { status: 'passing', output: 'answered the probe' };

  mayReach(check: ServiceCheck): boolean {
    return check.kind !== 'none';
  }

  async probe(check: ServiceCheck): Promise<ObservedCheck | null> {
    this.probed.push(check);
    await Promise.resolve();
    if (check.kind === 'none') return null;
    const next = this.next.shift();
    if (next !== undefined) return next;
    return this.answers.get(check.kind === 'http' ? check.url : `${check.host}:${check.port}`) ?? this.otherwise;
  }
}
