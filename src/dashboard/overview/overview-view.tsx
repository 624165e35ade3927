import { useMemo } from 'react';
import { tally } from '../fleet/tally.ts';
import { useApp } from '../page/app.ts';
import { useCell } from '../page/use-cell.ts';
import { FaultNotice, Skeleton } from '../parts/notice.tsx';
import { totalsByState } from '../status/node-totals.ts';
import { ActivityCard } from './activity-card.tsx';
import { AnnounceHint } from './announce-hint.tsx';
import { BackendCard } from './backend-card.tsx';
import { GatewayCard } from './gateway-card.tsx';
import { HealthCard } from './health-card.tsx';
import { LatestCard } from './latest-card.tsx';
import { StateCard } from './state-card.tsx';
import { TypeCard } from './type-card.tsx';

/** How the fleet and the gateway stand, at one look. */
export function OverviewView() {
  const { store, status } = useApp();
  const fleet = useCell(store.fleet);
  const standing = useCell(status.standing);
  const counts = useMemo(() => tally(fleet.nodes.values()), [fleet.nodes]);
  const totals = standing.status === null ? null : totalsByState(standing.status);
  const isEmpty = fleet.isWhole && counts.registered === 0;
  if (standing.status === null && !fleet.isWhole) {
    if (standing.fault !== null) {
      return <FaultNotice fault={standing.fault} what="The state of the gateway" again={() => void status.look()} />;
    }
    return <Skeleton lines={8} />;
  }
  return (
    <div className="overview">
      <StateCard registered={counts.registered} totals={totals} />
      <HealthCard health={counts.health} registered={counts.registered} />
      <TypeCard types={counts.types} registered={counts.registered} />
      {isEmpty && <AnnounceHint />}
      <ActivityCard fleet={fleet} registered={counts.registered} />
      <LatestCard changes={fleet.changes} />
      <section className="card backends" aria-label="Back ends">
        <header className="card-head">
          <h2>Back ends</h2>
        </header>
        {standing.status === null ? (
          <Skeleton lines={3} />
        ) : (
          standing.status.backends.map((one) => <BackendCard key={one.name} backend={one} />)
        )}
      </section>
      {standing.status !== null && <GatewayCard status={standing.status} />}
    </div>
  );
}
