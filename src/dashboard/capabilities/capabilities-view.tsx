import { useDeferredValue, useMemo, useRef } from 'react';
import { matrix } from '../fleet/matrix.ts';
import { useApp } from '../page/app.ts';
import { useCell } from '../page/use-cell.ts';
import { Notice, Skeleton } from '../parts/notice.tsx';
import { SearchBox } from '../parts/search-box.tsx';
import { useKeys } from '../parts/use-keys.ts';
import { type Place, printPlace, withSettings } from '../place/place.ts';
import { goTo, replaceWith } from '../place/use-place.ts';
import { CapabilityDetail } from './capability-detail.tsx';
import { CapabilityList } from './capability-list.tsx';
import { CapabilityMatrix } from './capability-matrix.tsx';

/** What the fleet can do, and who does it. */
export function CapabilitiesView({ place }: { readonly place: Place }) {
  const fleet = useDeferredValue(useCell(useApp().store.fleet));
  const all = useMemo(() => matrix(fleet.nodes.values()), [fleet.nodes]);
  const search = useRef<HTMLInputElement>(null);
  const isMatrix = place.settings.get('as') === 'matrix';
  const text = place.settings.get('q') ?? '';
  const names = useMemo(() => all.capabilities.filter((name) => name.toLowerCase().includes(text.toLowerCase())), [all, text]);
  useKeys({
    '/': () => search.current?.select(),
    Escape: () => {
      if (document.activeElement === search.current) search.current?.blur();
      else if (place.chosen !== null) goTo({ ...place, chosen: null });
    },
  });
  return (
    <section className="capabilities" aria-label="Capabilities">
      <div className="filter-row">
        <SearchBox
          search={search}
          text={text}
          placeholder="Search capabilities"
          label="Search capabilities"
          onText={(q) => replaceWith(withSettings(place, { q }))}
        />
        <div className="segments">
          <a className="segment" aria-current={isMatrix ? undefined : 'true'} href={printPlace(withSettings(place, { as: '' }))}>
            Instances
          </a>
          <a
            className="segment"
            aria-current={isMatrix ? 'true' : undefined}
            href={printPlace(withSettings({ ...place, chosen: null }, { as: 'matrix' }))}
          >
            Matrix
          </a>
        </div>
        <span className="filter-count" role="status">
          <strong>{names.length.toLocaleString('en')}</strong> {names.length === 1 ? 'capability' : 'capabilities'}
        </span>
      </div>
      {!fleet.isWhole && all.capabilities.length === 0 ? (
        <Skeleton lines={8} />
      ) : isMatrix ? (
        <CapabilityMatrix matrix={all} names={names} />
      ) : (
        <div className={place.chosen === null ? 'explorer' : 'explorer has-chosen'}>
          <CapabilityList place={place} matrix={all} names={names} text={text} />
          {place.chosen === null ? (
            <div className="explorer-detail is-empty">
              <Notice title="Choose a capability">
                Who has it, which instances are handed out at this moment, and why others are not. Any name can be asked for: type it above.
              </Notice>
            </div>
          ) : (
            <CapabilityDetail key={place.chosen} name={place.chosen} back={printPlace({ ...place, chosen: null })} />
          )}
        </div>
      )}
    </section>
  );
}
