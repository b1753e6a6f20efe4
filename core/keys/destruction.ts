// SPDX-License-Identifier: Apache-2.0
// What destruction means for the records of a key. One KMS key can be several versions (rotation in place): they go
// together, and the newest holds the record. Nothing leaves `destroyed`, and what was destroyed stays
// listed, so that no recovery brings it back.
import { KeyturnError } from '../errors.ts';
import type { KeySnapshot } from '../ports/ledger.ts';
import type { DestructionPhase, DestructionRecord } from './destruction-record.ts';
import type { Instant, VersionRecord, VersionSubstate } from './records.ts';
import { sharingKey } from './sharing.ts';
import { transition } from './transitions.ts';

/** Phases in which it can be cancelled. */
const STOPPABLE: readonly DestructionPhase[] = ['disabling', 'quiet', 'scheduling', 'pending'];
/** Phases in which the KMS key is gone. */
const GONE: readonly DestructionPhase[] = ['logical', 'material', 'final'];

export const isStoppable = ({ phase }: DestructionRecord): boolean => STOPPABLE.includes(phase);
export const isGone = ({ phase }: DestructionRecord): boolean => GONE.includes(phase);
/** True once nothing of it is to be done or watched any more: it was stopped for sure, or is final and certified. */
export const isOver = ({ phase, dueAt, certificate }: DestructionRecord): boolean =>
  (phase === 'stopped' && dueAt === null) || (phase === 'final' && certificate?.phase === 'final');
/** True while the KMS key is on its way out: whoever uses it should be heard. */
export const isLeaving = (record: DestructionRecord): boolean => isStoppable(record);

/** True for a version of tier `data`: what is destroyed is its wrapped data key, which lies in its own record. */
export const isDataTier = ({ key }: Pick<KeySnapshot, 'key'>): boolean => key.tier === 'data';

/** True once the wrapped data key of a version of tier `data` was erased; it is found gone, and certified, behind that. */
export function isErased(snapshot: KeySnapshot, { dataKey }: VersionRecord): boolean {
  return isDataTier(snapshot) && !dataKey;
}

/** All versions of the KMS key of one, in order; the version alone for one without a KMS key. */
export function sharing(snapshot: KeySnapshot, version: VersionRecord): readonly VersionRecord[] {
  return [...sharingKey(snapshot.versions, version)].sort((a, b) => a.version - b.version);
}

/** True while a call that gives a KMS key back may be under way: it was stopped, and the last look at it is to come. */
export function isGivingBack({ versions }: KeySnapshot): boolean {
  return versions.some(
    ({ destruction }) =>
      destruction?.phase === 'stopping' ||
      (destruction?.phase === 'stopped' && destruction.dueAt !== null),
  );
}

/** The version that holds the record, asked for by any of its KMS key. @throws KeyturnError `KeyNotFound` */
export function headOf(snapshot: KeySnapshot, version: number): VersionRecord {
  const found = snapshot.versions.find((one) => one.version === version);
  if (!found)
    throw new KeyturnError('KeyNotFound', `${snapshot.key.name} has no version ${version}`);
  return sharing(snapshot, found).at(-1) ?? found;
}

/** @throws KeyturnError `DestructionNotFound` */
export function destructionOf(
  snapshot: KeySnapshot,
  version: number,
): { readonly head: VersionRecord; readonly record: DestructionRecord } {
  const head = headOf(snapshot, version);
  if (head.destruction) return { head, record: head.destruction };
  throw new KeyturnError(
    'DestructionNotFound',
    `nobody asked to destroy version ${version} of ${snapshot.key.name}`,
  );
}

const SUBSTATES: Readonly<Record<DestructionPhase, VersionSubstate | null>> = {
  disabling: 'quarantined',
  quiet: 'quarantined',
  scheduling: 'quarantined',
  pending: 'destroy-scheduled',
  // Until KMS has enabled it again it is what it was: not usable.
  stopping: 'quarantined',
  stopped: null,
  logical: 'logical',
  material: 'material',
  final: 'final',
};

/** The versions of one KMS key as they are to be written with a record. @throws KeyturnError `TransitionForbidden` */
export function withDestruction(
  snapshot: KeySnapshot,
  head: VersionRecord,
  record: DestructionRecord,
): readonly VersionRecord[] {
  const substate = SUBSTATES[record.phase];
  return sharing(snapshot, head).map((version) => {
    const isDestroyed = version.state === 'destroyed';
    const state =
      isGone(record) && !isDestroyed ? transition(version.state, 'destroyed') : version.state;
    if (isDestroyed && !isGone(record)) transition('destroyed', 'deactivated');
    const retirement = record.phase === 'stopped' ? null : (version.retirement ?? null);
    return {
      ...version,
      state,
      substate,
      retirement,
      ...(version.version === head.version ? { destruction: record } : {}),
    };
  });
}

/** A version that is gone, and since when. */
export interface DestroyedVersion {
  readonly version: number;
  readonly keyId: string | null;
  readonly keyArn: string | null;
  readonly destroyedAt: Instant;
}

/**
 * What was destroyed by an instant. A backup from before that still holds its material, and whoever restores one asks
 * here what must not come back.
 */
export function destroyedBefore(
  snapshot: KeySnapshot,
  instant: Instant,
): readonly DestroyedVersion[] {
  return snapshot.versions.flatMap((head) => {
    const at = head.destruction?.logicalAt ?? null;
    if (at === null || at > instant) return [];
    return sharing(snapshot, head).map(({ version, keyId, keyArn }) => ({
      version,
      keyId,
      keyArn,
      destroyedAt: at,
    }));
  });
}
