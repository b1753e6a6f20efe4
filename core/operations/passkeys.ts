// SPDX-License-Identifier: Apache-2.0
// Passkeys of a stage: how the record of them changes, and how one is taken away.
import { KeyturnError } from '../errors.ts';
import type { ApprovalLedger } from '../ports/approvals.ts';
import type { PasskeyRecord, Passkeys } from '../ports/passkeys.ts';
import type { Clock, Decision, Principal } from '../ports/platform.ts';
import { approvalNotFound, toApprovalChange } from './mutate-approval.ts';
import { type DecideRows, mutateRows } from './mutate-rows.ts';

/** At 1.6 KB for the longest ids, RSA keys and labels, below what one row holds (400 KB). */
const MOST = 200;

export function isActivePasskey({ removedAt }: PasskeyRecord): boolean {
  return removedAt === null;
}

/** @throws KeyturnError `NotServedHere` when too many are in use */
function bounded(items: readonly PasskeyRecord[]): readonly PasskeyRecord[] {
  // What was removed makes room, the oldest first; the audit of its approval keeps it.
  const removed = items.filter((one) => !isActivePasskey(one));
  const dropped = new Set(removed.slice(0, Math.max(0, items.length - MOST)));
  const kept = items.filter((one) => !dropped.has(one));
  if (kept.length <= MOST) return kept;
  throw new KeyturnError('NotServedHere', `${MOST} passkeys are in use already; remove some first`);
}

/** Changes the record of them; see {@link mutateRows}. */
export function mutatePasskeys<T>(
  { passkeys, clock }: { readonly passkeys: Passkeys; readonly clock: Clock },
  decide: DecideRows<PasskeyRecord, T>,
): Promise<T> {
  return mutateRows(
    {
      clock,
      bounded,
      read: () => passkeys.readPasskeys(),
      commit: (expectedRevision, next, approval) =>
        passkeys.commitPasskeys({ expectedRevision, passkeys: next, approval }),
    },
    decide,
  );
}

export interface RemovePasskeyDeps {
  readonly passkeys: Passkeys;
  readonly approvals: ApprovalLedger;
  readonly clock: Clock;
}

export function signerNotFound(): KeyturnError {
  return new KeyturnError('SignerNotFound', 'no such passkey; "signer list" shows all');
}

/**
 * Takes a passkey away. One that was removed stays as it is.
 * @throws KeyturnError `SignerNotFound`, `RevisionConflict`
 */
export async function removePasskey(
  deps: RemovePasskeyDeps,
  {
    id,
    by,
    decision,
  }: { readonly id: string; readonly by: Principal; readonly decision: Decision },
): Promise<PasskeyRecord> {
  return mutatePasskeys(deps, async (items, now) => {
    const found = items.find((one) => one.id === id);
    if (!found) throw signerNotFound();
    if (!isActivePasskey(found)) return { draft: null, result: found };
    const approval = await deps.approvals.readApproval(found.approvalId);
    if (!approval) throw approvalNotFound();
    const removed = { ...found, removedAt: now, removedBy: by.id };
    const change = toApprovalChange(
      approval,
      {},
      {
        at: now,
        actor: by.id,
        action: 'signer.removed',
        decision,
        operationId: null,
        detail: {
          act: approval.action,
          key: null,
          digest: approval.digest,
          signer: id,
          person: found.sub,
        },
      },
    );
    const kept = items.map((one) => (one.id === id ? removed : one));
    return { draft: { items: kept, approval: change }, result: removed };
  });
}
