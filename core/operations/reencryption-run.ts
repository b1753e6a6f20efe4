// SPDX-License-Identifier: Apache-2.0
// One attempt of a run: what every step of it reads first, and the list of shards that its workflow hands to workers.
import { KeyturnError } from '../errors.ts';
import type { OperationRecord } from '../keys/records.ts';
import type { ReencryptionRecord, SourceRecord } from '../keys/reencryption.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import { keyNotFound } from './mutate-key.ts';

/** Names one attempt of a run; `fence` is the run's, not that of the key's lease. */
export interface RunInput {
  readonly operationId: string;
  readonly key: string;
  readonly fence: number;
}

/** One shard of one source in one pass: what a worker is given. */
export interface ShardInput extends RunInput {
  readonly source: string;
  readonly shard: number;
  readonly pass: number;
}

export interface RunContext {
  readonly snapshot: KeySnapshot;
  readonly run: ReencryptionRecord;
}

/** Fails unless this attempt is still the run of the key. */
export function runContext(snapshot: KeySnapshot, input: RunInput): RunContext {
  const run = snapshot.reencryption;
  const isOurs =
    run?.state === 'running' && run.operationId === input.operationId && run.fence === input.fence;
  if (run && isOurs) return { snapshot, run };
  throw new KeyturnError(
    'LeaseLost',
    `attempt ${input.fence} of ${input.operationId} is no longer the re-encryption of ${input.key}`,
    { details: { operationId: input.operationId, fence: input.fence } },
  );
}

/** @throws KeyturnError `KeyNotFound`, `LeaseLost` */
export async function readRun(ledger: Ledger, input: RunInput): Promise<RunContext> {
  const snapshot = await ledger.readKey(input.key);
  if (!snapshot) throw keyNotFound(input.key);
  return runContext(snapshot, input);
}

/** Sources that hold items; a declaration that nothing is stored holds none. */
export function workedSources(snapshot: KeySnapshot): readonly SourceRecord[] {
  return snapshot.sources.filter(({ location }) => location.kind !== 'none');
}

/** Every shard of a pass. */
export function shardsOf(
  snapshot: KeySnapshot,
  input: RunInput,
  pass: number,
): readonly ShardInput[] {
  const { operationId, key, fence } = input;
  return workedSources(snapshot).flatMap(({ name, shards }) =>
    Array.from({ length: shards }, (_, shard) => ({
      operationId,
      key,
      fence,
      source: name,
      shard,
      pass,
    })),
  );
}

/** The operation of a run. @throws KeyturnError `OperationNotFound` */
export async function readRunOperation(ledger: Ledger, id: string): Promise<OperationRecord> {
  const operation = await ledger.readOperation(id);
  if (operation) return operation;
  throw new KeyturnError('OperationNotFound', `no operation ${id} is recorded`);
}
