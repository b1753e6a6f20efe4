// SPDX-License-Identifier: Apache-2.0
// What was destroyed and is in the HSMs again, because they were made of a backup from before. Nothing of it is ever taken
// up: its KMS key is gone. But it is material that should not be, so the destruction goes back to where the HSMs still
// have it, and an HSM administrator gets the task of deleting the objects, which no API of AWS does.
import { KeyturnError } from '../errors.ts';
import { headOf, isGone } from '../keys/destruction.ts';
import type { DestructionRecord, Resurrection } from '../keys/destruction-record.ts';
import type { VersionRecord } from '../keys/records.ts';
import { type AdvanceDeps, destructionDraft } from '../operations/advance-destruction.ts';
import { mutateKey } from '../operations/mutate-key.ts';
import { reportMaterial } from '../operations/stop-destruction.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Decision } from '../ports/platform.ts';
import { taskIdOf } from '../provisioning/provision-key-store.ts';
import type { HsmTaskRecord } from '../provisioning/records.ts';
import type { RecoveryRecord, ResurrectedVersion } from './records.ts';

const RECOVERER = 'workflow/recover-key-store';
/** Destructions that are written at once. */
const AT_ONCE = 8;

/** A backup has the material of a version that was made before it, unless the HSMs were seen without it by then. */
function isInBackup({ createdAt }: VersionRecord, head: VersionRecord, backupAt: string): boolean {
  const goneAt = head.destruction?.materialAt ?? null;
  return createdAt <= backupAt && (goneAt === null || goneAt > backupAt);
}

/** Destroyed versions of a key whose material the restored backup may hold. */
export function resurrectedIn(
  snapshot: KeySnapshot,
  versions: readonly VersionRecord[],
  { backupAt }: RecoveryRecord,
): readonly ResurrectedVersion[] {
  if (backupAt === null) return [];
  return versions
    .filter(({ state }) => state === 'destroyed')
    .filter((one) => isInBackup(one, headOf(snapshot, one.version), backupAt))
    .map(({ name: key, version, keyId, keyArn }) => ({
      key,
      version,
      keyId: keyId ?? '',
      keyArn: keyArn ?? '',
    }));
}

/** Back to `logical`: KMS has no such key, and the HSMs have its material. */
function returned(record: DestructionRecord, resurrected: Resurrection): DestructionRecord {
  return {
    ...record,
    phase: 'logical',
    materialAt: null,
    materialReport: null,
    backupsUntil: null,
    finalAt: null,
    // What it says of the HSMs and the backups holds no more; another one is signed.
    certificate: null,
    resurrected,
    dueAt: resurrected.at,
  };
}

/**
 * Takes back what the destruction of a version says of the HSMs and of backups. Written once for each recovery.
 * @throws KeyturnError `RevisionConflict`
 */
export async function takeBackMaterial(
  { ledger, clock }: AdvanceDeps,
  { key, version }: ResurrectedVersion,
  recovery: RecoveryRecord,
): Promise<void> {
  const { id, clusterId, sourceClusterId, backupAt } = recovery;
  await mutateKey<void>(ledger, key, (snapshot) => {
    const head = headOf(snapshot, version);
    const record = head.destruction;
    const isKnown = record?.resurrected?.recovery === id;
    if (!record || !isGone(record) || isKnown) return { draft: null, result: undefined };
    const at = clock.now();
    const clusters = { clusterId: clusterId ?? '', leftClusterId: sourceClusterId };
    const next = returned(record, { recovery: id, at, ...clusters, backupAt: backupAt ?? at });
    const draft = destructionDraft(snapshot, head, next, {
      at,
      actor: RECOVERER,
      action: 'destruction.resurrected',
      rule: 'owns-the-key-store',
      detail: { was: record.phase, recovery: id, clusterId, backupAt },
    });
    return { draft, result: undefined };
  });
}

/**
 * The task of deleting what came back, as it is to be written with the end of a restore. Tasks of the cluster that was
 * left are over: whatever is not deleted came along, and is in the new task.
 */
