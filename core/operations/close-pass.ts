// SPDX-License-Identifier: Apache-2.0
// The steps of a run around its workers. A run is passes over all shards: the first re-encrypts, and the last one is
// a pass in which nothing was left to do. Only that one counts: whatever was written before a pass began was seen by
// it, and a restricted version makes no new ciphertext.
import type { AuditValue } from '../audit/chain.ts';
import { KeyturnError } from '../errors.ts';
import type { ReencryptionRecord, SourceCount, SourceRecord } from '../keys/reencryption.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock } from '../ports/platform.ts';
import type { ReencryptionProgress, ShardCheckpoint } from '../ports/reencryption-progress.ts';
import { later } from './admit-operation.ts';
import { describeFailure, type Failure } from './end-operation.ts';
import { mutateKey } from './mutate-key.ts';
import {
  type RunContext,
  type RunInput,
  readRunOperation,
  runContext,
  type ShardInput,
  shardsOf,
  workedSources,
} from './reencryption-run.ts';
import { withStep } from './run-step.ts';
import { withdrawn } from './withdraw-retirement.ts';

/** Passes in a row before the run is parked: an application that goes on making old ciphertexts is found, not chased. */
export const MAX_PASSES = 5;

export interface RunDeps {
  readonly ledger: Ledger;
  readonly progress: ReencryptionProgress;
  readonly clock: Clock;
}

/** What the workflow does next. */
export interface NextPass {
  readonly next: 'pass' | 'done';
  readonly shards: readonly ShardInput[];
}

const LIVING_SECONDS = 600;
const permit = { effect: 'permit' as const, rule: 'run-holder' };
const actor = 'workflow/reencrypt';

/**
 * Begins an attempt: names the shards of its pass. One that comes after the last pass in a row begins the next: what that
 * pass has found is known, and stays as it was.
 * @throws KeyturnError `OperationNotFound`, `LeaseLost`
 */
export async function beginRun(
  deps: RunDeps,
  input: { readonly operationId: string; readonly attempt: number },
): Promise<NextPass & RunInput> {
  const operation = await readRunOperation(deps.ledger, input.operationId);
  const checkpoints = await deps.progress.readCheckpoints(input.operationId);
  return mutateKey(deps.ledger, operation.key, (snapshot) => {
    const run = snapshot.reencryption;
    const named = {
      operationId: input.operationId,
      key: operation.key,
      fence: run?.fence ?? 0,
    };
    const context = runContext(snapshot, named);
    if (operation.attempt !== input.attempt) {
      throw new KeyturnError('LeaseLost', `${input.operationId} has a newer attempt`);
    }
    const at = deps.clock.now();
    const isOver =
      isLastInARow(context.run) && unfinished(context, named, checkpoints).length === 0;
    const ours = isOver ? nextPass(context.run, at) : context.run;
    const draft = {
      reencryption: { ...ours, dueAt: later(at, LIVING_SECONDS) },
      operation: withStep(operation, 'ReencryptShards', at),
      audit: {
        at,
        actor,
        action: 'reencryption.begun',
        decision: permit,
        operationId: operation.id,
        detail: { attempt: operation.attempt, pass: ours.pass },
      },
    };
    const shards = shardsOf(snapshot, named, ours.pass);
    return { draft, result: { ...named, next: shards.length > 0 ? 'pass' : 'done', shards } };
  });
}

const isLastInARow = ({ pass }: ReencryptionRecord) => pass % MAX_PASSES === 0;

function nextPass(run: ReencryptionRecord, at: string): ReencryptionRecord {
  return { ...run, pass: run.pass + 1, passStartedAt: at, dueAt: later(at, LIVING_SECONDS) };
}

/** Checkpoints of the run's pass by source. */
function bySource(
  checkpoints: readonly ShardCheckpoint[],
  source: SourceRecord,
  pass: number,
): readonly ShardCheckpoint[] {
  return checkpoints.filter((one) => one.source === source.name && one.pass === pass);
}

function countOf(
  checkpoints: readonly ShardCheckpoint[],
  operationId: string,
  startedAt: string,
  endedAt: string,
): SourceCount {
  const byVersion: Record<string, number> = {};
  for (const [version, count] of checkpoints.flatMap(({ found }) => Object.entries(found)))
    byVersion[version] = (byVersion[version] ?? 0) + count;
  const dead = checkpoints.reduce((sum, one) => sum + one.dead, 0);
  return { operationId, startedAt, endedAt, byVersion, dead };
}

const sum = (counts: Readonly<Record<string, number>>, except: number | null) =>
  Object.entries(counts).reduce(
    (total, [version, count]) => (version === String(except) ? total : total + count),
    0,
  );

