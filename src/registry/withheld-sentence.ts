import type { Ejection } from './ejections.ts';
import type { NodeRecord } from './node-record.ts';
import type { RegistryView } from './view.ts';
import { lackingNames, type MatchedRequest, type WithheldReason } from './withheld.ts';

/** Longest part of a check's output, a list or a name that is repeated in a sentence. */
const LONGEST = 200;

/** What stands against handing the node out, since when, and what to do about it: one or two sentences for a person. */
export function sentenceAgainst(
  view: RegistryView,
  node: NodeRecord,
  ejection: Ejection | null,
  request: MatchedRequest,
  reason: WithheldReason,
): string {
  switch (reason) {
    case 'REMOVED':
      return goodbyeSentence(node);
    case 'EXPIRED':
      return expirySentence(node);
    case 'UNHEALTHY':
      return unhealthySentence(view, node);
    case 'DEGRADED':
      return degradedSentence(node);
    case 'UNKNOWN':
      return node.checkStatus === null && node.consulServiceId !== null && node.address !== null
        ? 'Consul has not checked it yet: ask again in a moment.'
        : 'Nothing is known of its health: it has no endpoint to check and sent no heartbeat. Let it announce a health endpoint, or heartbeat.';
    case 'EJECTED':
      return ejectionSentence(node, ejection);
    case 'WRONG_TYPE':
      return `Its type is ${quoted(node.type)}, and ${typesAsked(request)} was asked for: add it to types, or leave them out.`;
    case 'WRONG_VERSION':
      return node.version === null
        ? `It announces no version, so it is in no versionRange: let it announce one, or ask without.`
        : `Its version ${quoted(node.version)} is not in ${request.range}: widen versionRange, or upgrade the node.`;
    case 'LACKS_CAPABILITY':
      return lackingSentence(view, node, request);
  }
}

/** Since when the reason holds, at the latest: milliseconds since 1970; null where it was so all along, or only Consul knows. */
export function sinceWhen(view: RegistryView, node: NodeRecord, reason: WithheldReason): number | null {
  const isOfRequest = reason === 'WRONG_TYPE' || reason === 'WRONG_VERSION' || reason === 'LACKS_CAPABILITY';
  return isOfRequest || isAheadOfLog(view, node) ? null : node.updatedAt;
}

function goodbyeSentence(node: NodeRecord): string {
  return node.stateReason === 'operator'
    ? `An operator deregistered it at ${time(node.updatedAt)}. Only a startup announcement brings it back, or its answer to requestIntrospection.`
    : `It said goodbye at ${time(node.updatedAt)}. Start it again: its next announcement brings it back.`;
}

function expirySentence(node: NodeRecord): string {
  return node.stateReason === 'consul_critical'
    ? `Consul dropped it at ${time(node.updatedAt)}: its check had failed for too long${output(node.checkOutput)}. Mend it; its next announcement brings it back.`
    : `It expired at ${time(node.updatedAt)}, last seen at ${time(node.liveness.lastSeenAt)}. See whether it runs and reaches Kafka: its next announcement brings it back.`;
}

function unhealthySentence(view: RegistryView, node: NodeRecord): string {
  const observed = view.observedCheck(node);
  if (isAheadOfLog(view, node)) return `Its Consul check fails at this moment${output(observed?.output ?? null)}. ${lookAt(node)}`;
  const since = `since ${time(node.updatedAt)} at the latest`;
  if (node.checkStatus === 'critical') return `Its Consul check has failed ${since}${output(node.checkOutput)}. ${lookAt(node)}`;
  const { reportedHealth } = node.liveness;
  if (reportedHealth === 'unhealthy' || reportedHealth === 'critical') {
    return `It has said of itself that it is ${reportedHealth}, ${since}. It is handed out again when a heartbeat or announcement says healthy.`;
  }
  return `${silence(node)} It is handed out again with its next heartbeat: see whether it runs and reaches Kafka.`;
}

function degradedSentence(node: NodeRecord): string {
  const since = `since ${time(node.updatedAt)} at the latest`;
  if (node.checkStatus === 'warning') return `Its Consul check has warned ${since}${output(node.checkOutput)}. ${lookAt(node)}`;
  const { reportedHealth } = node.liveness;
  if (reportedHealth === 'degraded' || reportedHealth === 'recovering') {
    return `It has said of itself that it is ${reportedHealth}, ${since}. It is handed out again when a heartbeat or announcement says healthy.`;
  }
  return `${silence(node)} Its check passes: it is handed out again with its next heartbeat.`;
}

function ejectionSentence(node: NodeRecord, ejection: Ejection | null): string {
  const since = ejection === null ? '' : ` since ${time(ejection.since)}`;
  return `Consul's check passes, but this gateway's own probes have failed${since}${output(ejection?.error ?? null)}. ${lookAt(node, `${ejection?.successesNeeded ?? 2} probes in a row pass`)}`;
}

function typesAsked({ types }: MatchedRequest): string {
  const asked = types?.asked() ?? [];
  return asked.length === 0 ? 'no type at all' : `only ${listed(asked)}`;
}

function lackingSentence(view: RegistryView, node: NodeRecord, request: MatchedRequest): string {
  const lacking = lackingNames(node, request);
  const directory = node.state === 'REGISTERED' ? view.registered : view.departed;
  const [name] = lacking;
  if (lacking.length === 1 && name !== undefined && directory.has(name.canonical, node.nodeId)) {
    return `${quoted(name.asked)} is its name, not a capability: names count only while no REGISTERED node has a capability that is called so.`;
  }
  return `It does not have ${listed(lacking.map(({ asked }) => asked))}: let it announce that, or do not ask for it.`;
}

/** Whether Consul says critical, and the change log does not yet. */
function isAheadOfLog(view: RegistryView, node: NodeRecord): boolean {
  return node.state === 'REGISTERED' && node.checkStatus !== 'critical' && view.observedCheck(node)?.status === 'critical';
}

function lookAt(node: NodeRecord, when = 'the check passes'): string {
  const health = node.endpoints.find(({ name }) => name.toLowerCase() === 'health')?.url;
  return health === undefined
    ? `It is handed out again when ${when}.`
    : `It is handed out again when ${when}: see what ${health.slice(0, LONGEST)} answers.`;
}

function silence({ liveness, accepted }: NodeRecord): string {
  return liveness.lastHeartbeatAt === null
    ? `It has not been heard since it announced itself at ${time(accepted.receivedAt)}.`
    : `Its last heartbeat came at ${time(liveness.lastHeartbeatAt)}.`;
}

function output(text: string | null): string {
  const line = (text ?? '').slice(0, LONGEST).replaceAll(/\s+/g, ' ').trim();
  return line === '' ? '' : ` (${line})`;
}

export function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** As it is said in a sentence: cut where it is long. */
export function quoted(text: string): string {
  return `"${text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}"`;
}

/** At most three of them in words. */
export function listed(texts: readonly string[], last: 'and' | 'or' = 'and'): string {
  const shown = texts.slice(0, 3).map(quoted);
  const more = texts.length - shown.length;
  if (more > 0) shown.push(`${more} more`);
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} ${last} ${shown.slice(-1).join('')}`;
}
