import { HEALTHS, type Health } from '../gateway/node-shape.ts';
import { HealthBadge, toneOfHealth, wordOfHealth } from '../parts/badge.tsx';
import { linkTo } from '../place/place.ts';

interface HealthCardProps {
  readonly health: Readonly<Record<Health, number>>;
  readonly registered: number;
}

/** How well the registered nodes are. */
export function HealthCard({ health, registered }: HealthCardProps) {
  return (
    <section className="card health" aria-label="Nodes by health">
      <header className="card-head">
        <h2>Health</h2>
        <span className="dim small">{registered === 0 ? 'no nodes' : `${percent(health.HEALTHY, registered)} healthy`}</span>
      </header>
      <HealthBar health={health} total={registered} />
      <ul className="health-list">
        {HEALTHS.map((one) => (
          <li key={one}>
            <a href={linkTo('nodes', null, { health: one })} className={health[one] === 0 ? 'health-item is-none' : 'health-item'}>
              <HealthBadge health={one} />
              <span className="health-number">{health[one].toLocaleString('en')}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Parts of a whole as parts of a bar; the numbers stand beside it. */
export function HealthBar({ health, total }: { readonly health: Readonly<Record<Health, number>>; readonly total: number }) {
  const parts = HEALTHS.filter((one) => health[one] > 0);
  const label = parts.map((one) => `${health[one]} ${wordOfHealth(one).toLowerCase()}`).join(', ');
  return (
    <div className="health-bar" role="img" aria-label={label === '' ? 'no nodes' : label}>
      {parts.map((one) => (
        <span key={one} className={`health-part tone-${toneOfHealth(one)}`} style={{ flexGrow: health[one] / Math.max(1, total) }} />
      ))}
    </div>
  );
}

function percent(part: number, whole: number): string {
  // 99.96 % is not all of them.
  const value = Math.floor((part / whole) * 1000) / 10;
  return `${value === Math.round(value) ? value : value.toFixed(1)} %`;
}
