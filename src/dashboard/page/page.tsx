import { useEffect, useRef, useState } from 'react';
import { CapabilitiesView } from '../capabilities/capabilities-view.tsx';
import { NodesView } from '../nodes/nodes-view.tsx';
import { OverviewView } from '../overview/overview-view.tsx';
import { useKeys } from '../parts/use-keys.ts';
import type { View } from '../place/place.ts';
import { usePlace } from '../place/use-place.ts';
import { RejectedView } from '../rejected/rejected-view.tsx';
import { TimelineView } from '../timeline/timeline-view.tsx';
import { AlarmList } from './alarm-list.tsx';
import { type App, AppContext } from './app.ts';
import { KeysDialog } from './keys-dialog.tsx';
import { TokenForm } from './token-form.tsx';
import { TopBar } from './top-bar.tsx';
import { useCell } from './use-cell.ts';

const TITLES: Readonly<Record<View, string>> = {
  overview: 'Overview',
  nodes: 'Nodes',
  capabilities: 'Capabilities',
  timeline: 'Timeline',
  rejected: 'Rejected events',
};

/** They fill the window, and scroll within themselves. */
const FIXED: ReadonlySet<View> = new Set(['nodes', 'capabilities', 'timeline']);

/** The whole page. */
export function Page({ app }: { readonly app: App }) {
  return (
    <AppContext value={app}>
      <Frame app={app} />
    </AppContext>
  );
}

function Frame({ app }: { readonly app: App }) {
  const place = usePlace();
  const { refusal } = useCell(app.session.state);
  const link = useCell(app.link);
  const content = useRef<HTMLElement>(null);
  const [showsKeys, setShowsKeys] = useState(false);
  useKeys({ '?': () => setShowsKeys(true) });
  useEffect(() => {
    document.title = `${place.chosen ?? TITLES[place.view]} · discovery-gateway`;
  }, [place]);
  const isRefused = refusal !== null || link.state === 'refused';
  return (
    <div className={FIXED.has(place.view) && !isRefused ? 'frame is-fixed' : 'frame'}>
      <button type="button" className="skip" onClick={() => content.current?.focus()}>
        Skip to the content
      </button>
      <TopBar view={place.view} showKeys={() => setShowsKeys(true)} />
      {isRefused ? (
        <TokenForm />
      ) : (
        <>
          <AlarmList />
          <main ref={content} className={`main main-${place.view}`} tabIndex={-1}>
            <h1 className="hidden">{TITLES[place.view]}</h1>
            {place.view === 'overview' && <OverviewView />}
            {place.view === 'nodes' && <NodesView place={place} />}
            {place.view === 'capabilities' && <CapabilitiesView place={place} />}
            {place.view === 'timeline' && <TimelineView place={place} />}
            {place.view === 'rejected' && <RejectedView place={place} />}
          </main>
        </>
      )}
      {showsKeys && <KeysDialog close={() => setShowsKeys(false)} />}
    </div>
  );
}
