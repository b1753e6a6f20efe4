// SPDX-License-Identifier: Apache-2.0
// Use cases of the data plane: encrypt under the current version, decrypt whatever version of the same key wrote it.
// A decrypted text leaves only after its key was found to belong to the managed key that the caller may use:
// otherwise this function's own right to decrypt could be borrowed for another key (threat T7).
import { KeyturnError } from '../errors.ts';
import { requireUncontained, requireVersionUncontained } from '../keys/containment.ts';
import type { KeyRecord, VersionRecord } from '../keys/records.ts';
import { mayProcess, mayProtect } from '../keys/transitions.ts';
import type { Context } from '../ports/key-vault.ts';
import { requireManaged } from './mutate-key.ts';
import { decryptWithDataKey, encryptWithDataKey, type UseDataKeyDeps } from './use-data-key.ts';

export type UseKeyDeps = UseDataKeyDeps;

function notUsable(key: KeyRecord, act: string): KeyturnError {
  return new KeyturnError('KeyNotUsable', `${key.name} is ${key.state}; it cannot ${act} now`, {
    details: { key: key.name, state: key.state },
  });
}

/** @throws KeyturnError `KeyNotUsable` unless the key is active, and what the vault answers */
export async function encrypt(
  deps: UseKeyDeps,
  key: KeyRecord,
  plaintext: Uint8Array,
  context: Context,
): Promise<{ ciphertext: Uint8Array; version: number }> {
  requireManaged(key);
  requireUncontained(key);
  if (key.tier === 'data') return encryptWithDataKey(deps, key, plaintext, context);
  if (!mayProtect(key.state) || key.currentKeyId === null || key.currentVersion === null) {
    throw notUsable(key, 'encrypt');
  }
  const ciphertext = await deps.crypto.encrypt(key.currentKeyId, plaintext, context);
  return { ciphertext, version: key.currentVersion };
}

/**
 * From the recorded intent to switch on, the alias may point at the version, and a consumer that encrypts with KMS
 * itself may have written under it: that must be readable although the activation is not recorded yet.
 */
function mayHaveWritten(version: VersionRecord): boolean {
  return (
    mayProcess(version.state) || version.substate === 'switching' || version.isInPlace === true
  );
}

/** The version that wrote: of those that are one KMS key, the one whose material it was. */
async function writerOf(
  { ledger }: Pick<UseKeyDeps, 'ledger'>,
  { name, version: newest }: { readonly name: string; readonly version: number },
  materialId: string | null,
): Promise<VersionRecord | null> {
  const latest = await ledger.readVersion(name, newest);
  let writer = latest;
  const isOther = () => materialId !== null && writer?.materialId !== materialId;
  for (let number = newest - 1; number > 0 && writer?.isInPlace && isOther(); number -= 1) {
    const before = await ledger.readVersion(name, number);
    // One that was undone lies between two that share a KMS key.
    if (before?.keyId === writer.keyId) writer = before;
  }
  return isOther() ? latest : writer;
}

/** @throws KeyturnError `KeyNotUsable`, `CiphertextInvalid` also for another key's ciphertext, and the vault's */
export async function decrypt(
  deps: UseKeyDeps,
  key: KeyRecord,
  ciphertext: Uint8Array,
  context: Context,
): Promise<{ plaintext: Uint8Array; version: number }> {
  requireManaged(key);
  requireUncontained(key);
  if (key.tier === 'data') return decryptWithDataKey(deps, key, ciphertext, context);
  const opened = await deps.crypto.decrypt(ciphertext, context);
  const recorded = await deps.ledger.findRecordedKey(opened.keyId);
  if (recorded?.name !== key.name) {
    throw new KeyturnError(
      'CiphertextInvalid',
      `the ciphertext was not made under a version of ${key.name}`,
      {
        details: { key: key.name },
      },
    );
  }
  const version = await writerOf(deps, recorded, opened.materialId ?? null);
  if (!version) throw notUsable(key, 'decrypt');
  // Read behind KMS's answer: what was contained meanwhile is not handed out.
  requireVersionUncontained(version);
  if (!mayHaveWritten(version)) throw notUsable(key, 'decrypt');
  return { plaintext: opened.plaintext, version: version.version };
}
