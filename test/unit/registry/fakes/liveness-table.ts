import type { Heartbeat } from '../../../../src/events/announcement.ts';
import type { NodeId } from '../../../../src/events/node-id.ts';
import type { NodeRecord } from '../../../../src/registry/node-record.ts';
import type { LivenessUpdate } from '../../../../src/registry/ports.ts';

/** The signs of life, beside the rows and without their locks, merged as the SQL does. */
export class LivenessTable {
  readonly #rows = new Map<NodeId, LivenessUpdate & { readonly mark: number }>();
  #mark = 0;

  /** The row with the signs of life that are stored of its node. */
  join(node: NodeRecord): NodeRecord {
    const row = this.#rows.get(node.nodeId);
    if (row === undefined) return node;
    const { liveness, currentState, acknowledgedAt } = row;
    return { ...node, liveness, currentState, acknowledgedAt };
  }

  /** What came with a row. What a heartbeat or an acknowledgement said since it was read stays. */
  write({ nodeId, liveness, currentState, acknowledgedAt }: NodeRecord, read: NodeRecord | undefined): void {
    const now = this.#rows.get(nodeId);
    if (now === undefined) {
      this.#put({ nodeId, liveness, currentState, acknowledgedAt });
      return;
    }
    const wasBeating = now.liveness.lastHeartbeatAt !== (read?.liveness.lastHeartbeatAt ?? null);
    const hasSpoken = now.liveness.reportedHealth !== (read?.liveness.reportedHealth ?? null);
    this.#put({
      nodeId,
      liveness: {
        ...(wasBeating ? now.liveness : liveness),
        lastSeenAt: Math.max(liveness.lastSeenAt, now.liveness.lastSeenAt),
        reportedHealth: hasSpoken ? now.liveness.reportedHealth : liveness.reportedHealth,
      },
      currentState,
      acknowledgedAt: now.acknowledgedAt === (read?.acknowledgedAt ?? null) ? acknowledgedAt : now.acknowledgedAt,
    });
  }

  heard(heartbeat: Heartbeat, receivedAt: number): void {
    const { nodeId, reportedHealth, activeOperations, cpuPercent, memoryMb, memoryPercent, uptimeSeconds } = heartbeat;
    const before = this.#rows.get(nodeId);
    this.#put({
      nodeId,
      liveness: {
        lastSeenAt: Math.max(receivedAt, before?.liveness.lastSeenAt ?? 0),
        lastHeartbeatAt: greatest(receivedAt, before?.liveness.lastHeartbeatAt ?? null),
        reportedHealth: reportedHealth ?? before?.liveness.reportedHealth ?? null,
        activeOperations,
        cpuPercent,
        memoryMb,
        memoryPercent,
        uptimeSeconds,
      },
      currentState: before?.currentState ?? null,
      acknowledgedAt: before?.acknowledgedAt ?? null,
    });
  }

  acknowledged(nodeId: NodeId, receivedAt: number): void {
    const before = this.#rows.get(nodeId);
    if (before === undefined) return;
    this.#put({
      ...before,
      liveness: { ...before.liveness, lastSeenAt: Math.max(receivedAt, before.liveness.lastSeenAt) },
      acknowledgedAt: receivedAt,
    });
  }

  since(mark: string | null): { readonly updates: readonly LivenessUpdate[]; readonly mark: string } {
    const updates = mark === null ? [] : [...this.#rows.values()].filter((row) => row.mark > Number(mark));
    return { updates: updates.map(({ mark: _, ...update }) => update), mark: String(this.#mark) };
  }

  delete(nodeId: NodeId): void {
    this.#rows.delete(nodeId);
  }

  #put(update: LivenessUpdate): void {
    this.#mark += 1;
    this.#rows.set(update.nodeId, { ...update, mark: this.#mark });
  }
}

function greatest(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}
