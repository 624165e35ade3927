import type { Link } from '../gateway/link.ts';
import { relative, timeOfDay } from '../parts/time.ts';
import { type Backend, type BackendStatus, NAME_OF_BACKEND, type RegistryStatus } from './status-shape.ts';
import type { Standing } from './status-watch.ts';

/** Something that one should know before one trusts what the page shows. */
export interface Alarm {
  readonly id: string;
  readonly level: 'bad' | 'warn';
  readonly title: string;
  readonly meaning: string;
  readonly advice: string;
  /** A connection is to be had again: there is something to try. */
  readonly isRetryable: boolean;
}

/** What stops and what goes on while a back end is away. */
const MEANING: Readonly<Record<Backend, string>> = {
  KAFKA: 'Nothing new is heard: no node arrives, changes or says goodbye. Addresses are still handed out.',
  CONSUL: 'Health stays as it was, and registrations wait in Kafka. Addresses are still handed out.',
  POSTGRES: 'Registrations wait in Kafka, and history cannot be read. Addresses are still handed out, from memory.',
};

/** So many messages are no backlog of a moment any more. */
const MUCH_LAG = 1000;

/** Everything that is wrong now, the worst first. @param now milliseconds since 1970 */
export function alarms(link: Link, { status }: Standing, now: number): readonly Alarm[] {
  const found: Alarm[] = [];
  if (link.state === 'lost') found.push(lostLink(link, now));
  if (status !== null) {
    found.push(...guard(status), ...staleness(status, now), ...status.backends.flatMap((one) => backEnd(one, now)), ...lag(status));
  }
  return found.sort((a, b) => Number(b.level === 'bad') - Number(a.level === 'bad'));
}

function lostLink({ since, retryAt, why }: Link & { readonly state: 'lost' }, now: number): Alarm {
  const wait = retryAt === null ? 0 : Math.max(0, Math.ceil((retryAt - now) / 1000));
  const next = wait === 0 ? 'Connecting now.' : `Next try in ${wait} s.`;
  return {
    id: 'link',
    level: 'bad',
    title: `No connection to the gateway since ${timeOfDay(since, now)}`,
    meaning: `What you see is how things stood then. ${why === null || why === '' ? '' : `${why} `}${next}`,
    advice: 'The page takes up where it was, without a gap. If this lasts: is the gateway running, and does its port answer?',
    isRetryable: true,
  };
}

function guard({ expiriesHeldBack: held }: RegistryStatus): readonly Alarm[] {
  if (held === 0) return [];
  return [
    {
      id: 'guard',
      level: 'bad',
      title: `The mass-expiry guard holds back ${held} ${held === 1 ? 'node' : 'nodes'}`,
      meaning:
        'So many fell silent at once that the gateway doubts its own view: the network or Consul is a likelier cause than the nodes.',
      advice:
        'Check the network between nodes, Kafka, Consul and gateway. If the nodes are really gone, wait: at most 15 % of the registry expire in each pass.',
      isRetryable: false,
    },
  ];
}

function staleness({ stale, source, asOf }: RegistryStatus, now: number): readonly Alarm[] {
  if (!stale) return [];
  return [
    {
      id: 'stale',
      level: 'bad',
      title: `The registry may be old: it is known to be right up to ${timeOfDay(asOf, now)} (${relative(asOf, now)})`,
      meaning:
        source === 'SNAPSHOT'
          ? 'The gateway started without Postgres, and answers from the file that its last run wrote.'
          : 'The gateway could not read the change log for more than 15 s. Clients get what was known before.',
      advice: 'See to Postgres. Nothing is lost meanwhile: announcements wait in Kafka.',
      isRetryable: false,
    },
  ];
}

function backEnd({ name, available, circuit, lastError, since }: BackendStatus, now: number): readonly Alarm[] {
  if (available && circuit === 'CLOSED') return [];
  const what = NAME_OF_BACKEND[name];
  return [
    {
      id: `backend-${name}`,
      level: available ? 'warn' : 'bad',
      title: available ? `${what} is being tried again` : `${what} does not answer since ${timeOfDay(since, now)}`,
      meaning: `${MEANING[name]}${lastError === null ? '' : ` Last error: ${lastError}`}`,
      advice: `Start ${what}, or mend the way to it. The gateway tries by itself, and catches up.`,
      isRetryable: false,
    },
  ];
}

function lag({ consumerLag, consumerPausedFor }: RegistryStatus): readonly Alarm[] {
  const isPaused = consumerPausedFor.length > 0;
  if (!isPaused && (consumerLag === null || consumerLag < MUCH_LAG)) return [];
  const names = consumerPausedFor.map((name) => NAME_OF_BACKEND[name]).join(' and ');
  const waiting = consumerLag === null ? 'Announcements wait in Kafka' : `${consumerLag} messages wait in Kafka`;
  return [
    {
      id: 'lag',
      level: 'warn',
      title: isPaused ? `The consumer waits for ${names}` : `The gateway is ${consumerLag} messages behind`,
      meaning: `${waiting}: what nodes announced meanwhile is not to be seen yet.`,
      advice: isPaused
        ? `It goes on as soon as ${names} answers.`
        : 'It passes by itself after a burst. If it grows: add a gateway, or look at its log.',
      isRetryable: false,
    },
  ];
}
