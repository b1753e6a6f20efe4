// SPDX-License-Identifier: Apache-2.0
// ScheduleKeyDeletion: 7 to 30 days until the material is destroyed. A primary with replicas waits for their end.
import { authorizeKey } from '../../authorization/authorize.ts';
import { epochSeconds } from '../../clock.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { requireNotPendingDeletion, requireSettled } from '../../keys/key-state.ts';
import { unusedDays } from '../../keys/last-use.ts';
import { isPrimary, replicasOf, setPendingWindow } from '../../keys/multi-region.ts';
import { AwsError } from '../../protocol/errors.ts';
import { integer } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { optional, required } from '../../protocol/shape.ts';
import { keyArn } from '../../settings.ts';

const DAY_MILLISECONDS = 86_400_000;
const DEFAULT_DAYS = 30;

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html */
export const scheduleKeyDeletion = operation(
  'ScheduleKeyDeletion',
  { KeyId: required(keyIdText), PendingWindowInDays: optional(integer(1, 365)) },
  (call, input) => {
    const key = findKey(call, input.KeyId);
    const days = input.PendingWindowInDays ?? DEFAULT_DAYS;
    if (days < 7 || days > 30) {
      throw new AwsError('ValidationException', 'PendingWindowInDays must be between 7 and 30');
    }
    authorizeKey(call, 'kms:ScheduleKeyDeletion', key, {
      'kms:ScheduleKeyDeletionPendingWindowInDays': days,
      ...unusedDays(call, key),
    });
    requireNotPendingDeletion(call, key);
    requireSettled(call, key);
    const waits =
      isPrimary(call.emulator, key.keyId) && replicasOf(call.emulator, key.keyId).length > 0;
    const deletionAt = waits ? null : call.now + days * DAY_MILLISECONDS;
    if (waits) setPendingWindow(call.emulator, key.keyId, days);
    call.emulator.store.keys.change(
      key.keyId,
      { state: 'PendingDeletion', deletionAt },
      call.visibleAt,
    );
    return {
      KeyId: keyArn(call.emulator.place, key.keyId),
      ...(deletionAt === null ? {} : { DeletionDate: epochSeconds(deletionAt) }),
      KeyState: waits ? 'PendingReplicaDeletion' : 'PendingDeletion',
      PendingWindowInDays: days,
    };
  },
);
