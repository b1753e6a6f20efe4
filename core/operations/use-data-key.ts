// SPDX-License-Identifier: Apache-2.0
// The data plane of tier `data`. The data key is unwrapped by KMS for one call, used in memory, and overwritten. It is
// never kept: what KMS refuses from now on is refused from now on.
import { IV_BYTES } from '../crypto/aes-gcm.ts';
import { KeyturnError } from '../errors.ts';
import {
  requireParentUncontained,
  requireUncontained,
  requireVersionUncontained,
} from '../keys/containment.ts';
import { headerOf, openEnvelope, sealEnvelope } from '../keys/envelope.ts';
import { dataKeyContext } from '../keys/naming.ts';
import type { KeyRecord, VersionRecord, WrappedDataKey } from '../keys/records.ts';
import { mayProcess, mayProtect } from '../keys/transitions.ts';
import type { Context, CryptoUser } from '../ports/key-vault.ts';
import type { UseRows } from './deny-scopes.ts';

export interface UseDataKeyDeps {
  readonly ledger: UseRows;
  readonly crypto: CryptoUser;
  readonly random: (bytes: number) => Uint8Array;
}

/** A version whose wrapped data key is recorded. */
type Wrapped = VersionRecord & { readonly dataKey: WrappedDataKey };

const isWrapped = (version: VersionRecord | null): version is Wrapped => !!version?.dataKey;

function notUsable(key: KeyRecord, act: string): KeyturnError {
  return new KeyturnError('KeyNotUsable', `${key.name} is ${key.state}; it cannot ${act} now`, {
    details: { key: key.name, state: key.state },
  });
}

/** Phases in which a version is on its way out: refused, and told, so that an unknown reader is heard of in time. */
const LEAVING: readonly (string | null)[] = ['quarantined', 'destroy-scheduled'];

/** @throws KeyturnError `KeyNotUsable` with the version, for one whose destruction is under way */
function requireStaying({ name, version, substate }: VersionRecord): void {
  if (!LEAVING.includes(substate)) return;
  throw new KeyturnError(
    'KeyNotUsable',
    `version ${version} of ${name} is being destroyed and opens nothing; re-encrypt what lies under it, or have it stopped: keyturn key destroy ${name} --key-version ${version} --cancel`,
    { details: { key: name, leavingVersion: version } },
  );
}

async function currentOf(ledger: UseRows, key: KeyRecord, act: string): Promise<Wrapped> {
  const { currentVersion } = key;
  const version =
    currentVersion === null ? null : await ledger.readVersion(key.name, currentVersion);
  if (isWrapped(version) && mayProtect(version.state)) return version;
  throw notUsable(key, act);
}

/** The version and the version of its parent that wraps it may both be used. @throws KeyturnError `KeyNotUsable` */
async function requireFree(ledger: UseRows, version: Wrapped): Promise<void> {
  requireVersionUncontained(version);
  const { parent, parentVersion } = version.dataKey;
  requireParentUncontained(await ledger.readKeyRecord(parent), parentVersion);
}

/** Lends the data key for one use. */
async function withDataKey<T>(
  { crypto, ledger }: Pick<UseDataKeyDeps, 'crypto' | 'ledger'>,
  wrappedVersion: Wrapped,
  use: (key: Uint8Array) => T,
): Promise<T> {
  const { name, version, dataKey } = wrappedVersion;
  await requireFree(ledger, wrappedVersion);
  const wrapped = Buffer.from(dataKey.wrapped, 'base64');
  const opened = await crypto.decrypt(wrapped, dataKeyContext(name, version), dataKey.keyId);
  try {
    return use(opened.plaintext);
  } finally {
    opened.plaintext.fill(0);
  }
}

/** @throws KeyturnError `KeyNotUsable` unless the key is active, and what the vault answers */
export async function encryptWithDataKey(
  deps: UseDataKeyDeps,
  key: KeyRecord,
  plaintext: Uint8Array,
  context: Context,
): Promise<{ ciphertext: Uint8Array; version: number }> {
  if (!mayProtect(key.state)) throw notUsable(key, 'encrypt');
  const current = await currentOf(deps.ledger, key, 'encrypt');
  const { name, version } = current;
  const ciphertext = await withDataKey(deps, current, (bytes) =>
    sealEnvelope({ name, version }, { key: bytes, iv: deps.random(IV_BYTES) }, plaintext, context),
  );
  return { ciphertext, version };
}

/** @throws KeyturnError `KeyNotUsable`, `CiphertextInvalid` also for another key's ciphertext, and the vault's */
export async function decryptWithDataKey(
  deps: UseDataKeyDeps,
  key: KeyRecord,
  ciphertext: Uint8Array,
  context: Context,
): Promise<{ plaintext: Uint8Array; version: number }> {
  const header = headerOf(ciphertext);
  const version =
    header.name === key.name ? await deps.ledger.readVersion(key.name, header.version) : null;
  if (!version) {
    throw new KeyturnError(
      'CiphertextInvalid',
      `the ciphertext was not made under a version of ${key.name}`,
      { details: { key: key.name } },
    );
  }
  requireVersionUncontained(version);
  requireStaying(version);
  if (!isWrapped(version) || !mayProcess(version.state)) throw notUsable(key, 'decrypt');
  const plaintext = await withDataKey(deps, version, (bytes) =>
    openEnvelope(bytes, ciphertext, context),
  );
  return { plaintext, version: version.version };
}

/** A data key on its way to a workload, which asks KMS itself to unwrap it. */
export interface FetchedDataKey {
  readonly version: number;
  readonly dataKey: WrappedDataKey;
  readonly context: Context;
}

/**
 * The wrapped data key of a version that may be used; no call to KMS.
 * @param version null for the current one
 * @throws KeyturnError `TransitionForbidden` for a key of tier kms, `KeyNotUsable` for a version that opens nothing
 */
export async function fetchDataKey(
  ledger: UseRows,
  key: KeyRecord,
  version: number | null,
): Promise<FetchedDataKey> {
  if (key.tier !== 'data') {
    throw new KeyturnError(
      'TransitionForbidden',
      `${key.name} is of tier kms and has no data keys; call GenerateDataKey under ${key.alias}, or create a key of tier data`,
    );
  }
  requireUncontained(key);
  const found =
    version === null
      ? await currentOf(ledger, key, 'hand out data keys')
      : await ledger.readVersion(key.name, version);
  if (!isWrapped(found) || !mayProcess(found.state) || !mayProcess(key.state)) {
    throw notUsable(key, 'hand out that data key');
  }
  requireStaying(found);
  await requireFree(ledger, found);
  const { name, dataKey } = found;
  return { version: found.version, dataKey, context: dataKeyContext(name, found.version) };
}
