// SPDX-License-Identifier: Apache-2.0
// Use cases: look whether KMS has a key no more, and say so for ever. A KMS key that is gone is not the end: HSM
// objects and cluster backups can outlive it, so `logical`, `material` and `final` each have their date and certificate.
import { canonicalText } from '../crypto/hashing.ts';
import { destructionOf, isDataTier, isErased, isGone } from '../keys/destruction.ts';
import type { DestructionRecord, MaterialReport } from '../keys/destruction-record.ts';
import type { Instant, VersionRecord } from '../keys/records.ts';
import type { CertificateSigner, KeyStateReader, VaultKeyState } from '../ports/key-destruction.ts';
import type { KeySnapshot } from '../ports/ledger.ts';
import { later } from './admit-operation.ts';
import { type AdvanceDeps, DESTROYER, destructionDraft, stopDraft } from './advance-destruction.ts';
import { type Draft, keyNotFound, mutateKey } from './mutate-key.ts';
import { type DestructionTarget, NOTICE_SECONDS } from './remove-version.ts';

const DAY_SECONDS = 86_400;
/** A deleted backup can be restored for so long (AWS CloudHSM user guide, managing backups). */
const RESTORE_GRACE_DAYS = 7;
/** The table can be restored to any second of so many days (DynamoDB developer guide, point-in-time recovery). */
const TABLE_RECOVERY_DAYS = 35;
/** Between two looks at a key whose date has passed and that KMS still has. */
const OVERDUE_SECONDS = 3600;

/** Material is gone: from now on only backups can have it, for their retention and the grace behind it. */
export function withMaterialGone(
  record: DestructionRecord,
  now: Instant,
  report: MaterialReport | null,
  retentionDays: number,
): DestructionRecord {
  const backupsUntil = later(now, (retentionDays + RESTORE_GRACE_DAYS) * DAY_SECONDS);
  return {
    ...record,
    phase: 'material',
    materialAt: now,
    materialReport: report,
    backupsUntil,
    dueAt: now,
  };
}

function isInHsm({ key }: KeySnapshot): boolean {
  return (key.origin ?? 'AWS_CLOUDHSM') === 'AWS_CLOUDHSM';
}

/** Shares and envelopes of the version: nobody rebuilds it from them. */
function emptiedEscrow({ escrow }: KeySnapshot, versions: readonly number[], now: Instant) {
  const sets = escrow.sets.filter(({ version }) => versions.includes(version));
  if (sets.length === 0) return undefined;
  return {
    sets: sets.map((set) => ({
      ...set,
      state: 'retired' as const,
      retiredAt: set.retiredAt ?? now,
      cause: 'destroyed',
    })),
    shares: sets.map(({ setId, generation }) => ({ setId, generation, envelopes: [] })),
  };
}

function goneRecord(
  snapshot: KeySnapshot,
  record: DestructionRecord,
  now: Instant,
): DestructionRecord {
  const logical = { ...record, phase: 'logical' as const, logicalAt: now, dueAt: now };
  // No HSM ever held it: what is left of it is what the table can be restored to.
  if (isDataTier(snapshot)) {
    const backupsUntil = later(now, TABLE_RECOVERY_DAYS * DAY_SECONDS);
    return { ...logical, phase: 'material', materialAt: now, backupsUntil };
  }
  // KMS deletes the material of its own keys with them; of a key store's it tries to (KMS guide, delete-cmk-keystore).
  if (isInHsm(snapshot)) return logical;
  return { ...logical, phase: 'final', materialAt: now, backupsUntil: now, finalAt: now };
}

function goneDraft(
  snapshot: KeySnapshot,
  head: VersionRecord,
  record: DestructionRecord,
  now: Instant,
): Draft {
  const next = goneRecord(snapshot, record, now);
  const escrow = emptiedEscrow(snapshot, record.versions, now);
  const draft = destructionDraft(snapshot, head, next, {
    at: now,
    action: 'version.destroyed',
    detail: {
      versions: record.versions.join(','),
      keyId: head.keyId,
      deletionAt: record.deletionAt,
      // The vault's word counts; a key that went before its date is told as such.
      isEarly: record.deletionAt !== null && now < record.deletionAt,
      uses: record.uses,
      escrowSets: escrow?.sets.length ?? 0,
    },
  });
  // A data key took up no place in a key store.
  if (isDataTier(snapshot)) return draft;
  const { keyStore, class: className } = snapshot.key;
  const occupancy = { keyStore, class: className, keys: 0, versions: -1 };
  return { ...draft, occupancy, ...(escrow ? { escrow } : {}) };
}

function pendingDraft(
  snapshot: KeySnapshot,
  head: VersionRecord,
  record: DestructionRecord,
  now: Instant,
): Draft {
  const isOverdue = record.deletionAt !== null && record.deletionAt <= now;
  const tomorrow = later(now, NOTICE_SECONDS);
  const due = isOverdue ? later(now, OVERDUE_SECONDS) : earlierOf(tomorrow, record.deletionAt);
  const next = { ...record, noticedAt: now, dueAt: due };
  const detail = { deletionAt: record.deletionAt, uses: record.uses, isOverdue };
  return destructionDraft(snapshot, head, next, { at: now, action: 'destruction.noticed', detail });
}

const earlierOf = (a: Instant, b: Instant | null) => (b !== null && b < a ? b : a);

/** Whether the last notice is a day old, or the date has come. */
function isNoticeDue({ dueAt }: DestructionRecord, now: Instant): boolean {
  return dueAt === null || dueAt <= now;
}

