import { useApp } from '../page/app.ts';
import { useCell } from '../page/use-cell.ts';
import { Icon } from '../parts/icon.tsx';
import { inOneUnit } from '../parts/time.ts';
import { type Backend, type BackendStatus, NAME_OF_BACKEND } from '../status/status-shape.ts';

const PURPOSE: Readonly<Record<Backend, string>> = {
  KAFKA: 'announcements and heartbeats',
  CONSUL: 'services and their checks',
  POSTGRES: 'registrations and the change log',
};

const CIRCUIT: Readonly<Record<BackendStatus['circuit'], string>> = {
  CLOSED: 'circuit closed',
  HALF_OPEN: 'circuit trying',
  OPEN: 'circuit open',
};

/** One of the three services that the gateway stands on. */
export function BackendCard({ backend: { name, available, circuit, lastError, since } }: { readonly backend: BackendStatus }) {
  const now = useCell(useApp().clock);
  const isWell = available && circuit === 'CLOSED';
  return (
    <div className="backend">
      <span className={`badge badge-${isWell ? 'good' : available ? 'warn' : 'bad'}`}>
        <Icon name={isWell ? 'healthy' : available ? 'degraded' : 'unhealthy'} />
        {available ? 'Answers' : 'Away'}
      </span>
      <span className="backend-name">
        {NAME_OF_BACKEND[name]} <span className="dim small">{PURPOSE[name]}</span>
      </span>
      <span className="backend-since dim small">
        for {inOneUnit(now - since)} · {CIRCUIT[circuit]}
      </span>
      {lastError !== null && (
        <p className={isWell ? 'backend-error is-past' : 'backend-error'}>
          {isWell ? 'Last error, mended since: ' : ''}
          <span className="code">{lastError}</span>
        </p>
      )}
    </div>
  );
}
