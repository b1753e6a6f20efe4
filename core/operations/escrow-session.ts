// SPDX-License-Identifier: Apache-2.0
// Use cases around a session: it is asked for with the one-time key that shares will be sealed to, so that those who
// approve it agree on that key, and nobody can put another in its place.

import { KeyturnError } from '../errors.ts';
import type { Custodian, EscrowPurpose, EscrowSessionRecord } from '../escrow/records.ts';
import { requireShareable } from '../escrow/seal-shares.ts';
import { activeSet, ended, isLive, sessionOf } from '../escrow/sets.ts';
import type { SessionSeal, ShareSealer } from '../ports/escrow.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock, Decision, Ids } from '../ports/platform.ts';
import { type IdempotencyClaim, later } from './admit-operation.ts';
import { type Draft, mutateKey } from './mutate-key.ts';

/** Longer than any rule lets people decide, so that an approval never comes to a session that is gone. */
const REQUEST_SECONDS = 31 * 86_400;
/** Custodians are asleep, travelling, or have to fetch their key from a safe. */
const OPEN_SECONDS = 3 * 86_400;

export interface RequestSessionDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly sealer: ShareSealer;
  readonly seal: SessionSeal;
}

export interface RequestSessionInput {
  readonly key: string;
  /** Null: the current version. */
  readonly version: number | null;
  readonly purpose: EscrowPurpose;
  /** Of a re-share. */
  readonly next: { readonly required: number; readonly custodians: readonly Custodian[] } | null;
  readonly reason: string | null;
  readonly by: string;
  readonly decision: Decision;
  readonly claim?: IdempotencyClaim;
}

/** The session that this request has made already. @throws KeyturnError `OperationInProgress` for one of another request */
function ownSession(
  { key, escrow }: KeySnapshot,
  request: string | null,
  now: string,
): EscrowSessionRecord | null {
  const other = escrow.sessions.find((session) => isLive(session, now));
  if (!other) return null;
  if (other.state === 'requested' && other.request === request) return other;
  throw new KeyturnError(
    'OperationInProgress',
    `${other.name} (${other.purpose}) is ${other.state} on ${key.name}; finish or cancel it first`,
    { details: { key: key.name, session: other.name } },
  );
}

/**
 * Records a session that waits for approvals. Its identity is sealed before anything is written. The same request, sent
 * again before anybody was asked, gets the same session.
 * @throws KeyturnError `KeyNotFound`, `KeyReleased`, `EscrowNotFound`, `OperationInProgress`, `ValidationFailed` for a next
 *   generation that cannot be
 */
export async function requestSession(
  { ledger, clock, ids, sealer, seal }: RequestSessionDeps,
  input: RequestSessionInput,
): Promise<EscrowSessionRecord> {
  const { identity, recipient } = await sealer.newIdentity();
  const name = ids.escrowSessionId();
  const sealedIdentity = await seal.seal(identity, name);
  const { claim } = input;
  const request = claim ? `${claim.scope}/${claim.bodyHash}` : null;
  return mutateKey(ledger, input.key, (snapshot) => {
    const now = clock.now();
    const own = ownSession(snapshot, request, now);
    if (own) return { draft: null, result: own };
    const set = activeSet(snapshot, input.version ?? snapshot.key.currentVersion ?? 0);
    if (input.next) requireShareable(input.next.required, input.next.custodians, set.bytes);
    const session: EscrowSessionRecord = {
      key: input.key,
      name,
      purpose: input.purpose,
      setId: set.setId,
      version: set.version,
      generation: set.generation,
      state: 'requested',
      recipient,
      sealedIdentity,
      next: input.next,
      reason: input.reason,
      requestedBy: input.by,
      ...(request === null ? {} : { request }),
      requestedAt: now,
      expiresAt: later(now, REQUEST_SECONDS),
      approvalId: null,
      contributions: [],
      used: [],
      refused: null,
      endedAt: null,
    };
    return {
      draft: sessionDraft(session, input, now, `escrow.${input.purpose}-requested`),
      result: session,
    };
  });
}

/** The session, open for contributions: what an approved request writes. */
export function openedSession(
  snapshot: KeySnapshot,
  name: string,
  approvalId: string,
  now: string,
): EscrowSessionRecord {
  const session = sessionOf(snapshot, name);
  if (session.state !== 'requested' || !isLive(session, now))
    throw new KeyturnError('TransitionForbidden', `${name} does not wait for approvals any more`);
  return { ...session, state: 'open', approvalId, expiresAt: later(now, OPEN_SECONDS) };
}

/** @throws KeyturnError `KeyNotFound`, `EscrowNotFound`, `TransitionForbidden` when it has ended */
export async function cancelSession(
  { ledger, clock }: Pick<RequestSessionDeps, 'ledger' | 'clock'>,
  input: Pick<RequestSessionInput, 'key' | 'by' | 'decision'> & { readonly session: string },
): Promise<EscrowSessionRecord> {
  return mutateKey(ledger, input.key, (snapshot) => {
    const session = sessionOf(snapshot, input.session);
    if (session.endedAt !== null)
      throw new KeyturnError('TransitionForbidden', `${session.name} is ${session.state} already`);
    const now = clock.now();
    const cancelled = ended(session, 'cancelled', now);
    return { draft: sessionDraft(cancelled, input, now, 'escrow.cancelled'), result: cancelled };
  });
}

/** The draft of a change of a session alone. */
export function sessionDraft(
  session: EscrowSessionRecord,
  { by, decision }: { readonly by: string; readonly decision: Decision },
  at: string,
  action: string,
  more: Readonly<Record<string, string | number | boolean | null>> = {},
): Draft {
  const { name, version, setId, generation } = session;
  const detail = { session: name, version, set: setId, generation, ...more };
  return {
    escrow: { sessions: [session] },
    audit: { at, actor: by, action, decision, operationId: null, detail },
  };
}
