// SPDX-License-Identifier: Apache-2.0
// Use case: ask several people for a session. The session comes first, because what they decide on names its one-time
// key; when nobody can be asked, it is cancelled.
import { actionOf, recoverEscrow, reshareEscrow } from '../approvals/acts/escrow-session.ts';
import type { ApprovalRecord } from '../approvals/records.ts';
import type { Origin } from '../contract/vocabulary.ts';
import { KeyturnError } from '../errors.ts';
import type { Custodian, EscrowSessionRecord, ShareEnvelope } from '../escrow/records.ts';
import { MIN_SECRET_BYTES, requireShareable } from '../escrow/seal-shares.ts';
import { sessionOf } from '../escrow/sets.ts';
import type { KeyRecord } from '../keys/records.ts';
import type { CustodianDirectory } from '../ports/custodians.ts';
import type { ShareArchive } from '../ports/escrow.ts';
import type { KeySnapshot } from '../ports/ledger.ts';
import type { Principal } from '../ports/platform.ts';
import { findClaimed, type IdempotencyClaim } from './admit-operation.ts';
import { doingOnce } from './decide-again.ts';
import {
  cancelSession,
  type RequestSessionDeps,
  type RequestSessionInput,
  requestSession,
} from './escrow-session.ts';
import { keyNotFound } from './mutate-key.ts';
import { type RequestApprovalDeps, requestApproval } from './request-approval.ts';

export type AskForSessionDeps = RequestSessionDeps & RequestApprovalDeps;

export interface AskForSessionInput extends RequestSessionInput {
  readonly principal: Principal;
  readonly claim: IdempotencyClaim;
}

export interface AskedSession {
  readonly session: EscrowSessionRecord;
  readonly approval: ApprovalRecord;
}

/**
 * @returns the session and the request that would open it; the same for a repeated Idempotency-Key
 * @throws KeyturnError what {@link requestSession} and `requestApproval` refuse
 */
export async function askForSession(
  deps: AskForSessionDeps,
  input: AskForSessionInput,
): Promise<AskedSession> {
  const find = async () => {
    const known = await findClaimed(deps.ledger, input.claim);
    if (known === null) return null;
    const session = await askedFor(deps, input.key, known);
    return { session, approval: await ask(deps, input, session) };
  };
  return doingOnce(find, () => askNew(deps, input));
}

async function askNew(deps: AskForSessionDeps, input: AskForSessionInput): Promise<AskedSession> {
  const session = await requestSession(deps, input);
  try {
    return { session, approval: await ask(deps, input, session) };
  } catch (error) {
    // Somebody is asked although the answer did not come: the session is theirs to decide on.
    if ((await findClaimed(deps.ledger, input.claim)) !== null) throw error;
    await cancelSession(deps, { ...input, session: session.name });
    throw error;
  }
}

async function ask(
  deps: AskForSessionDeps,
  { principal, decision, reason, claim }: AskForSessionInput,
  { key, name, version, purpose }: EscrowSessionRecord,
): Promise<ApprovalRecord> {
  return requestApproval(deps, purpose === 'recover' ? recoverEscrow : reshareEscrow, {
    action: actionOf(purpose),
    request: { key, version, operationId: null, parameters: { session: name } },
    by: principal,
    decision,
    reason,
    claim,
  });
}

async function askedFor(
  { ledger, approvals }: AskForSessionDeps,
  key: string,
  approvalId: string,
): Promise<EscrowSessionRecord> {
  const approval = await approvals.readApproval(approvalId);
  const snapshot = await ledger.readKey(key);
  if (!snapshot) throw keyNotFound(key);
  return sessionOf(snapshot, String(approval?.parameters['session'] ?? ''));
}

/**
 * The circle of a re-share; null when none was named.
 * @throws KeyturnError `ValidationFailed` naming each person who has no age key in the directory
 */
export async function nextCircle(
  directory: CustodianDirectory,
  required: number | undefined,
  names: readonly string[] | undefined,
  place = '',
): Promise<RequestSessionInput['next']> {
  if (required === undefined || names === undefined) return null;
  const found = await Promise.all(names.map((name) => directory.custodian(name)));
  const fields = found.flatMap((one, at) =>
    one
      ? []
      : [{ pointer: `${place}/custodians/${at}`, detail: 'nobody of that name has an age key' }],
  );
  if (fields.length > 0)
    throw new KeyturnError(
      'ValidationFailed',
      'a custodian must be in the directory, with an age recipient of their own',
      { fields },
    );
  return { required, custodians: found.filter((one): one is Custodian => one !== null) };
}

/** What a request for a key says of escrow; names of the directory. */
interface EscrowOfNewKey {
  readonly origin?: Origin | undefined;
  readonly escrow?:
    | { readonly required: number; readonly custodians: readonly string[] }
    | undefined;
}

/**
 * The circle that a new key names, by id; undefined when it names none.
 * @throws KeyturnError `ValidationFailed` for a key that imports nothing, a quorum that cannot be, or people without an age key
 */
export async function namedCircle(
  directory: CustodianDirectory,
  { origin, escrow }: EscrowOfNewKey,
): Promise<KeyRecord['escrow'] | undefined> {
  if (!escrow) return undefined;
  if (origin !== 'EXTERNAL')
    throw new KeyturnError('ValidationFailed', 'only imported material can be in escrow', {
      fields: [{ pointer: '/escrow', detail: 'is for origin EXTERNAL' }],
    });
  const circle = await nextCircle(directory, escrow.required, escrow.custodians, '/escrow');
  requireShareable(escrow.required, circle?.custodians ?? [], MIN_SECRET_BYTES);
  const subs = (circle?.custodians ?? []).map(({ sub }) => sub);
  return { required: escrow.required, custodians: subs };
}

/** Somebody's own shares of generations that are not retired, as they are stored. */
export async function ownShares(
  archive: ShareArchive,
  { escrow }: KeySnapshot,
  sub: string,
): Promise<readonly ShareEnvelope[]> {
  const theirs = escrow.sets.filter(
    ({ state, custodians }) => state !== 'retired' && custodians.some((one) => one.sub === sub),
  );
  const stored = await Promise.all(
    theirs.map(({ setId, generation }) => archive.readShares(setId, generation)),
  );
  return stored.flat().filter(({ custodian }) => custodian === sub);
}
