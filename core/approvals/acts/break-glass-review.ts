// SPDX-License-Identifier: Apache-2.0
// Act `break-glass.review`: a quorum looks at what somebody did alone in an emergency, to a key, to a scope of keys, to
// the key store or by a mass brake, and closes the review. It undoes nothing: a suspension is lifted by an act of its own, a key store is
// reconnected by one, and what is revoked stays so.
import { KeyturnError } from '../../errors.ts';
import type { OpenReview } from '../../keys/records.ts';
import { linkedBrake, scopeInWords } from '../../operations/admit-brake.ts';
import { linkedScope } from '../../operations/contain-scope.ts';
import { decidingAgain } from '../../operations/decide-again.ts';
import { keyNotFound, mutateKey } from '../../operations/mutate-key.ts';
import type { Brakes } from '../../ports/brakes.ts';
import type { KeySnapshot, Ledger } from '../../ports/ledger.ts';
import type { Clock } from '../../ports/platform.ts';
import type { ScopeContainments } from '../../ports/scope-containments.ts';
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

/** @throws KeyturnError `TransitionForbidden` unless its review is open */
async function openBrakeReview({ brakes }: ReviewDeps, id: string) {
  const brake = await brakes.readBrake(id);
  if (brake?.openReview) return { brake, review: brake.openReview };
  throw new KeyturnError('TransitionForbidden', `no review of brake ${id} is open`);
}

async function ofBrake(
  deps: ReviewDeps,
  { operationId, parameters }: ActRequest,
  id: string,
): Promise<ActDescription> {
  const { brake, review } = await openBrakeReview(deps, id);
  return {
    ...{ key: null, version: null, operationId, parameters },
    what: `Close the review: ${review.by} denied ${scopeInWords(brake.scope)} the use of keys at KMS alone at ${review.at}, in an emergency`,
    ...{ class: review.class, environment: null },
    blast: NO_BLAST,
    basis: review,
  };
}

function closeBrakeReview(
  deps: ReviewDeps,
  approval: ApprovalRecord,
  id: string,
  consume: Consume,
): Promise<void> {
  return decidingAgain(MAX_TRIES, async () => {
    const { brake, review } = await openBrakeReview(deps, id);
    const change = linkedBrake(
      brake,
      { ...brake, openReview: null },
      {
        at: deps.clock.now(),
        actor: approval.requestedBy,
        action: 'brake.reviewed',
        decision: { effect: 'permit', rule: approval.rule.name },
        detail: { by: review.by, since: review.at, approval: approval.id },
      },
    );
    await deps.brakes.commitBrake({ ...change, approval: consume(review, id) });
  });
}

/** @throws KeyturnError `TransitionForbidden` unless its review is open */
async function openScopeReview({ scopes }: ReviewDeps, id: string) {
  const row = await scopes.readScope(id);
  if (row?.openReview) return { row, review: row.openReview };
  throw new KeyturnError('TransitionForbidden', `no review of containment ${id} is open`);
}

async function ofScope(
  deps: ReviewDeps,
  { operationId, parameters }: ActRequest,
  id: string,
): Promise<ActDescription> {
  const { row, review } = await openScopeReview(deps, id);
  const { kind, value } = row.scope;
  return {
    ...{ key: null, version: null, operationId, parameters },
    what: `Close the review: ${review.by} suspended all keys of ${kind} ${value} alone at ${review.at}, in an emergency`,
    ...{ class: review.class, environment: null },
    blast: NO_BLAST,
    basis: review,
  };
}

function closeScopeReview(
  deps: ReviewDeps,
  approval: ApprovalRecord,
  id: string,
  consume: Consume,
): Promise<void> {
  return decidingAgain(MAX_TRIES, async () => {
    const { row, review } = await openScopeReview(deps, id);
    const change = linkedScope(
      row,
      { ...row, openReview: null },
      {
        at: deps.clock.now(),
        actor: approval.requestedBy,
        action: 'scope.reviewed',
        decision: { effect: 'permit', rule: approval.rule.name },
        operationId: id,
        detail: { by: review.by, since: review.at, approval: approval.id },
      },
    );
    await deps.scopes.commitScope({ ...change, approval: consume(review, id) });
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
    if (containment !== null) return ofScope(deps, request, containment);
    const brake = brakeOf(parameters);
    if (brake !== null) return ofBrake(deps, request, brake);
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
      await closeScopeReview(deps, approval, containment, consume);
      return [];
    }
    const brake = brakeOf(approval.parameters);
    if (brake !== null) {
      await closeBrakeReview(deps, approval, brake, consume);
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
