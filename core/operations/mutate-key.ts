// SPDX-License-Identifier: Apache-2.0
// How every mutation happens: read the key at a revision, decide, commit under the condition that the revision is
// still the same, else decide again on what is there now. [INV-06] a state change and its audit record are
// written together or not at all.
import { type AuditEntry, link } from '../audit/chain.ts';
import { isError, KeyturnError, precondition } from '../errors.ts';
import type { EscrowChange } from '../escrow/records.ts';
import { changedAssignments } from '../keys/assignments.ts';
import type { ConsumerRecord } from '../keys/consumers.ts';
import type { KeyRecord, OperationRecord, VersionRecord } from '../keys/records.ts';
import type { HoldRecord, ReencryptionRecord, SourceRecord } from '../keys/reencryption.ts';
import type { IdempotencyRecord, KeyChange, KeySnapshot, Ledger } from '../ports/ledger.ts';

/** Tries before a permanent conflict is reported; each lost race means that somebody else made progress. */
const MAX_TRIES = 8;
/** Versions or consumers that one transaction changes at once: DynamoDB takes 100 items, and the rest of the change needs some. */
export const ROWS_AT_ONCE = 80;

/** What a decision wants changed. `key` lists only the members that change. */
export interface Draft {
  readonly key?: Partial<KeyRecord>;
  readonly versions?: readonly VersionRecord[];
  readonly consumers?: readonly ConsumerRecord[];
  readonly sources?: readonly SourceRecord[];
  readonly holds?: readonly HoldRecord[];
  readonly reencryption?: ReencryptionRecord;
  readonly escrow?: EscrowChange;
  readonly operation?: OperationRecord;
  /** Operations that lose the key to it. */
  readonly otherOperations?: readonly OperationRecord[];
  readonly statuses?: NonNullable<KeyChange['statuses']>;
  readonly purgeWatch?: NonNullable<KeyChange['purgeWatch']>;
  readonly idempotency?: IdempotencyRecord;
  readonly recordedKey?: NonNullable<KeyChange['recordedKey']>;
  readonly occupancy?: NonNullable<KeyChange['occupancy']>;
  /** The approval that it executes. */
  readonly approval?: NonNullable<KeyChange['approval']>;
  readonly review?: NonNullable<KeyChange['review']>;
  /** Of a new key, or one that begins anew; others follow from what changes. */
  readonly assignments?: NonNullable<KeyChange['assignments']>;
  readonly denials?: NonNullable<KeyChange['denials']>;
  readonly audit: AuditEntry;
}

/** Nothing changes a key that was let go. @throws KeyturnError `KeyReleased` */
export function requireManaged({ name, releasedAt }: KeyRecord): void {
  if (!releasedAt) return;
  throw new KeyturnError(
    'KeyReleased',
    `${name} was released at ${releasedAt}: its KMS keys are its owner's; the record is history`,
    { details: { key: name, releasedAt } },
  );
}

/** The name of a key's audit stream. */
export function keyStream(name: string): string {
  return `key/${name}`;
}

/** Turns a draft into the one transaction on a key. */
export function toChange(snapshot: KeySnapshot, draft: Draft): KeyChange {
  const { key } = snapshot;
  const head = { sequence: key.revision, hash: key.auditHead };
  const audit = link(keyStream(key.name), head, draft.audit);
  const { key: patch, audit: _entry, ...rest } = draft;
  const next = { ...key, ...patch, revision: audit.sequence, auditHead: audit.hash };
  const assignments = changedAssignments(key, next);
  return {
    ...(assignments.length > 0 ? { assignments } : {}),
    ...rest,
    expectedRevision: key.revision,
    key: next,
    audit,
  };
}

/**
 * Reads, decides, commits; decides again when the record moved meanwhile.
 * @param decide must be pure or safe to repeat; a null draft means nothing is to be changed.
 * @throws KeyturnError `KeyNotFound`, `RevisionConflict` after {@link MAX_TRIES} lost races, and what `decide` throws.
 */
export async function mutateKey<T>(
  ledger: Ledger,
  name: string,
  decide: (snapshot: KeySnapshot) => { draft: Draft | null; result: T },
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const snapshot = await ledger.readKey(name);
    if (!snapshot) throw keyNotFound(name);
    requireManaged(snapshot.key);
    const { draft, result } = decide(snapshot);
    if (!draft) return result;
    try {
      await ledger.commit(toChange(snapshot, draft));
      return result;
    } catch (error) {
      if (attempt >= MAX_TRIES || !isError(error, 'RevisionConflict')) throw error;
    }
  }
}

/** The error for a name that no key has. */
export function keyNotFound(name: string): KeyturnError {
  return new KeyturnError('KeyNotFound', `no key is named ${name}; "key list" shows what exists`, {
    details: { key: name },
  });
}

/** The version an operation works on; it exists from admission on. */
export function versionOf(snapshot: KeySnapshot, version: number): VersionRecord {
  const found = snapshot.versions.find((candidate) => candidate.version === version);
  precondition(found, `version ${version} of ${snapshot.key.name} is recorded`);
  return found;
}