/**
 * Looks at the KMS key of a pending destruction, and at the backups of one whose material is gone.
 * @throws KeyturnError `DestructionNotFound`, and what the vault answers
 */
export async function verifyDestruction(
  deps: AdvanceDeps & { readonly states: KeyStateReader },
  target: DestructionTarget,
): Promise<void> {
  const before = await deps.ledger.readKey(target.key);
  if (!before) throw keyNotFound(target.key);
  const { head: seen } = destructionOf(before, target.version);
  const told = isDataTier(before) ? null : (await deps.states.stateOf(seen.keyId ?? '')).state;
  await mutateKey<void>(deps.ledger, target.key, (snapshot) => {
    const now = deps.clock.now();
    const { head, record } = destructionOf(snapshot, target.version);
    const state = told ?? recordedState(snapshot, head);
    return { draft: verified(snapshot, head, record, state, now), result: undefined };
  });
}

/** Of tier `data` the row that was just read is the place itself. */
function recordedState(snapshot: KeySnapshot, head: VersionRecord): VaultKeyState {
  return isErased(snapshot, head) ? 'gone' : 'pending-deletion';
}

function verified(
  snapshot: KeySnapshot,
  head: VersionRecord,
  record: DestructionRecord,
  state: VaultKeyState,
  now: Instant,
): Draft | null {
  const { phase, backupsUntil } = record;
  if (phase === 'material' && backupsUntil !== null && backupsUntil <= now) {
    const final = { ...record, phase: 'final' as const, finalAt: now, dueAt: now };
    return destructionDraft(snapshot, head, final, { at: now, action: 'destruction.final' });
  }
  if (phase !== 'pending') return null;
  if (state === 'gone') return goneDraft(snapshot, head, record, now);
  if (state === 'pending-deletion')
    return isNoticeDue(record, now) ? pendingDraft(snapshot, head, record, now) : null;
  // Somebody took it back past us: the record follows.
  const reason = `KMS has the key as ${state}: its deletion was cancelled elsewhere`;
  return stopDraft(snapshot, head, record, { by: DESTROYER, reason, now });
}

/** What the three dates of a certificate mean. */
const MEANING = {
  kms: {
    logical: 'KMS answers that it has no such key',
    material: 'the HSMs have no object of the key',
    final: 'the last backup that can hold the material has expired',
  },
  data: {
    logical: 'the record of the version has no wrapped data key any more',
    material: 'no HSM held it, and the table has it no more',
    final: 'the table can no longer be restored to when it held the wrapped data key',
  },
} as const;

/** What the certificate says. */
export function certificateOf(snapshot: KeySnapshot, record: DestructionRecord, issuedAt: Instant) {
  const { key } = snapshot;
  const means = MEANING[key.tier];
  const head = snapshot.versions.find(({ version }) => version === record.versions.at(-1));
  return {
    type: 'keyturn-destruction-certificate/1',
    id: record.id,
    phase: record.phase,
    issuedAt,
    key: key.name,
    class: key.class,
    environment: key.environment,
    owner: key.owner,
    tier: key.tier,
    origin: isDataTier(snapshot) ? null : (key.origin ?? 'AWS_CLOUDHSM'),
    parent: key.parent ?? null,
    versions: record.versions,
    keyId: head?.keyId ?? null,
    keyArn: head?.keyArn ?? null,
    requestedBy: record.requestedBy,
    reason: record.reason,
    approvalId: record.approvalId,
    begunAt: record.begunAt,
    quietUntil: record.quietUntil,
    scheduledDeletionAt: record.deletionAt,
    lossAccepted: record.lossAccepted,
    wrappedDataKeys: record.wrappedKeys,
    usesTried: record.uses,
    logical: { at: record.logicalAt, means: means.logical },
    material: {
      at: record.materialAt,
      report: record.materialReport,
      means: means.material,
    },
    final: {
      at: record.finalAt,
      backupsUntil: record.backupsUntil,
      means: means.final,
    },
    // A restore brought it back: what an earlier certificate says of HSMs and backups held until then.
    ...(record.resurrected ? { resurrected: record.resurrected } : {}),
    evidence: head?.retirement ?? null,
    auditRevision: key.revision,
    auditHead: key.auditHead,
  };
}

/**
 * Signs the certificate of the phase that a destruction is in; once a phase.
 * @throws KeyturnError `DestructionNotFound`, and what the signer answers
 */
export async function certifyDestruction(
  deps: AdvanceDeps & { readonly certifier: CertificateSigner },
  target: DestructionTarget,
): Promise<void> {
  const snapshot = await deps.ledger.readKey(target.key);
  if (!snapshot) throw keyNotFound(target.key);
  const { record } = destructionOf(snapshot, target.version);
  if (!isGone(record) || record.certificate?.phase === record.phase) return;
  const text = canonicalText(certificateOf(snapshot, record, deps.clock.now()));
  const jws = await deps.certifier.signCertificate(text);
  await mutateKey<void>(deps.ledger, target.key, (latest) => {
    const found = destructionOf(latest, target.version);
    // Another phase was reached meanwhile: its own certificate follows.
    if (found.record.phase !== record.phase) return { draft: null, result: undefined };
    const { phase, backupsUntil } = record;
    const dueAt = phase === 'material' ? backupsUntil : null;
    const next = { ...found.record, certificate: { phase, jws }, dueAt };
    const audit = { at: deps.clock.now(), action: 'destruction.certified', detail: { phase } };
    return { draft: destructionDraft(latest, found.head, next, audit), result: undefined };
  });
}
