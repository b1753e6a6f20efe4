// SPDX-License-Identifier: Apache-2.0
// The keys a call found, for the resources of its CloudTrail event. They hang on the caller, of which every
// request has an object of its own: calls are copied on their way.
import type { Caller } from '../authorization/principal.ts';

const found = new WeakMap<Caller, Set<string>>();

/** Remembers that this caller's call concerns the key. */
export function noteKey(caller: Caller, keyId: string): void {
  const keys = found.get(caller);
  if (keys === undefined) found.set(caller, new Set([keyId]));
  else keys.add(keyId);
}

/** Ids of the keys that this caller's call concerns, in the order found. */
export function keysUsed(caller: Caller): readonly string[] {
  return [...(found.get(caller) ?? [])];
}
