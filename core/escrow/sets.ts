// SPDX-License-Identifier: Apache-2.0
// Finding and moving on the generations of a key's sets, and the sessions that bring their shares together.
import { KeyturnError } from '../errors.ts';
import type { Instant } from '../keys/records.ts';
import type { KeySnapshot } from '../ports/ledger.ts';
import type {
  EscrowSessionRecord,
  EscrowSetRecord,
  ShareEnvelope,
  StoredShares,
} from './records.ts';

const pad = (value: number) => String(value).padStart(8, '0');

export function setName(version: number, generation: number): string {
  return `${pad(version)}#${pad(generation)}`;
}

/** The generation that a version's next set will be; generations only grow, whatever became of them. */
export function nextGeneration({ escrow }: KeySnapshot, version: number): number {
  const known = escrow.sets.filter((set) => set.version === version);
  return Math.max(0, ...known.map(({ generation }) => generation)) + 1;
}

/** Sets of a version in a state, the newest last. */
export function setsOf(
  { escrow }: KeySnapshot,
  version: number,
  state: EscrowSetRecord['state'],
): readonly EscrowSetRecord[] {
  return escrow.sets.filter((set) => set.version === version && set.state === state);
}

/** @throws KeyturnError `EscrowNotFound` */
export function activeSet(snapshot: KeySnapshot, version: number): EscrowSetRecord {
  const [found] = setsOf(snapshot, version, 'active');
  if (found) return found;
  throw new KeyturnError(
    'EscrowNotFound',
    `version ${version} of ${snapshot.key.name} has no material in escrow`,
    { details: { key: snapshot.key.name, version } },
  );
}

export function retired(set: EscrowSetRecord, at: Instant, cause: string): EscrowSetRecord {
  return { ...set, state: 'retired', retiredAt: at, cause };
}

/** What stays of the envelopes of a retired generation: that they were there, and nothing to open. */
export function emptied(
  { setId, generation }: EscrowSetRecord,
  envelopes: readonly ShareEnvelope[],
): StoredShares {
  return {
    setId,
    generation,
    envelopes: envelopes.map((envelope) => ({ ...envelope, sealed: '' })),
  };
}

/** Waits for approvals or contributions. */
export function isLive({ state, expiresAt }: EscrowSessionRecord, now: Instant): boolean {
  return (state === 'requested' || state === 'open') && now < expiresAt;
}

/** @throws KeyturnError `EscrowNotFound` for a session that the key does not have */
export function sessionOf({ key, escrow }: KeySnapshot, name: string): EscrowSessionRecord {
  const found = escrow.sessions.find((session) => session.name === name);
  if (found) return found;
  throw new KeyturnError('EscrowNotFound', `${key.name} has no escrow session of that id`);
}

/** @throws KeyturnError `EscrowNotFound`, `TransitionForbidden` unless it takes contributions now */
export function openSessionOf(
  snapshot: KeySnapshot,
  name: string,
  now: Instant,
): EscrowSessionRecord {
  const session = sessionOf(snapshot, name);
  if (session.state === 'open' && isLive(session, now)) return session;
  const state = isLive(session, now) || session.endedAt ? session.state : 'expired';
  throw new KeyturnError(
    'TransitionForbidden',
    `${name} is ${state}; shares are brought together only while a session is open`,
    { details: { session: name, state } },
  );
}

/** The session's end: its one-time key and what was sealed to it go. */
export function ended(
  session: EscrowSessionRecord,
  state: 'done' | 'cancelled',
  at: Instant,
): EscrowSessionRecord {
  return { ...session, state, endedAt: at, sealedIdentity: null, contributions: [] };
}
