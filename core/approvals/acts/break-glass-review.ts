// SPDX-License-Identifier: Apache-2.0
// Act `break-glass.review`: a quorum looks at what somebody did alone in an emergency, to a key or to the key store, and
// closes the review. It undoes nothing: a suspension is lifted by an act of its own, a key store is reconnected by one,
// and what is revoked stays so.
import { KeyturnError } from '../../errors.ts';
import type { OpenReview } from '../../keys/records.ts';
import { keyNotFound, mutateKey } from '../../operations/mutate-key.ts';
import type { KeySnapshot, Ledger } from '../../ports/ledger.ts';
import type { Clock } from '../../ports/platform.ts';
import { closeReview, readOpenReview } from '../../recovery/emergency.ts';
import type { Act, ActDescription, ActRequest } from '../act.ts';
import { blastOf } from '../blast-radius.ts';
import type { ApprovalParameters } from '../records.ts';

export interface ReviewDeps {
  readonly ledger: Ledger;
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
    blast: {
      consumers: 0,
      topOwners: [],
      lastUse: null,
      unreadable: null,
      undo: null,
      irreversible: false,
    },
    basis: review,
  };
}

export const breakGlassReview: Act<ReviewDeps> = {
  action: 'break-glass.review',

  async describe(deps, request) {
    const { key: name, operationId, parameters } = request;
    const keyStore = keyStoreOf(parameters);
    if (keyStore !== null) return ofKeyStore(deps, request, keyStore);
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