export async function deletionTasks(
  ledger: Ledger,
  recovery: RecoveryRecord,
  now: string,
): Promise<readonly HsmTaskRecord[]> {
  const { id, keyStore, clusterId, survey } = recovery;
  const before = (await ledger.readTasks(keyStore)).filter(
    ({ kind, state }) => kind === 'delete-objects' && state === 'open',
  );
  const over = before.map((task) => ({ ...task, state: 'done' as const, completedBy: id }));
  const objects = [...new Set(survey.resurrected.map(({ keyArn }) => keyArn).filter(Boolean))];
  if (objects.length === 0) return over;
  const task: HsmTaskRecord = {
    id: taskIdOf('delete-objects', id),
    kind: 'delete-objects',
    keyStore,
    state: 'open',
    // Nothing waits for it: the key store is in use again meanwhile.
    sealedToken: null,
    clusterId,
    objects,
    certificateRequest: null,
    signedCertificate: null,
    trustAnchor: null,
    createdAt: now,
    completedBy: null,
  };
  return [...over, task];
}

/** What a listing of the HSMs says, see `ReportMaterialRequest`. */
export interface Listing {
  readonly listingDigest: string;
  readonly objectsListed: number;
  /** How many of the objects of the task are still there. */
  readonly objectsFound: number;
}

/** Versions of a key whose destruction waits for the HSMs to be without the material, one for each KMS key. */
async function waiting(ledger: Ledger, key: string, versions: readonly ResurrectedVersion[]) {
  const snapshot = await ledger.readKey(key);
  if (!snapshot) return [];
  const heads = new Set(versions.map(({ version }) => headOf(snapshot, version)));
  return [...heads].filter(({ destruction }) => destruction?.phase === 'logical');
}

export interface DeletionReport {
  readonly keyStore: string;
  /** The task. */
  readonly id: string;
  readonly by: string;
  readonly decision: Decision;
  readonly listing: Listing | null;
  readonly backupRetentionDays: number;
}

/**
 * Takes the report on a task of deleting what came back, before the task is closed; any other task is none of its business.
 * @throws KeyturnError `ValidationFailed` without a listing, `TransitionForbidden` while any of the objects is there
 */
export async function takeDeletionReport(
  deps: AdvanceDeps,
  { keyStore, id, listing, ...said }: DeletionReport,
): Promise<void> {
  const task = (await deps.ledger.readTasks(keyStore)).find((one) => one.id === id);
  if (task?.kind !== 'delete-objects' || task.state === 'done') return;
  if (!listing)
    throw new KeyturnError('ValidationFailed', 'this task needs a listing of the HSMs', {
      fields: [{ pointer: '/listing', detail: 'must say what the cluster lists' }],
    });
  await settle(deps, task, { ...listing, ...said });
}

type Said = Listing & Omit<DeletionReport, 'keyStore' | 'id' | 'listing'>;

/** Records for each destruction of a task that the HSMs have nothing of it any more. Done twice, it is done once. */
async function settle(deps: AdvanceDeps, task: HsmTaskRecord, said: Said): Promise<void> {
  const clusterId = task.clusterId ?? '';
  if (said.objectsFound > 0)
    throw new KeyturnError(
      'TransitionForbidden',
      `${clusterId} still has ${said.objectsFound} object(s) of the task; delete them, and list again`,
    );
  const recoveries = await deps.ledger.readRecoveries(task.keyStore);
  const recovery = recoveries.find(({ id }) => taskIdOf('delete-objects', id) === task.id);
  const byKey = [...Map.groupBy(recovery?.survey.resurrected ?? [], ({ key }) => key)];
  const gone = async ([key, versions]: (typeof byKey)[number]) => {
    // One after another: they are changes of the same key.
    for (const { version } of await waiting(deps.ledger, key, versions))
      await reportMaterial(deps, { key, version, ...said, clusterId });
  };
  for (let from = 0; from < byKey.length; from += AT_ONCE)
    await Promise.all(byKey.slice(from, from + AT_ONCE).map(gone));
}
