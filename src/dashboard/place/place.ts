import type { NodeFilter } from '../fleet/node-filter.ts';
import { COLUMNS, type Column, DEFAULT_ORDER, type NodeOrder } from '../fleet/node-order.ts';
import { LOGGED_TYPES, type LoggedType } from '../gateway/change-shape.ts';
import { HEALTHS, type Health, STATES, type State } from '../gateway/node-shape.ts';

export const VIEWS = ['overview', 'nodes', 'capabilities', 'timeline', 'rejected'] as const;
export type View = (typeof VIEWS)[number];

/** Where one is in the page: a view, something chosen in it, and how it is set. It stands in the hash of the URL. */
export interface Place {
  readonly view: View;
  /** The node of `#/nodes/…`, the capability of `#/capabilities/…`; null for none. */
  readonly chosen: string | null;
  readonly settings: URLSearchParams;
}

/** Of `#/nodes/geocoder-001?type=compute`; what is none leads to the overview. */
export function readPlace(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#/, '').split(/\?(.*)/s);
  const [, name = '', chosen = ''] = path.split('/');
  const view = VIEWS.find((one) => one === name) ?? 'overview';
  return { view, chosen: chosen === '' ? null : decoded(chosen), settings: new URLSearchParams(query) };
}

export function printPlace({ view, chosen, settings }: Place): string {
  const path = chosen === null ? view : `${view}/${encodeURIComponent(chosen)}`;
  const query = settings.toString();
  return query === '' ? `#/${path}` : `#/${path}?${query}`;
}

/** A link to a view with these settings; blank ones are left out. */
export function linkTo(view: View, chosen: string | null = null, settings: Readonly<Record<string, string>> = {}): string {
  const given = Object.entries(settings).filter(([, value]) => value !== '');
  return printPlace({ view, chosen, settings: new URLSearchParams(given) });
}

/** The same place with other settings; blank ones go. */
export function withSettings(place: Place, changes: Readonly<Record<string, string>>): Place {
  const settings = new URLSearchParams(place.settings);
  for (const [name, value] of Object.entries(changes)) {
    if (value === '') settings.delete(name);
    else settings.set(name, value);
  }
  return { ...place, settings };
}

/** In the settings: all states, where leaving it out means the registered ones. */
export const ANY_STATE = 'any';

export function readNodeFilter(settings: URLSearchParams): NodeFilter {
  const state = settings.get('state');
  const states = listOf(settings, 'state').filter(isState);
  return {
    text: settings.get('q') ?? '',
    types: listOf(settings, 'type'),
    capabilities: listOf(settings, 'capability'),
    health: listOf(settings, 'health').filter(isHealth),
    states: state === ANY_STATE ? [] : states.length === 0 ? ['REGISTERED'] : states,
  };
}

/** `-lastSeen`: by that column, the largest first. */
export function readNodeOrder(settings: URLSearchParams): NodeOrder {
  const text = settings.get('sort') ?? '';
  const column = text.replace(/^-/, '');
  return isColumn(column) ? { column, isDescending: text.startsWith('-') } : DEFAULT_ORDER;
}

export function printNodeOrder({ column, isDescending }: NodeOrder): string {
  if (column === DEFAULT_ORDER.column && isDescending === DEFAULT_ORDER.isDescending) return '';
  return `${isDescending ? '-' : ''}${column}`;
}

export function readChangeTypes(settings: URLSearchParams): readonly LoggedType[] {
  return listOf(settings, 'change').filter(isLoggedType);
}

/** A setting that is a list. Commas within a value are escaped, since a type or capability may hold one. */
export function listOf(settings: URLSearchParams, name: string): readonly string[] {
  const text = settings.get(name) ?? '';
  return text === '' ? [] : text.split(',').map(decoded);
}

export function printList(values: readonly string[]): string {
  return values.map((value) => value.replaceAll('%', '%25').replaceAll(',', '%2C')).join(',');
}

/** With this value where it is not in the list, without it where it is. */
export function toggled(values: readonly string[], value: string): readonly string[] {
  return values.includes(value) ? values.filter((one) => one !== value) : [...values, value];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    // A URL that somebody typed: what it says literally is the best guess.
    if (error instanceof URIError) return text;
    throw error;
  }
}

const isState = (text: string): text is State => STATES.some((one) => one === text);
const isHealth = (text: string): text is Health => HEALTHS.some((one) => one === text);
const isColumn = (text: string): text is Column => COLUMNS.some((one) => one === text);
const isLoggedType = (text: string): text is LoggedType => LOGGED_TYPES.some((one) => one === text);
