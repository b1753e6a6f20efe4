// SPDX-License-Identifier: Apache-2.0
// The end of a release: Keyturn's marks come off every KMS key, and with them the rights of all its roles; then the
// record becomes history. A second try finds keys without marks and leaves them.
import { KeyturnError } from '../errors.ts';
import { wrappedBy } from '../keys/naming.ts';
import type { Instant, OperationRecord } from '../keys/records.ts';
import type { KeyUntagger } from '../ports/key-vault.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import {
  openStep,
  recordStep,
  type StepDeps,
  type StepInput,
  type StepRecord,
} from './run-step.ts';
import { releaseTargetsOf } from './update-access.ts';

export interface ReleaseDeps extends StepDeps {
  readonly untagger: KeyUntagger;
}

/**
 * Data keys lie wrapped under this key, and only Keyturn can open them.
 * @throws KeyturnError `KeyNotUsable` while a key of tier `data` was ever made under it
 */
export async function requireNothingWrapped(ledger: Ledger, name: string): Promise<void> {
  const classes = await ledger.readOccupancy(wrappedBy(name));
  const keys = classes.reduce((sum, one) => sum + one.keys, 0);
  if (keys === 0) return;
  throw new KeyturnError(
    'KeyNotUsable',
    `${name} wraps ${keys} keys of tier data, which nobody could open without Keyturn; it cannot be let go`,
    { details: { key: name, keys } },
  );
}

/** The operation of a run that has not ended: its sources are not Keyturn's any more. */
async function openRun(deps: ReleaseDeps, { reencryption }: KeySnapshot) {
  const { state, operationId } = reencryption ?? {};
  return operationId && state !== 'idle' ? deps.ledger.readOperation(operationId) : null;
}

/**
 * What is left of the key's re-encryption, which holds no lease and may be due, parked or under way. Nothing changes a key
 * that was let go: a row that stays due would stop the sweep at it for ever.
 */
function runEnded(
  { reencryption: run }: KeySnapshot,
  seen: OperationRecord | null,
  at: Instant,
): Pick<StepRecord, 'reencryption' | 'otherOperations'> {
  if (!run) return {};
  const reencryption = { ...run, state: 'idle' as const, dueAt: null };
  if (run.state === 'idle' || run.operationId === null) return { reencryption };
  if (run.operationId !== seen?.id)
    throw new KeyturnError('RevisionConflict', `another re-encryption of ${run.key} has begun`);
  const isOpen = seen.state === 'running' || seen.state === 'parked';
  if (!isOpen) return { reencryption };
  const ended = {
    state: 'compensated' as const,
    endedAt: at,
    retryAt: null,
    cause: 'the key was let go',
  };
  return { reencryption, otherOperations: [{ ...seen, ...ended }] };
}

/** Of a version that was revoked. Who may still cache the key is no matter of Keyturn's any more. */
function watchEnded({ purgeWatch }: KeySnapshot): Pick<StepRecord, 'purgeWatch'> {
  return purgeWatch ? { purgeWatch: { ...purgeWatch, dueAt: null } } : {};
}

/** @throws KeyturnError `LeaseLost`, `StepOutOfOrder`, `KeyNotUsable`, and what the vault answers */
export async function completeRelease(deps: ReleaseDeps, input: StepInput): Promise<void> {
  const { snapshot } = await openStep(deps, input, 'ProbeAccess');
  // One may have been made since the admission: then the operation parks, with everything still ours.
  await requireNothingWrapped(deps.ledger, input.key);
  const targets = releaseTargetsOf(snapshot);
  for (const { keyId } of targets) await deps.untagger.untag(keyId);
  const run = await openRun(deps, snapshot);
  await recordStep(deps, input, 'CompleteOperation', (latest) => {
    const at = deps.clock.now();
    return {
      ...runEnded(latest.snapshot, run, at),
      ...watchEnded(latest.snapshot),
      action: 'key.released',
      detail: { kmsKeys: targets.length },
      key: { lease: null, releasedAt: at, nextRotationAt: null, nextNoticeAt: null },
      operation: { state: 'done', endedAt: at, cause: null, retryAt: null },
    };
  });
}
