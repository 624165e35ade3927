import type { CheckStatus, NodeRecord } from './node-record.ts';
import type { CatalogEntry, ServiceDefinition } from './ports.ts';

/** Something of a node that is not the same everywhere, in words; null where there is no such thing, or nothing is known of it. */
export interface RecordDifference {
  readonly field: string;
  /** As this gateway answers it, or would have it stand in Consul. */
  readonly gateway: string | null;
  readonly postgres: string | null;
  readonly consul: string | null;
}

/** What was read: null: there is none. Absent: nobody answered. */
export interface Records {
  readonly postgres?: NodeRecord | null;
  readonly consul?: CatalogEntry | null;
}

type Text = string | null;

/** One thing to compare. Without `postgres` or `consul`: no such thing is kept there. */
interface Comparison {
  readonly field: string;
  readonly gateway: Text;
  readonly postgres?: (row: NodeRecord) => Text;
  readonly consul?: (entry: CatalogEntry) => Text;
  /** As it should read in Consul, which cuts long values. Default: as the gateway has it. */
  readonly wanted?: Text;
}

/**
 * Where a node's row in Postgres and its service in Consul are not what this gateway answers with. A change that is under way shows as a
 * difference until it has arrived everywhere.
 */
export function findDifferences(node: NodeRecord, service: ServiceDefinition, records: Records): readonly RecordDifference[] {
  const { postgres: row, consul: entry } = records;
  const differences: RecordDifference[] = [];
  const isWanted = node.state === 'REGISTERED';
  const isStoredOtherwise = row !== undefined && row?.state !== node.state;
  const isPlacedOtherwise = entry !== undefined && (entry !== null) !== isWanted;
  if (isStoredOtherwise || isPlacedOtherwise) {
    differences.push({ field: 'state', gateway: node.state, postgres: row?.state ?? null, consul: entry == null ? null : 'registered' });
  }
  for (const { field, gateway, postgres, consul, wanted = gateway } of comparisons(node, service)) {
    const stored = row == null ? undefined : postgres?.(row);
    // Nothing should stand there of a node that left: that it does is said above.
    const found = entry == null || !isWanted ? undefined : consul?.(entry);
    if ((stored !== undefined && stored !== gateway) || (found !== undefined && found !== wanted)) {
      differences.push({ field, gateway, postgres: stored ?? null, consul: found ?? null });
    }
  }
  return differences;
}

function comparisons(node: NodeRecord, service: ServiceDefinition): readonly Comparison[] {
  return [
    { field: 'serviceName', gateway: node.serviceName, postgres: (row) => row.serviceName, consul: ({ name }) => name },
    { field: 'address', gateway: node.address, postgres: (row) => row.address, consul: ({ address }) => address },
    { field: 'port', gateway: text(node.port), postgres: (row) => text(row.port), consul: ({ port }) => text(port) },
    {
      field: 'version',
      gateway: node.version,
      postgres: (row) => row.version,
      consul: (entry) => meta(entry, 'node_version'),
      wanted: meta(service, 'node_version'),
    },
    { field: 'capabilities', gateway: list(node.capabilities), postgres: (row) => list(row.capabilities) },
    { field: 'tags', gateway: list(service.tags), consul: ({ tags }) => list(tags) },
    {
      field: 'contentHash',
      gateway: node.contentHash,
      postgres: (row) => row.contentHash,
      consul: (entry) => meta(entry, 'content_hash'),
    },
    { field: 'registryId', gateway: meta(service, 'registry_id'), consul: (entry) => meta(entry, 'registry_id') },
    { field: 'health', gateway: node.health, postgres: (row) => row.health },
    { field: 'checkStatus', gateway: node.checkStatus, postgres: (row) => row.checkStatus, consul: checkOf },
  ];
}

function text(value: number | null): Text {
  return value === null ? null : String(value);
}

function list(values: readonly string[]): string {
  return values.toSorted().join(', ');
}

function meta({ meta: values }: Pick<CatalogEntry, 'meta'>, name: string): Text {
  return values[name] ?? null;
}

const SEVERITY = ['passing', 'warning', 'critical'] as const;

/** The worst of its checks, which is the one that counts. */
function checkOf({ checks }: CatalogEntry): CheckStatus {
  return SEVERITY.findLast((status) => checks.some((check) => check.status === status)) ?? 'none';
}
