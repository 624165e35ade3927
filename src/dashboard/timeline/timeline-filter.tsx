import { type ReactNode, useMemo, useRef, useState } from 'react';
import { type Change, WORD_OF_CHANGE } from '../fleet/change.ts';
import type { ChangeFilter } from '../fleet/change-filter.ts';
import { LOGGED_TYPES } from '../gateway/change-shape.ts';
import { Chip } from '../parts/chip.tsx';
import { ChoiceMenu } from '../parts/choice-menu.tsx';
import { SearchBox } from '../parts/search-box.tsx';
import { useKeys } from '../parts/use-keys.ts';
import { listOf, type Place, printList, readChangeTypes, toggled, withSettings } from '../place/place.ts';
import { goTo, replaceWith } from '../place/use-place.ts';

export function readChangeFilter(settings: URLSearchParams): ChangeFilter {
  return { text: settings.get('q') ?? '', nodeTypes: listOf(settings, 'type'), changeTypes: readChangeTypes(settings) };
}

interface TimelineFilterProps {
  readonly place: Place;
  /** For what there is to choose from. */
  readonly changes: readonly Change[];
  /** Buttons of the view. */
  readonly children: ReactNode;
}

/** Which changes are shown, and from where on. */
export function TimelineFilter({ place, changes, children }: TimelineFilterProps) {
  const filter = readChangeFilter(place.settings);
  const search = useRef<HTMLInputElement>(null);
  const [position, setPosition] = useState('');
  useKeys({ '/': () => search.current?.select(), Escape: () => search.current?.blur() });
  const types = useMemo(() => {
    const names = [...new Set(changes.map(({ nodeType }) => nodeType))].sort();
    return names.map((value) => ({ value, label: value, count: null }));
  }, [changes]);
  const set = (name: string, values: readonly string[]) => goTo(withSettings(place, { [name]: printList(values) }));
  const toggleType = (value: string) => set('type', toggled(filter.nodeTypes, value));
  const toggleChange = (value: string) => set('change', toggled(filter.changeTypes, value));
  const hasChips = filter.nodeTypes.length + filter.changeTypes.length > 0 || filter.text !== '';
  return (
    <div className="filter">
      <div className="filter-row">
        <SearchBox
          search={search}
          text={filter.text}
          placeholder="Search node, reason, operator, field"
          label="Search changes"
          onText={(text) => replaceWith(withSettings(place, { q: text }))}
        />
        <div className="filter-menus">
          <ChoiceMenu label="Type" choices={types} chosen={filter.nodeTypes} toggle={toggleType} />
          <ChoiceMenu
            label="Change"
            choices={LOGGED_TYPES.map((value) => ({ value, label: WORD_OF_CHANGE[value], count: null }))}
            chosen={filter.changeTypes}
            toggle={toggleChange}
          />
          {children}
        </div>
        <form
          className="replay-form"
          onSubmit={(event) => {
            event.preventDefault();
            goTo(withSettings(place, { from: position.replace(/^#/, '').padStart(16, '0') }));
          }}
        >
          <input
            className="input"
            value={position}
            placeholder="Position, such as 4711"
            aria-label="Replay from this position of the change log"
            onChange={(event) => setPosition(event.target.value.trim())}
          />
          <button type="submit" className="button" disabled={!/^#?\d{1,16}$/.test(position)}>
            Replay
          </button>
        </form>
      </div>
      {hasChips && (
        <ul className="chips" aria-label="Conditions">
          {filter.nodeTypes.map((value) => (
            <Chip key={`type ${value}`} label="Type" value={value} remove={() => toggleType(value)} />
          ))}
          {filter.changeTypes.map((value) => (
            <Chip key={value} label="Change" value={WORD_OF_CHANGE[value]} remove={() => toggleChange(value)} />
          ))}
          {filter.text !== '' && <Chip label="Text" value={filter.text} remove={() => goTo(withSettings(place, { q: '' }))} />}
        </ul>
      )}
    </div>
  );
}
