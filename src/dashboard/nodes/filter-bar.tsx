import { type RefObject, useMemo } from 'react';
import type { Fleet } from '../fleet/fleet.ts';
import { HEALTHS, STATES } from '../gateway/node-shape.ts';
import { wordOfHealth, wordOfState } from '../parts/badge.tsx';
import { Chip } from '../parts/chip.tsx';
import { type Choice, ChoiceMenu } from '../parts/choice-menu.tsx';
import { SearchBox } from '../parts/search-box.tsx';
import { ANY_STATE, type Place, printList, readNodeFilter, toggled } from '../place/place.ts';

interface FilterBarProps {
  readonly place: Place;
  readonly fleet: Fleet;
  readonly shown: number;
  readonly search: RefObject<HTMLInputElement | null>;
  readonly change: (settings: Readonly<Record<string, string>>) => void;
  readonly type: (text: string) => void;
}

/** What the table shows: a search, menus of conditions, and the conditions that hold. */
export function FilterBar({ place, fleet, shown, search, change, type }: FilterBarProps) {
  const filter = readNodeFilter(place.settings);
  const choices = useMemo(() => choicesOf(fleet), [fleet]);
  const set = (name: string, values: readonly string[]) => change({ [name]: printList(values) });
  const setStates = (values: readonly string[]) => change({ state: values.length === 0 ? ANY_STATE : printList(values) });
  const lists = [
    { name: 'type', label: 'Type', chosen: filter.types, choices: choices.types, word: same },
    { name: 'capability', label: 'Capability', chosen: filter.capabilities, choices: choices.capabilities, word: same },
    { name: 'health', label: 'Health', chosen: filter.health, choices: choices.health, word: wordIn(choices.health) },
    { name: 'state', label: 'State', chosen: filter.states, choices: choices.states, word: wordIn(choices.states) },
  ] as const;
  const toggle = (name: string, chosen: readonly string[], value: string) => {
    const values = toggled(chosen, value);
    if (name === 'state') setStates(values);
    else set(name, values);
  };
  const chips = lists.flatMap((list) => list.chosen.map((value) => ({ ...list, value })));
  return (
    <div className="filter">
      <div className="filter-row">
        <SearchBox
          search={search}
          text={filter.text}
          placeholder="Search id, service, capability, address"
          label="Search nodes"
          onText={type}
        />
        <div className="filter-menus">
          {lists.map((list) => (
            <ChoiceMenu
              key={list.name}
              label={list.label}
              choices={list.choices}
              chosen={list.chosen}
              toggle={(value) => toggle(list.name, list.chosen, value)}
            />
          ))}
        </div>
      </div>
      <div className="filter-row filter-chips">
        <span className="filter-count" role="status">
          <strong>{shown.toLocaleString('en')}</strong> {shown === 1 ? 'node' : 'nodes'}
        </span>
        <ul className="chips" aria-label="Conditions">
          {chips.map(({ name, label, chosen, value, word }) => (
            <Chip key={`${name} ${value}`} label={label} value={word(value)} remove={() => toggle(name, chosen, value)} />
          ))}
          {filter.text !== '' && <Chip label="Text" value={filter.text} remove={() => change({ q: '' })} />}
        </ul>
      </div>
    </div>
  );
}

const same = (value: string) => value;
const wordIn = (choices: readonly Choice[]) => (value: string) => choices.find((one) => one.value === value)?.label ?? value;

function choicesOf(fleet: Fleet) {
  const [types, capabilities, health, states] = [counter(), counter(), counter(), counter()];
  for (const node of fleet.nodes.values()) {
    states.add(node.state);
    if (node.state !== 'REGISTERED') continue;
    types.add(node.type);
    health.add(node.health);
    for (const capability of node.capabilities) capabilities.add(capability);
  }
  return {
    types: types.choices(),
    capabilities: capabilities.choices(),
    health: HEALTHS.map((value) => ({ value, label: wordOfHealth(value), count: health.count(value) })),
    // Of those that left the page knows only some.
    states: STATES.map((value) => ({ value, label: wordOfState(value), count: value === 'REGISTERED' ? states.count(value) : null })),
  };
}

function counter() {
  const counts = new Map<string, number>();
  return {
    add: (value: string) => counts.set(value, (counts.get(value) ?? 0) + 1),
    count: (value: string) => counts.get(value) ?? 0,
    choices: (): readonly Choice[] =>
      [...counts].sort(([a], [b]) => a.localeCompare(b)).map(([value, count]) => ({ value, label: value, count })),
  };
}
