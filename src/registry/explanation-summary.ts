import type { DiscoveryExplanation } from './explanation.ts';
import type { NameKind } from './name-directory.ts';
import { listed } from './withheld-sentence.ts';

const KINDS: Readonly<Record<NameKind, string>> = {
  CAPABILITY: 'capability',
  SERVICE_NAME: 'service name',
  NODE_NAME: 'node name',
  NODE_TYPE: 'node type',
};

/** The whole explanation in a few sentences, for a person or a log. */
export function summaryOf(explanation: DiscoveryExplanation, unknownTypes: readonly string[]): string {
  const sentences = [outcome(explanation)];
  const unknown = explanation.names.filter(({ registered }) => registered === 0);
  if (unknown.length > 0 && explanation.withheldCount > 0) {
    sentences.push(`No REGISTERED node answers to ${listed(unknown.map(({ asked }) => asked))}.`);
  }
  if (unknownTypes.length > 0) sentences.push(`No REGISTERED node is of type ${listed(unknownTypes, 'or')}.`);
  if (unknown.length > 0 || unknownTypes.length > 0) sentences.push(hint(explanation));
  return sentences.join(' ');
}

function outcome(explanation: DiscoveryExplanation): string {
  const { names, handedOut, withheldCount } = explanation;
  const wanted = listed(names.map(({ asked }) => asked));
  const reasons = explanation.counts().map(({ reason, nodes }) => `${nodes} ${reason}`);
  if (handedOut > 0) {
    const kinds = [...new Set(names.flatMap((name) => name.kinds))].map((kind) => KINDS[kind]).join(' and ');
    const rest = withheldCount === 0 ? '' : `; ${counted(withheldCount)} not: ${reasons.join(', ')}`;
    return `${counted(handedOut)} handed out for ${wanted}, found by ${kinds}${rest}.`;
  }
  if (withheldCount > 0) {
    return `No node is handed out for ${wanted}; ${counted(withheldCount)} withheld that ${withheldCount === 1 ? 'has' : 'have'} it or had it, in part or whole: ${reasons.join(', ')}.`;
  }
  return `No node is or was known with ${wanted} as a capability, service name, node name or type.`;
}

function counted(nodes: number): string {
  return nodes === 1 ? '1 node is' : `${nodes} nodes are`;
}

function hint(explanation: DiscoveryExplanation): string {
  const near = [...new Set(explanation.suggestions(3).map(({ name }) => name))];
  if (near.length > 0) return `Did you mean ${listed(near, 'or')}?`;
  return explanation.withheldCount > 0
    ? 'See what stands against each in withheld.'
    : 'See whether the node announced itself: rejectedEvents has what was refused, and capabilities what there is.';
}
