// SPDX-License-Identifier: Apache-2.0
// Act `break-glass.review`: a quorum looks at what somebody did alone in an emergency, to a key, to a scope of keys, to
// the key store or by a mass brake, and closes the review. It undoes nothing: a suspension is lifted by an act of its own, a key store is
// reconnected by one, and what is revoked stays so.
import type { AuditEntry } from '../../audit/chain.ts';
import { KeyturnError } from '../../errors.ts';
import type { OpenReview } from '../../keys/records.ts';
import { linkedBrake, scopeInWords } from '../../operations/admit-brake.ts';
import { linkedScope } from '../../operations/contain-scope.ts';
import { decidingAgain } from '../../operations/decide-again.ts';
import { keyNotFound, mutateKey } from '../../operations/mutate-key.ts';
import type { BrakeRecord, Brakes } from '../../ports/brakes.ts';
import type { ApprovalChange, KeySnapshot, Ledger } from '../../ports/ledger.ts';
import type { Clock } from '../../ports/platform.ts';
import type { ScopeContainment, ScopeContainments } from '../../ports/scope-containments.ts';
import { closeReview, readOpenReview } from '../../recovery/emergency.ts';
import type { Act, ActDescription, ActRequest, Consume } from '../act.ts';
import { blastOf, NO_BLAST } from '../blast-radius.ts';
import type { ApprovalParameters, ApprovalRecord } from '../records.ts';

/** Parts of a containment write its row every few seconds. */
const MAX_TRIES = 8;

export interface ReviewDeps {
  readonly ledger: Ledger;
  readonly scopes: ScopeContainments;
  readonly brakes: Brakes;
  readonly clock: Clock;
}

function openReview({ key }: KeySnapshot, operationId: string | null): OpenReview {
  const review = key.openReviews?.find((one) => one.operationId === operationId);
  if (review) return review;
  throw new KeyturnError(
    'TransitionForbidden',
    `no review of ${operationId} is open at ${key.name}`,
    { details: { key: key.name } },
  );
}

/** The key store that a review is about; null: it is about a key. */
function keyStoreOf(parameters: ApprovalParameters): string | null {
  const { keyStore } = parameters;
  return typeof keyStore === 'string' ? keyStore : null;
}

/** The containment that a review is about; null: it is about something else. */
function containmentOf(parameters: ApprovalParameters): string | null {
  const { containment } = parameters;
  return typeof containment === 'string' ? containment : null;
}

/** The mass brake that a review is about; null: it is about something else. */
function brakeOf({ brake }: ApprovalParameters): string | null {
  return typeof brake === 'string' ? brake : null;
}

type WithReview = Pick<ScopeContainment, 'openReview'>;

/** What a review can be about that is a row of its own. */
interface Reviewed<Row extends WithReview> {
  readonly noun: string;
  readonly read: (deps: ReviewDeps, id: string) => Promise<Row | null>;
  /** What was done alone, behind the name of who did it. */
  readonly deed: (row: Row) => string;
  /** Writes the row without its review. */
  readonly close: (
    deps: ReviewDeps,
    row: Row,
    entry: Omit<AuditEntry, 'action'>,
    approval: ApprovalChange,
  ) => Promise<void>;
}

const SCOPE: Reviewed<ScopeContainment> = {
  noun: 'containment',
  read: ({ scopes }, id) => scopes.readScope(id),
  deed: ({ scope: { kind, value } }) => `suspended all keys of ${kind} ${value}`,
  close: ({ scopes }, row, entry, approval) => {
    const next = { ...row, openReview: null };
    const change = linkedScope(row, next, { ...entry, action: 'scope.reviewed' });
    return scopes.commitScope({ ...change, approval });
  },
};

const BRAKE: Reviewed<BrakeRecord> = {
  noun: 'brake',
  read: ({ brakes }, id) => brakes.readBrake(id),
  deed: ({ scope }) => `denied ${scopeInWords(scope)} the use of keys at KMS`,
  close: ({ brakes }, row, entry, approval) => {
    const next = { ...row, openReview: null };
    const change = linkedBrake(row, next, { ...entry, action: 'brake.reviewed' });
    return brakes.commitBrake({ ...change, approval });
  },
};

/** @throws KeyturnError `TransitionForbidden` unless its review is open */
async function openRow<Row extends WithReview>(
  deps: ReviewDeps,
  { noun, read }: Reviewed<Row>,
  id: string,
) {
  const row = await read(deps, id);
  if (row?.openReview) return { row, review: row.openReview };
  throw new KeyturnError('TransitionForbidden', `no review of ${noun} ${id} is open`);
}

