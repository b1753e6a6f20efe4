// SPDX-License-Identifier: Apache-2.0
// The kill switch without a quorum: a person disconnects the key store alone, in an emergency, and a quorum reviews it
// afterwards. Nothing else of a recovery is begun alone: what connects a key store, or makes it of a backup, is decided on.
import type { AuditEntry } from '../audit/chain.ts';
import { KeyturnError } from '../errors.ts';
import type { OpenReview } from '../keys/records.ts';
import { admitOnce, type IdempotencyClaim } from '../operations/admit-operation.ts';
import { decidingAgain } from '../operations/decide-again.ts';
import type { ApprovalChange, Ledger } from '../ports/ledger.ts';
import type { Decision, Ids } from '../ports/platform.ts';
import { toChange } from '../provisioning/key-store-change.ts';
import type { KeyStoreRecord } from '../provisioning/records.ts';
import { admitRecovery, type RecoveryDeps } from './key-store-recovery.ts';

const MAX_TRIES = 4;

export interface DisconnectAlone {
  readonly keyStore: string;
  readonly reason: string;
  readonly by: string;
  readonly decision: Decision;
  readonly claim: IdempotencyClaim;
}

/**
 * Records that somebody disconnects the key store alone, and that its review is open.
 * @returns the recovery's id; the same for a repeated Idempotency-Key
 * @throws KeyturnError `KeyStoreNotFound`, `OperationInProgress`, `IdempotencyKeyReused`
 */
export function disconnectAlone(
  deps: RecoveryDeps & { readonly ids: Ids },
  { keyStore, reason, by, decision, claim }: DisconnectAlone,
): Promise<string> {
  const operationId = deps.ids.operationId();
  const admit = async () => {
    await admitRecovery(deps, {
      keyStore,
      kind: 'key-store.disconnect',
      operationId,
      backupId: null,
      reason,
      requestedBy: by,
      decision,
      alone: claim,
    });
    return operationId;
  };
  return decidingAgain(MAX_TRIES, () => admitOnce(deps.ledger, claim, admit));
}

/** Whether what an operation did alone still waits for its review. */
export const isReviewOpen = (
  { openReviews = [] }: Pick<KeyStoreRecord, 'openReviews'>,
  operationId: string,
): boolean => openReviews.some((one) => one.operationId === operationId);

/** What somebody did alone to a key store. @throws KeyturnError `TransitionForbidden` when no such review is open */
export async function readOpenReview(
  ledger: Ledger,
  name: string,
  operationId: string | null,
): Promise<{ readonly keyStore: KeyStoreRecord; readonly review: OpenReview }> {
  const keyStore = await ledger.readKeyStore(name);
  const review = keyStore?.openReviews?.find((one) => one.operationId === operationId);
  if (keyStore && review) return { keyStore, review };
  throw new KeyturnError(
    'TransitionForbidden',
    `no review of ${operationId} is open at key store ${name}`,
  );
}

export interface CloseReview {
  readonly keyStore: string;
  readonly operationId: string | null;
  readonly requestedBy: string;
  readonly approvalId: string;
  readonly decision: Decision;
  readonly consume: (review: OpenReview) => ApprovalChange;
}

/** Closes a review, with the approval that a quorum gave. @throws KeyturnError `TransitionForbidden` */
export function closeReview({ ledger, clock }: RecoveryDeps, input: CloseReview): Promise<void> {
  return decidingAgain(MAX_TRIES, async () => {
    const { keyStore, review } = await readOpenReview(ledger, input.keyStore, input.operationId);
    const entry: AuditEntry = {
      at: clock.now(),
      actor: input.requestedBy,
      action: 'recovery.reviewed',
      decision: input.decision,
      operationId: review.operationId,
      detail: {
        keyStore: keyStore.name,
        by: review.by,
        since: review.at,
        approval: input.approvalId,
      },
    };
    const openReviews = (keyStore.openReviews ?? []).filter(
      (one) => one.operationId !== review.operationId,
    );
    const approval = input.consume(review);
    await ledger.commitKeyStore({ ...toChange(keyStore, { openReviews }, entry), approval });
  });
}
