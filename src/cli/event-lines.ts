import type { ChangeEvent, RegistryEvent, RegistryNode } from '../client/index.ts';
import { plainText } from './plain-text.ts';
import type { Printer } from './printer.ts';

const SIGNS = { ADDED: '+', MODIFIED: '~', HEALTH_CHANGED: '♥', REMOVED: '-' } as const;
const COLOURS = { ADDED: 'green', MODIFIED: 'cyan', HEALTH_CHANGED: 'yellow', REMOVED: 'red' } as const;

/** What happened, as lines for a person. None for a bookmark. */
export function eventLines(event: RegistryEvent, printer: Pick<Printer, 'paint'>): string[] {
  if (event.kind === 'bookmark') return [];
  if (event.kind === 'change') return [changeLine(event, printer)];
  const { nodes, reset } = event;
  const title = reset === null ? `${nodes.length} nodes now:` : `The change log does not reach back (${reset}). ${nodes.length} nodes now:`;
  return [title, ...nodes.map((node) => `  = ${described(node)} ${node.health.toLowerCase()}`)].map((line) => plainText(line));
}

function changeLine(event: ChangeEvent, printer: Pick<Printer, 'paint'>): string {
  const { type, node, nodeId, reason, occurredAt } = event;
  const who = node === null ? nodeId : described(node);
  const why = reason === null ? '' : `: ${reason}`;
  const time = occurredAt.toISOString().slice(11, 19);
  return `${printer.paint('dim', time)}  ${printer.paint(COLOURS[type], SIGNS[type])} ${plainText(`${who} ${whatOf(event)}${why}`)}`;
}

function whatOf({ type, node, changedFields }: ChangeEvent): string {
  if (type === 'ADDED') return `registered, ${node?.health.toLowerCase() ?? 'unknown'}`;
  if (type === 'REMOVED') return node?.state === 'EXPIRED' ? 'expired' : 'left';
  if (type === 'HEALTH_CHANGED') return `is ${node?.health.toLowerCase() ?? 'unknown'}`;
  return `changed ${changedFields.join(', ')}`;
}

function described({ nodeId, type, serviceName }: RegistryNode): string {
  return `${nodeId} (${type}, ${serviceName})`;
}
