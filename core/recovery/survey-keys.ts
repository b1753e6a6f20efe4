// SPDX-License-Identifier: Apache-2.0
// After a recovery: does every version still open what was written under it? A page of keys at a time, each by the canary
// that it kept when it was verified. What does not open is named; what was destroyed after the backup is named too, since
// its material is in the restored HSMs again (invariant I3: no version of it is ever taken up), to be destroyed again.
import { equalDigests, sha256 } from '../crypto/hashing.ts';
import { isError, KeyturnError } from '../errors.ts';
import { CANARY_CONTEXT_KEY } from '../keys/naming.ts';
import type { VersionRecord } from '../keys/records.ts';
import type { CryptoUser } from '../ports/key-vault.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock } from '../ports/platform.ts';
import { mutateRecovery, type RecoveryAddress } from './key-store-recovery.ts';
import { MOST_NAMED, type RecoveryRecord, type Survey, type UnreadableVersion } from './records.ts';
import { resurrectedIn, takeBackMaterial } from './resurrected.ts';

export interface SurveyDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly crypto: CryptoUser;
}

/** Keys of a page: some hundred decryptions, far below what a function has time for. */
const PAGE = 50;
const AT_ONCE = 8;
/** What passes by itself is asked so often before it counts. */
const TRIES = 3;

type Verdict = 'readable' | 'unverified' | { readonly why: string };

/**
 * KMS answers the same for lost material as for a key store that is not connected; which of them it was is seen behind the
 * survey, by the connection (`recover-key-store.ts`).
 * @throws KeyturnError `Throttled`
 */
async function verdictOf({ crypto }: SurveyDeps, version: VersionRecord): Promise<Verdict> {
  const { canary, keyId, name } = version;
  if (!canary || !keyId) return 'unverified';
  const context = { [CANARY_CONTEXT_KEY]: `${name}/v${version.version}` };
  const ciphertext = Buffer.from(canary.ciphertext, 'base64');
  for (let tried = 1; ; tried += 1) {
    try {
      const { plaintext } = await crypto.decrypt(ciphertext, context, keyId);
      const isSame = equalDigests(sha256(plaintext), Buffer.from(canary.digest, 'hex'));
      return isSame ? 'readable' : { why: 'it gave another canary back' };
    } catch (error) {
      // Stopped by its policy, disabled, or pending deletion: that is meant so, and says nothing of the material.
      if (isError(error, 'AccessDenied', 'KeyNotUsable')) return 'unverified';
      if (!(error instanceof KeyturnError) || error.code === 'Throttled') throw error;
      if (tried >= TRIES) return { why: whyOf(error) };
    }
  }
}

const whyOf = (error: KeyturnError): string =>
  error.code === 'KeyStoreUnavailable' ? 'the HSMs do not have its material' : error.message;

const READABLE_STATES = ['active', 'deactivated', 'suspended', 'compromised'];

/** Versions whose material is in the key store. */
export function versionsIn(
  { key, versions }: KeySnapshot,
  keyStore: string,
): readonly VersionRecord[] {
  const isIn = key.keyStore === keyStore && key.tier === 'kms' && !key.releasedAt;
  if (!isIn || (key.origin ?? 'AWS_CLOUDHSM') !== 'AWS_CLOUDHSM') return [];
  return versions.filter(({ adoption, keyId }) => keyId && adoption?.isInKeyStore !== false);
}

function unreadable(version: VersionRecord, why: string, recovery: RecoveryRecord) {
  const { name, version: number, keyId, createdAt } = version;
  const isAfterBackup = recovery.backupAt !== null && createdAt > recovery.backupAt;
  return { key: name, version: number, keyId: keyId ?? '', createdAt, isAfterBackup, why };
}

async function judged(deps: SurveyDeps, versions: readonly VersionRecord[]) {
  const verdicts: { readonly version: VersionRecord; readonly verdict: Verdict }[] = [];
  for (let from = 0; from < versions.length; from += AT_ONCE) {
    const some = versions.slice(from, from + AT_ONCE);
    const asked = some.map(async (version) => ({
      version,
      verdict: await verdictOf(deps, version),
    }));
    verdicts.push(...(await Promise.all(asked)));
  }
  return verdicts;
}

async function pageOf(deps: SurveyDeps, recovery: RecoveryRecord) {
  const { items, nextCursor } = await deps.ledger.listKeys(recovery.survey.cursor, PAGE);
  const snapshots = await Promise.all(items.map(({ name }) => deps.ledger.readKey(name)));
  const all = snapshots.flatMap((one) => (one ? versionsIn(one, recovery.keyStore) : []));
  const resurrected = snapshots.flatMap((one) =>
    one ? resurrectedIn(one, versionsIn(one, recovery.keyStore), recovery) : [],
  );
  for (const one of resurrected) await takeBackMaterial(deps, one, recovery);
  const verdicts = await judged(
    deps,
    all.filter(({ state }) => READABLE_STATES.includes(state)),
  );
  const missing = verdicts.flatMap(({ version, verdict }): UnreadableVersion[] =>
    typeof verdict === 'string' ? [] : [unreadable(version, verdict.why, recovery)],
  );
  const count = (wanted: Verdict) => verdicts.filter(({ verdict }) => verdict === wanted).length;
  return {
    checked: verdicts.length,
    readable: count('readable'),
    unverified: count('unverified'),
    missing,
    resurrected,
    nextCursor,
  };
}

function added(survey: Survey, page: Awaited<ReturnType<typeof pageOf>>): Survey {
  const { nextCursor } = page;
  return {
    checked: survey.checked + page.checked,
    readable: survey.readable + page.readable,
    unverified: survey.unverified + page.unverified,
    missing: [...survey.missing, ...page.missing].slice(0, MOST_NAMED),
    missingCount: survey.missingCount + page.missing.length,
    resurrected: [...survey.resurrected, ...page.resurrected].slice(0, MOST_NAMED),
    resurrectedCount: survey.resurrectedCount + page.resurrected.length,
    cursor: nextCursor,
    isDone: nextCursor === null,
  };
}

/**
 * Looks at one page and records it. @returns whether it was the last
 * @throws KeyturnError `LeaseLost`, `Throttled`
 */
export async function surveyKeys(
  deps: SurveyDeps,
  at: RecoveryAddress,
): Promise<{ readonly isDone: boolean }> {
  const recovery = await mutateRecovery(deps, at, () => null);
  if (recovery.survey.isDone || recovery.phase !== 'survey') return { isDone: true };
  const page = await pageOf(deps, recovery);
  const { survey } = await mutateRecovery(deps, at, (found) => {
    // Another try of the same page was faster.
    if (found.survey.checked !== recovery.survey.checked) return null;
    if (found.survey.cursor !== recovery.survey.cursor || found.survey.isDone) return null;
    const next = added(found.survey, page);
    const detail = { checked: next.checked, readable: next.readable, missing: next.missingCount };
    return { patch: { survey: next }, action: 'recovery.surveyed', detail };
  });
  return { isDone: survey.isDone };
}
