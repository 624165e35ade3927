import type { State } from '../gateway/node-shape.ts';
import { linkTo } from '../place/place.ts';

interface StateCardProps {
  /** Counted here, so that it moves with the changes. */
  readonly registered: number;
  /** What the gateway counts; null until it answered. */
  readonly totals: Readonly<Record<State, number>> | null;
}

/** How many nodes there are, and how many left. */
export function StateCard({ registered, totals }: StateCardProps) {
  return (
    <section className="card states" aria-label="Nodes by state">
      <a className="figure figure-main" href={linkTo('nodes')}>
        <span className="figure-number">{registered.toLocaleString('en')}</span>
        <span className="figure-name">registered nodes</span>
      </a>
      <div className="figure-row">
        <a className="figure" href={linkTo('nodes', null, { state: 'EXPIRED' })} title="The lease ran out, or Consul dropped them">
          <span className="figure-number">{totals === null ? '–' : totals.EXPIRED.toLocaleString('en')}</span>
          <span className="figure-name">expired</span>
        </a>
        <a
          className="figure"
          href={linkTo('nodes', null, { state: 'REMOVED' })}
          title="They said goodbye, or an operator deregistered them"
        >
          <span className="figure-number">{totals === null ? '–' : totals.REMOVED.toLocaleString('en')}</span>
          <span className="figure-name">removed</span>
        </a>
      </div>
    </section>
  );
}