async function ofRow<Row extends WithReview>(
  deps: ReviewDeps,
  { operationId, parameters }: ActRequest,
  reviewed: Reviewed<Row>,
  id: string,
): Promise<ActDescription> {
  const { row, review } = await openRow(deps, reviewed, id);
  return {
    ...{ key: null, version: null, operationId, parameters },
    what: `Close the review: ${review.by} ${reviewed.deed(row)} alone at ${review.at}, in an emergency`,
    ...{ class: review.class, environment: null },
    blast: NO_BLAST,
    basis: review,
  };
}

function closeRow<Row extends WithReview>(
  deps: ReviewDeps,
  { id: approvalId, requestedBy, rule }: ApprovalRecord,
  reviewed: Reviewed<Row>,
  id: string,
  consume: Consume,
): Promise<void> {
  return decidingAgain(MAX_TRIES, async () => {
    const { row, review } = await openRow(deps, reviewed, id);
    const entry = {
      at: deps.clock.now(),
      actor: requestedBy,
      decision: { effect: 'permit' as const, rule: rule.name },
      operationId: id,
      detail: { by: review.by, since: review.at, approval: approvalId },
    };
    await reviewed.close(deps, row, entry, consume(review, id));
  });
}

async function ofKeyStore(
  { ledger }: ReviewDeps,
  { operationId, parameters }: ActRequest,
  name: string,
): Promise<ActDescription> {
  const { review } = await readOpenReview(ledger, name, operationId);
  return {
    key: null,
    version: null,
    operationId,
    parameters,
    what: `Close the review: ${review.by} disconnected key store ${name} alone at ${review.at}, in an emergency`,
    class: 'key-store',
    environment: null,
    blast: NO_BLAST,
    basis: review,
  };
}

export const breakGlassReview: Act<ReviewDeps> = {
  action: 'break-glass.review',

  async describe(deps, request) {
    const { key: name, operationId, parameters } = request;
    const keyStore = keyStoreOf(parameters);
    if (keyStore !== null) return ofKeyStore(deps, request, keyStore);
    const containment = containmentOf(parameters);
    if (containment !== null) return ofRow(deps, request, SCOPE, containment);
    const brake = brakeOf(parameters);
    if (brake !== null) return ofRow(deps, request, BRAKE, brake);
    const { ledger } = deps;
    const snapshot = await ledger.readKey(name ?? '');
    if (!snapshot) throw keyNotFound(name ?? '');
    const review = openReview(snapshot, operationId);
    const { key } = snapshot;
    return {
      key: key.name,
      version: null,
      operationId,
      parameters,
      what: `Close the review: ${review.by} stopped ${key.name} alone at ${review.at}, in an emergency`,
      class: key.class,
      environment: key.environment,
      blast: blastOf(snapshot, { undo: null }),
      basis: review,
    };
  },

  async execute(deps, approval, consume) {
    const { ledger, clock } = deps;
    const keyStore = keyStoreOf(approval.parameters);
    if (keyStore !== null) {
      const { operationId, requestedBy, id: approvalId, rule } = approval;
      const decision = { effect: 'permit' as const, rule: rule.name };
      const by = { requestedBy, approvalId, decision };
      const closed = (review: OpenReview) => consume(review, operationId);
      await closeReview(deps, { keyStore, operationId, ...by, consume: closed });
      return [];
    }
    const containment = containmentOf(approval.parameters);
    if (containment !== null) {
      await closeRow(deps, approval, SCOPE, containment, consume);
      return [];
    }
    const brake = brakeOf(approval.parameters);
    if (brake !== null) {
      await closeRow(deps, approval, BRAKE, brake, consume);
      return [];
    }
    await mutateKey(ledger, approval.key ?? '', (snapshot) => {
      const review = openReview(snapshot, approval.operationId);
      const open = snapshot.key.openReviews ?? [];
      const draft = {
        key: { openReviews: open.filter((one) => one.operationId !== review.operationId) },
        approval: consume(review, approval.operationId),
        audit: {
          at: clock.now(),
          actor: approval.requestedBy,
          action: 'break-glass.reviewed',
          decision: { effect: 'permit' as const, rule: approval.rule.name },
          operationId: review.operationId,
          detail: { by: review.by, since: review.at, approval: approval.id },
        },
      };
      return { draft, result: undefined };
    });
    return [];
  },
};
