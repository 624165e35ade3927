import type { NodeDetail } from './node-question.ts';
import type { ConsulService, Difference, StoredNode } from './records-question.ts';

/** One thing of a node, as each of the three holds it; null: holds none, or no such thing. */
export interface RecordRow {
  readonly name: string;
  readonly announced: string | null;
  readonly postgres: string | null;
  readonly consul: string | null;
  readonly isDifferent: boolean;
}

/** Metadata of the service in which the gateway keeps the content hash. */
const HASH = 'content_hash';

/**
 * What the three hold, thing by thing. What the gateway calls a difference and has no row here gets one of its own, first.
 *
 * @param postgres null: no row there, or not to be had; likewise `consul`
 */
export function recordRows(
  node: NodeDetail,
  postgres: StoredNode | null,
  consul: ConsulService | null,
  differences: readonly Difference[],
): readonly RecordRow[] {
  const differing = new Set(differences.map(({ field }) => field));
  const number = (value: number | null | undefined) => (value === null || value === undefined ? null : String(value));
  const list = (values: readonly string[] | undefined) => (values === undefined || values.length === 0 ? null : values.join(', '));
  const row = (
    fields: readonly string[],
    name: string,
    values: readonly [string | null, string | null | undefined, string | null | undefined],
  ) => ({
    fields,
    name,
    announced: values[0],
    postgres: values[1] ?? null,
    consul: values[2] ?? null,
    isDifferent: fields.some((field) => differing.has(field)),
  });
  const hash = consul?.meta[HASH];
  const rows = [
    row(['state'], 'State', [node.state, postgres?.state, consul === null ? null : 'in the catalog']),
    row(['health', 'checkStatus'], 'Health', [node.health, postgres?.health, consul === null ? null : checkOf(consul)]),
    row(['serviceName'], 'Service', [node.serviceName, postgres?.serviceName, consul?.name]),
    row(['address'], 'Address', [node.address, postgres?.address, consul?.address]),
    row(['port'], 'Port', [number(node.port), number(postgres?.port), number(consul?.port)]),
    row(['version'], 'Version', [node.version, postgres?.version, textOf(consul?.meta['node_version'])]),
    row(['capabilities', 'tags'], 'Capabilities', [list(node.capabilities), list(postgres?.capabilities), list(consul?.tags)]),
    row(['contentHash'], 'Content', [short(node.contentHash), short(postgres?.contentHash), short(textOf(hash))]),
    row(['registryId'], 'Registry', [
      differences.find(({ field }) => field === 'registryId')?.gateway ?? textOf(consul?.meta['registry_id']),
      null,
      textOf(consul?.meta['registry_id']),
    ]),
    row(['consulServiceId'], 'Id in Consul', [node.consulServiceId, postgres?.consulServiceId, consul?.id]),
  ];
  const shown = new Set(rows.flatMap(({ fields }) => fields));
  const others = differences
    .filter(({ field }) => !shown.has(field))
    .map(({ field, gateway, postgres: stored, consul: held }) => ({
      name: field,
      announced: gateway,
      postgres: stored,
      consul: held,
      isDifferent: true,
    }));
  return [
    ...others,
    ...rows.map(({ name, announced, postgres: stored, consul: held, isDifferent }) => ({
      name,
      announced,
      postgres: stored,
      consul: held,
      isDifferent,
    })),
  ];
}

function checkOf({ checks }: ConsulService): string {
  const worst = ['CRITICAL', 'WARNING', 'PASSING'].find((status) => checks.some((check) => check.status === status));
  return worst === undefined ? 'no check' : `check ${worst.toLowerCase()}`;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** Of a hash so much as one compares by eye. */
function short(hash: string | null | undefined): string | null {
  return hash === null || hash === undefined ? null : hash.slice(0, 12);
}
