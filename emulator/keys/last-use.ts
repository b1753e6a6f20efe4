// SPDX-License-Identifier: Apache-2.0
// Last use of keys: admitted uses hang on the caller, of which every request has its own, and count once the
// call succeeded.
import type { Caller } from '../authorization/principal.ts';
import type { Call } from '../protocol/operation.ts';
import type { Emulator } from '../settings.ts';
import type { KeyRecord } from '../store/key-row.ts';

const DAY_MILLISECONDS = 86_400_000;
const admitted = new WeakMap<Caller, Map<string, string>>();

/** Remembers that the call is about to use the key. */
export function noteUse(caller: Caller, keyId: string, operation: string): void {
  const uses = admitted.get(caller) ?? new Map<string, string>();
  admitted.set(caller, uses.set(keyId, operation));
}

/** The call succeeded: its uses count. */
export function countUses(
  emulator: Emulator,
  caller: Caller,
  { at, requestId }: { readonly at: number; readonly requestId: string },
): void {
  for (const [keyId, operation] of admitted.get(caller) ?? []) {
    emulator.store.usage.note(keyId, { operation, at, requestId });
  }
}

/** `kms:TrailingDaysWithoutKeyUsage`: whole days since the last use, or since creation. */
export function unusedDays(call: Call, key: KeyRecord) {
  const since = call.emulator.store.usage.last(key.keyId)?.at ?? key.createdAt;
  const days = Math.floor((call.now - since) / DAY_MILLISECONDS);
  return { 'kms:TrailingDaysWithoutKeyUsage': days };
}
