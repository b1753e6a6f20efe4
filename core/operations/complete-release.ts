// SPDX-License-Identifier: Apache-2.0
// The end of a release: Keyturn's marks come off every KMS key, and with them the rights of all its roles; then the
// record becomes history. A second try finds keys without marks and leaves them.
import { KeyturnError } from '../errors.ts';
import { wrappedBy } from '../keys/naming.ts';
import type { KeyUntagger } from '../ports/key-vault.ts';
import type { Ledger } from '../ports/ledger.ts';
import { openStep, recordStep, type StepDeps, type StepInput } from './run-step.ts';
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

/** @throws KeyturnError `LeaseLost`, `StepOutOfOrder`, `KeyNotUsable`, and what the vault answers */
export async function completeRelease(deps: ReleaseDeps, input: StepInput): Promise<void> {
  const { snapshot } = await openStep(deps, input, 'ProbeAccess');
  // One may have been made since the admission: then the operation parks, with everything still ours.
  await requireNothingWrapped(deps.ledger, input.key);
  const targets = releaseTargetsOf(snapshot);
  for (const { keyId } of targets) await deps.untagger.untag(keyId);
  await recordStep(deps, input, 'CompleteOperation', () => {
    const at = deps.clock.now();
    return {
      action: 'key.released',
      detail: { kmsKeys: targets.length },
      key: { lease: null, releasedAt: at, nextRotationAt: null, nextNoticeAt: null },
      operation: { state: 'done', endedAt: at, cause: null, retryAt: null },
    };
  });
}
