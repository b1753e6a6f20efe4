// SPDX-License-Identifier: Apache-2.0
// Sources, holds and the progress of a run, as the API shows them.
import type { z } from 'zod';
import type * as bodies from '#core/contract/reencryption.ts';
import type { OperationRecord } from '#core/keys/records.ts';
import type { HoldRecord, ReencryptionRecord, SourceRecord } from '#core/keys/reencryption.ts';
import type { KeySnapshot } from '#core/ports/ledger.ts';
import type { DeadItem, ShardCheckpoint } from '#core/ports/reencryption-progress.ts';

export function sourceView(source: SourceRecord): z.infer<typeof bodies.Source> {
  const { removedAt: _removed, location, copies, ...shown } = source;
  return {
    ...shown,
    location: structuredClone(location) as z.infer<typeof bodies.SourceLocation>,
    copies: copies.map((copy) => ({ ...copy })),
    count: source.count && { ...source.count, byVersion: { ...source.count.byVersion } },
  };
}

export function holdView(hold: HoldRecord): z.infer<typeof bodies.Hold> {
  const { releasedAt: _released, ...shown } = hold;
  return shown;
}

function progressOf(source: SourceRecord, all: readonly ShardCheckpoint[]) {
  const own = all.filter((one) => one.source === source.name);
  const sum = (of: (one: ShardCheckpoint) => number) =>
    own.reduce((total, one) => total + of(one), 0);
  const byVersion: Record<string, number> = {};
  for (const [version, count] of own.flatMap(({ found }) => Object.entries(found)))
    byVersion[version] = (byVersion[version] ?? 0) + count;
  const isExpected = own.length === source.shards && own.every((one) => one.expected !== null);
  return {
    source: source.name,
    items: sum((one) => one.items),
    // What is there can be more than what was expected of it.
    expected: isExpected
      ? Math.max(
          sum((one) => one.expected ?? 0),
          sum((one) => one.items),
        )
      : null,
    rewritten: sum((one) => one.rewritten),
    changed: sum((one) => one.changed),
    dead: sum((one) => one.dead),
    byVersion,
    shardsDone: own.filter(({ isDone }) => isDone).length,
    shards: source.shards,
  };
}

/** Items per second of the pass so far, and the seconds that the expected rest takes at that pace. */
function paceOf(
  run: ReencryptionRecord | null,
  sources: readonly { items: number; expected: number | null }[],
  now: string,
) {
  if (run?.state !== 'running' || run.passStartedAt === null)
    return { itemsPerSecond: null, secondsLeft: null };
  const seconds = (Date.parse(now) - Date.parse(run.passStartedAt)) / 1000;
  const items = sources.reduce((total, one) => total + one.items, 0);
  const left = sources.reduce<number | null>(
    (total, one) =>
      total === null || one.expected === null ? null : total + one.expected - one.items,
    0,
  );
  if (seconds <= 0 || items === 0) return { itemsPerSecond: null, secondsLeft: null };
  const itemsPerSecond = items / seconds;
  return { itemsPerSecond, secondsLeft: left === null ? null : Math.ceil(left / itemsPerSecond) };
}

export function reencryptionView(
  { key, sources, reencryption: run }: KeySnapshot,
  operation: OperationRecord | null,
  checkpoints: readonly ShardCheckpoint[],
  dead: readonly DeadItem[],
  now: string,
): z.infer<typeof bodies.Reencryption> {
  const ofPass = checkpoints.filter(({ pass }) => pass === run?.pass);
  const shown = sources
    .filter(({ location }) => location.kind !== 'none')
    .map((source) => progressOf(source, ofPass));
  return {
    key: key.name,
    state: run?.state ?? 'idle',
    isAutomatic: run?.isAutomatic ?? false,
    operationId: run?.operationId ?? null,
    operationState: operation?.state ?? null,
    cause: operation?.cause ?? null,
    pass: run?.pass ?? 0,
    ...paceOf(run, shown, now),
    sources: shown,
    deadItems: dead.map(({ source, id, cause, at }) => ({ source, id, cause, at })),
  };
}
