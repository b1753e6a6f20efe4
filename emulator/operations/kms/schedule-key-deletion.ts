// SPDX-License-Identifier: Apache-2.0
// ScheduleKeyDeletion: 7 to 30 days until the material is destroyed.
import { authorizeKey } from '../../authorization/authorize.ts';
import { epochSeconds } from '../../clock.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { requireNotPendingDeletion } from '../../keys/key-state.ts';
import { unusedDays } from '../../keys/last-use.ts';
import { integer } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { optional, required } from '../../protocol/shape.ts';
import { keyArn } from '../../settings.ts';

const DAY_MILLISECONDS = 86_400_000;
const DEFAULT_DAYS = 30;

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html */
export const scheduleKeyDeletion = operation(
  'ScheduleKeyDeletion',
  { KeyId: required(keyIdText), PendingWindowInDays: optional(integer(7, 30)) },
  (call, input) => {
    const key = findKey(call, input.KeyId);
    const days = input.PendingWindowInDays ?? DEFAULT_DAYS;
    authorizeKey(call, 'kms:ScheduleKeyDeletion', key, {
      'kms:ScheduleKeyDeletionPendingWindowInDays': days,
      ...unusedDays(call, key),
    });
    requireNotPendingDeletion(call, key);
    const deletionAt = call.now + days * DAY_MILLISECONDS;
    call.emulator.store.keys.change(
      key.keyId,
      { state: 'PendingDeletion', deletionAt },
      call.visibleAt,
    );
    return {
      KeyId: keyArn(call.emulator.place, key.keyId),
      DeletionDate: epochSeconds(deletionAt),
      KeyState: 'PendingDeletion',
      PendingWindowInDays: days,
    };
  },
);
