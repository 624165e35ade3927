import { delay } from '../delay.ts';
import type { HealthProbe, ObservedCheck, ServiceCheck } from './ports.ts';

/** From a failed probe to the second try: long enough for a lost packet or a pause, short enough for whoever waits. Milliseconds. */
export const SECOND_TRY = 200;

/**
 * What the gateway finds where it speaks in Consul's place: one failed probe may be a lost packet, or a pause of the gateway itself, which
 * fails every probe under way, so that only the second one counts.
 */
export async function probeTwice(probe: HealthProbe, check: ServiceCheck): Promise<ObservedCheck | null> {
  const first = await probe.probe(check);
  if (first?.status !== 'critical') return first;
  await delay(SECOND_TRY);
  return probe.probe(check);
}
