// SPDX-License-Identifier: Apache-2.0
// Checkpoints in memory, for unit tests and simulation.
import type {
  DeadItem,
  ReencryptionProgress,
  ShardCheckpoint,
} from '#core/ports/reencryption-progress.ts';

const placeOf = (operationId: string, source: string, shard: number) =>
  `${operationId}/${source}/${shard}`;

export class MemoryReencryptionProgress implements ReencryptionProgress {
  readonly #checkpoints = new Map<string, ShardCheckpoint>();
  readonly #dead = new Map<string, Map<string, DeadItem>>();

  async readCheckpoint(
    operationId: string,
    source: string,
    shard: number,
  ): Promise<ShardCheckpoint | null> {
    return structuredClone(this.#checkpoints.get(placeOf(operationId, source, shard)) ?? null);
  }

  async readCheckpoints(operationId: string): Promise<readonly ShardCheckpoint[]> {
    return [...this.#checkpoints.values()]
      .filter((checkpoint) => checkpoint.operationId === operationId)
      .map((checkpoint) => structuredClone(checkpoint));
  }

  async write(checkpoint: ShardCheckpoint, dead: readonly DeadItem[]): Promise<boolean> {
    const { operationId, source, shard, sequence } = checkpoint;
    const place = placeOf(operationId, source, shard);
    if ((this.#checkpoints.get(place)?.sequence ?? 0) !== sequence - 1) return false;
    this.#checkpoints.set(place, structuredClone(checkpoint));
    const items = this.#dead.get(operationId) ?? new Map<string, DeadItem>();
    for (const item of dead) items.set(`${item.source}/${item.id}`, item);
    this.#dead.set(operationId, items);
    return true;
  }

  async readDead(operationId: string, limit: number): Promise<readonly DeadItem[]> {
    const items = [...(this.#dead.get(operationId) ?? [])];
    return items
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, limit)
      .map(([, item]) => item);
  }
}
