// SPDX-License-Identifier: Apache-2.0
// Related multi-Region keys: one id, one material, a key of its own in each Region. One of them is the primary.
import { randomBytes } from 'node:crypto';
import { AwsError } from '../protocol/errors.ts';
import type { Call } from '../protocol/operation.ts';
import { type Emulator, keyArn } from '../settings.ts';
import type { KeyRecord } from '../store/key-row.ts';
import type { PassingState } from '../store/multi-region-keys.ts';

/** How long a new replica is Creating, and related keys are Updating after their primary changed. */
export const PASSING_MILLISECONDS = 300;

const DAY_MILLISECONDS = 86_400_000;

/** One of the related keys, as its Region sees it. */
export interface RelatedKey {
  readonly emulator: Emulator;
  readonly key: KeyRecord;
}

/** `mrk-` and 32 hexadecimal digits. */
export function newMultiRegionId(): string {
  return `mrk-${randomBytes(16).toString('hex')}`;
}

/** Whether the key may have related keys in other Regions. */
export function isMultiRegion(keyId: string): boolean {
  return keyId.startsWith('mrk-');
}

/** The related keys that are there, this one among them. */
export function relatedKeys({ regions, clock }: Emulator, keyId: string): RelatedKey[] {
  return regions.all().flatMap((emulator): RelatedKey[] => {
    const key = emulator.store.keys.committed(keyId);
    const isGone = key === undefined || (key.deletionAt !== null && key.deletionAt <= clock());
    return isGone ? [] : [{ emulator, key }];
  });
}

/** Whether this Region has the primary of the set. */
export function isPrimary({ store, place }: Emulator, keyId: string): boolean {
  return store.multiRegion.find(keyId)?.primaryRegion === place.region;
}

/** The related keys but for the primary. */
export function replicasOf(emulator: Emulator, keyId: string): RelatedKey[] {
  return relatedKeys(emulator, keyId).filter((each) => !isPrimary(each.emulator, keyId));
}

/** Creating or Updating, while that lasts. */
export function passingState(emulator: Emulator, keyId: string): PassingState['state'] | undefined {
  const passing = emulator.store.multiRegion.find(keyId)?.passing[emulator.place.region];
  return passing !== undefined && passing.until > emulator.clock() ? passing.state : undefined;
}

/** Regions enter a passing state, in the same write as what else changes of the set. */
export function enterPassing(
  { store, clock }: Emulator,
  keyId: string,
  {
    state,
    regions,
    primaryRegion,
  }: {
    readonly state: PassingState['state'];
    readonly regions: readonly string[];
    readonly primaryRegion?: string;
  },
): void {
  const record = store.multiRegion.find(keyId);
  if (record === undefined) return;
  const until = clock() + PASSING_MILLISECONDS;
  const entered = regions.map((region) => [region, { state, until }]);
  store.multiRegion.put({
    ...record,
    primaryRegion: primaryRegion ?? record.primaryRegion,
    passing: { ...record.passing, ...Object.fromEntries(entered) },
  });
}

/** Remembers, or forgets, the waiting period of a primary that waits for its replicas' end. */
export function setPendingWindow({ store }: Emulator, keyId: string, days: number | null): void {
  const record = store.multiRegion.find(keyId);
  if (record !== undefined) store.multiRegion.put({ ...record, pendingWindowDays: days });
}

/** One of the set is gone: a primary that waited for it begins its period, and a set without keys is forgotten. */
export function afterRemoval(emulator: Emulator, keyId: string): void {
  const { multiRegion } = emulator.store;
  const [last, ...others] = relatedKeys(emulator, keyId);
  if (last === undefined) {
    multiRegion.remove(keyId);
    return;
  }
  const days = multiRegion.find(keyId)?.pendingWindowDays ?? null;
  if (others.length > 0 || days === null || !isPrimary(last.emulator, keyId)) return;
  const now = emulator.clock();
  setPendingWindow(emulator, keyId, null);
  last.emulator.store.keys.change(keyId, { deletionAt: now + days * DAY_MILLISECONDS }, now);
}

function shown({ emulator }: RelatedKey, keyId: string) {
  return { Arn: keyArn(emulator.place, keyId), Region: emulator.place.region };
}

/** What DescribeKey says of the set. */
export function multiRegionMembers(emulator: Emulator, { keyId }: KeyRecord) {
  const record = emulator.store.multiRegion.find(keyId);
  if (record === undefined) return { MultiRegion: false };
  const region = record.primaryRegion;
  const days = record.pendingWindowDays;
  const isPending = days !== null && isPrimary(emulator, keyId);
  return {
    MultiRegion: true,
    MultiRegionConfiguration: {
      MultiRegionKeyType: isPrimary(emulator, keyId) ? 'PRIMARY' : 'REPLICA',
      PrimaryKey: { Arn: keyArn({ ...emulator.place, region }, keyId), Region: region },
      ReplicaKeys: replicasOf(emulator, keyId).map((each) => shown(each, keyId)),
    },
    ...(isPending ? { PendingDeletionWindowInDays: days } : {}),
  };
}

/** @throws AwsError UnsupportedOperationException unless this is the primary of a set */
export function requirePrimary(call: Call, key: KeyRecord): void {
  if (isPrimary(call.emulator, key.keyId)) return;
  throw new AwsError(
    'UnsupportedOperationException',
    `${keyArn(call.emulator.place, key.keyId)} is not a multi-region primary key.`,
  );
}

/** @throws AwsError UnsupportedOperationException on a replica, whose rotation its primary decides */
export function requireOwnRotation(call: Call, key: KeyRecord): void {
  if (isMultiRegion(key.keyId)) requirePrimary(call, key);
}
