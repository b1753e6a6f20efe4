// SPDX-License-Identifier: Apache-2.0
// What a call found, for its CloudTrail event: the keys that are its resources, and what AWS adds about them. It
// hangs on the caller, of which every request has an object of its own: calls are copied on their way.
import type { Caller } from '../authorization/principal.ts';

/** Members of `additionalEventData`. */
export type EventData = Readonly<Record<string, string>>;

const found = new WeakMap<Caller, Set<string>>();
const added = new WeakMap<Caller, EventData>();

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

/** Remembers what neither request nor answer of this caller's call tells. */
export function noteEventData(caller: Caller, data: EventData): void {
  added.set(caller, { ...added.get(caller), ...data });
}

/** What was noted of this caller's call. */
export function eventData(caller: Caller): EventData {
  return added.get(caller) ?? {};
}
