// SPDX-License-Identifier: Apache-2.0
// Act `break-glass.review`: a quorum looks at what somebody did alone in an emergency, and closes the review. It undoes
// nothing: a suspension is lifted by an act of its own, and what is revoked stays so.
import { KeyturnError } from '../../errors.ts';
import type { OpenReview } from '../../keys/records.ts';
import { keyNotFound, mutateKey } from '../../operations/mutate-key.ts';
import type { KeySnapshot, Ledger } from '../../ports/ledger.ts';
import type { Clock } from '../../ports/platform.ts';
import type { Act } from '../act.ts';
import { blastOf } from '../blast-radius.ts';

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

export const breakGlassReview: Act<ReviewDeps> = {
  action: 'break-glass.review',

  async describe({ ledger }, { key: name, operationId, parameters }) {
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

  async execute({ ledger, clock }, approval, consume) {
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
