import { useApp } from '../page/app.ts';
import { Ago } from '../parts/moment.tsx';
import { NAME_OF_BACKEND, type RegistryStatus } from '../status/status-shape.ts';

/** The gateway that answers this page. */
export function GatewayCard({ status }: { readonly status: RegistryStatus }) {
  const { clock } = useApp();
  const { gatewayId, version, startedAt, leader, subscribers, consumerLag, consumerPausedFor, ejected, asOf, cursor } = status;
  const age = Math.max(0, clock.get() - asOf);
  const paused = consumerPausedFor.map((name) => NAME_OF_BACKEND[name]).join(' and ');
  return (
    <section className="card gateway" aria-label="This gateway">
      <header className="card-head">
        <h2>This gateway</h2>
        <span className="dim small">v{version}</span>
      </header>
      <dl className="facts">
        <Fact name="Name" value={gatewayId} />
        <Fact name="Role" value={leader ? 'Leader: judges silence, reconciles' : 'Follower'} />
        <div>
          <dt>Started</dt>
          <dd>
            <Ago at={startedAt} />
          </dd>
        </div>
        <Fact name="Consumer lag" value={paused === '' ? lagInWords(consumerLag) : `waits for ${paused}`} />
        <Fact name="Subscribers" value={subscribers.toLocaleString('en')} />
        <Fact name="Left out by own probes" value={ejected.toLocaleString('en')} />
        <Fact name="Answers are from" value={age < 5000 ? 'now' : `${Math.round(age / 1000)} s ago`} />
        <Fact name="Change log" value={cursor.replace(/^0+(?=\d)/, '#')} />
      </dl>
    </section>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function lagInWords(lag: number | null): string {
  if (lag === null) return 'not known yet';
  return lag === 0 ? 'none' : `${lag.toLocaleString('en')} messages`;
}
