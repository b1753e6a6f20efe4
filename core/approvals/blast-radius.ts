// SPDX-License-Identifier: Apache-2.0
// What an act on a key touches, counted on the snapshot that it is asked on.
import type { ConsumerRecord } from '../keys/consumers.ts';
import type { KeySnapshot } from '../ports/ledger.ts';
import type { BlastRadius } from './records.ts';

const TOP = 5;

/** Of an act that stops nobody. */
export const NO_BLAST: BlastRadius = {
  consumers: 0,
  topOwners: [],
  lastUse: null,
  unreadable: null,
  undo: null,
  irreversible: false,
};

export interface Effects {
  /** Consumers that feel it; absent: all. */
  readonly affected?: readonly ConsumerRecord[];
  readonly unreadable?: string | null;
  readonly undo: string | null;
  readonly irreversible?: boolean;
}

/** Owners by how many consumers they have, most first. */
function topOwners(consumers: readonly ConsumerRecord[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { owner } of consumers) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  return [...counts]
    .sort(([a, most], [b, more]) => more - most || (a < b ? -1 : 1))
    .slice(0, TOP)
    .map(([owner]) => owner);
}

export function blastOf(snapshot: KeySnapshot, effects: Effects): BlastRadius {
  const consumers = effects.affected ?? snapshot.consumers;
  const seen = consumers.flatMap(({ lastSeenAt, name }) =>
    lastSeenAt ? [`${lastSeenAt} by ${name}`] : [],
  );
  return {
    consumers: consumers.length,
    topOwners: topOwners(consumers),
    lastUse: seen.sort().at(-1) ?? null,
    unreadable: effects.unreadable ?? null,
    undo: effects.undo,
    irreversible: effects.irreversible ?? false,
  };
}