/** Shards of the pass that no worker finished. */
function unfinished(
  { snapshot, run }: RunContext,
  input: RunInput,
  checkpoints: readonly ShardCheckpoint[],
): readonly ShardInput[] {
  const done = checkpoints.filter((one) => one.isDone && one.pass === run.pass);
  return shardsOf(snapshot, input, run.pass).filter(
    ({ source, shard }) => !done.some((one) => one.source === source && one.shard === shard),
  );
}

function counted(
  { snapshot, run }: RunContext,
  input: RunInput,
  checkpoints: readonly ShardCheckpoint[],
  at: string,
): readonly SourceRecord[] {
  const startedAt = run.passStartedAt ?? at;
  return workedSources(snapshot).map((source) => ({
    ...source,
    count: countOf(bySource(checkpoints, source, run.pass), input.operationId, startedAt, at),
  }));
}

function totals(sources: readonly SourceRecord[], snapshot: KeySnapshot) {
  const counts = sources.flatMap(({ count }) => (count ? [count] : []));
  const { currentVersion } = snapshot.key;
  return {
    old: counts.reduce((total, { byVersion }) => total + sum(byVersion, currentVersion), 0),
    all: counts.reduce((total, { byVersion }) => total + sum(byVersion, null), 0),
    dead: counts.reduce((total, { dead }) => total + dead, 0),
  };
}

/**
 * Closes a pass: the run is done when it found nothing under an old version, else the next pass begins.
 * @throws KeyturnError `LeaseLost`; `SourceUnavailable` when shards are unfinished, or when old ciphertexts were found
 * in each of {@link MAX_PASSES} passes in a row
 */
export async function closePass(deps: RunDeps, input: RunInput): Promise<NextPass & RunInput> {
  const checkpoints = await deps.progress.readCheckpoints(input.operationId);
  const operation = await readRunOperation(deps.ledger, input.operationId);
  return mutateKey<NextPass & RunInput>(deps.ledger, input.key, (snapshot) => {
    const context = runContext(snapshot, input);
    const { run } = context;
    const open = unfinished(context, input, checkpoints);
    if (open.length > 0) {
      throw new KeyturnError(
        'SourceUnavailable',
        `${open.length} shards are unfinished, the first of source ${open[0]?.source}; the run goes on with its next attempt`,
      );
    }
    const at = deps.clock.now();
    const sources = counted(context, input, checkpoints, at);
    const { old, all, dead } = totals(sources, snapshot);
    const isClean = old === 0;
    if (!isClean && isLastInARow(run)) {
      throw new KeyturnError(
        'SourceUnavailable',
        `${old} ciphertexts were still found under old versions in pass ${run.pass}: something goes on writing them`,
      );
    }
    const detail: Record<string, AuditValue> = { pass: run.pass, ciphertexts: all, old, dead };
    const audit = {
      at,
      actor,
      action: isClean ? 'reencryption.completed' : 'reencryption.pass-closed',
      decision: permit,
      operationId: operation.id,
      detail,
    };
    // What was found under a version that was thought empty takes its readiness back.
    const versions = withdrawn(snapshot, ({ version }) =>
      sources.some(({ count }) => (count?.byVersion[version] ?? 0) > 0 || (count?.dead ?? 0) > 0),
    );
    if (isClean) {
      const ended = withStep(operation, 'CompleteOperation', at);
      const cause = dead > 0 ? `${dead} ciphertexts open under no version of the key` : null;
      const draft = {
        sources,
        versions,
        reencryption: { ...run, state: 'idle' as const, dueAt: null },
        operation: { ...ended, state: 'done' as const, endedAt: at, cause, retryAt: null },
        audit,
      };
      return { draft, result: { ...input, next: 'done', shards: [] } };
    }
    const reencryption = nextPass(run, at);
    const shards = shardsOf(snapshot, input, reencryption.pass);
    const draft = { sources, versions, reencryption, audit };
    return { draft, result: { ...input, next: 'pass', shards } };
  });
}

/** Parks a run that failed; the sweep takes it up again. @throws KeyturnError `LeaseLost` */
export async function parkRun(
  deps: RunDeps,
  input: RunInput & { readonly failure: Failure },
  retryAfterSeconds: number,
): Promise<void> {
  const operation = await readRunOperation(deps.ledger, input.operationId);
  const cause = describeFailure(input.failure);
  await mutateKey(deps.ledger, input.key, (snapshot) => {
    const { run } = runContext(snapshot, input);
    const at = deps.clock.now();
    const retryAt = later(at, retryAfterSeconds);
    const draft = {
      reencryption: { ...run, state: 'parked' as const, dueAt: retryAt },
      operation: {
        ...withStep(operation, 'ParkOperation', at),
        state: 'parked' as const,
        cause,
        retryAt,
      },
      audit: {
        at,
        actor,
        action: 'operation.parked',
        decision: permit,
        operationId: operation.id,
        detail: { cause, retryAt, pass: run.pass },
      },
    };
    return { draft, result: undefined };
  });
}
