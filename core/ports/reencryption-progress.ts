// SPDX-License-Identifier: Apache-2.0
// Port of how far a run of re-encryption has come: one checkpoint per shard, and the items that stayed unreadable.
import type { Instant } from '../keys/records.ts';

export interface ShardCheckpoint {
  readonly operationId: string;
  readonly source: string;
  readonly shard: number;
  readonly pass: number;
  /** Number of writes of this checkpoint: two workers of one shard cannot both write. */
  readonly sequence: number;
  readonly cursor: string | null;
  readonly isDone: boolean;
  /** Items of this pass, read and decided. */
  readonly items: number;
  /** Ciphertexts of this pass by the version that they were found under, as decimal text. */
  readonly found: Readonly<Record<string, number>>;
  readonly rewritten: number;
  /** Items that somebody else wrote while they were re-encrypted. */
  readonly changed: number;
  readonly dead: number;
  /** Items that the source expects in this shard. */
  readonly expected: number | null;
  readonly updatedAt: Instant;
}

/** An item that no version of the key opens. */
export interface DeadItem {
  readonly source: string;
  readonly id: string;
  readonly cause: string;
  readonly at: Instant;
}

export interface ReencryptionProgress {
  readCheckpoint(
    operationId: string,
    source: string,
    shard: number,
  ): Promise<ShardCheckpoint | null>;
  readCheckpoints(operationId: string): Promise<readonly ShardCheckpoint[]>;
  /** Writes a checkpoint over the one before it. @returns false when that is not there any more */
  write(checkpoint: ShardCheckpoint, dead: readonly DeadItem[]): Promise<boolean>;
  readDead(operationId: string, limit: number): Promise<readonly DeadItem[]>;
}
