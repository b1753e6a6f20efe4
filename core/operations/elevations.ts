// SPDX-License-Identifier: Apache-2.0
// Rights for a while: which hold now, how the record of them changes, and their end before their time.
import type { AuditEntry } from '../audit/chain.ts';
import { KeyturnError } from '../errors.ts';
import type { Instant } from '../keys/records.ts';
import type { ApprovalLedger } from '../ports/approvals.ts';
import type { ElevationRecord, Elevations } from '../ports/elevations.ts';
import type { Clock, Decision, Principal } from '../ports/platform.ts';
import { approvalNotFound, toApprovalChange } from './mutate-approval.ts';
import { type DecideRows, mutateRows } from './mutate-rows.ts';

/** What has ended is shown so long; its request and its audit stay. */
const SHOWN_SECONDS = 30 * 86_400;
/** Far more than anybody needs at a time, and far below what one row holds (400 KB). */
const MOST = 200;

/** Whether it holds at an instant. */
export function isActive({ revokedAt, until }: ElevationRecord, now: Instant): boolean {
  return revokedAt === null && now < until;
}

/** The ones of a person that hold now. */
export function activeOf(
  items: readonly ElevationRecord[],
  sub: string,
  now: Instant,
): readonly ElevationRecord[] {
  return items.filter((one) => one.sub === sub && isActive(one, now));
}

function isShown({ until, revokedAt }: ElevationRecord, now: Instant): boolean {
  const ended = revokedAt !== null && revokedAt < until ? revokedAt : until;
  return Date.parse(now) - Date.parse(ended) < SHOWN_SECONDS * 1000;
}

/** @throws KeyturnError `NotServedHere` when too many hold at once */
function bounded(items: readonly ElevationRecord[], now: Instant): readonly ElevationRecord[] {
  const shown = items.filter((one) => isShown(one, now));
  // What has ended makes room for what holds, the oldest first.
  const ended = shown.filter((one) => !isActive(one, now));
  const dropped = new Set(ended.slice(0, Math.max(0, shown.length - MOST)));
  const kept = shown.filter((one) => !dropped.has(one));
  if (kept.length <= MOST) return kept;
  throw new KeyturnError('NotServedHere', `${MOST} elevations hold already; revoke some first`);
}

/** Changes the record of them; see {@link mutateRows}. */
export function mutateElevations<T>(
  { elevations, clock }: { readonly elevations: Elevations; readonly clock: Clock },
  decide: DecideRows<ElevationRecord, T>,
): Promise<T> {
  return mutateRows(
    {
      clock,
      bounded,
      read: () => elevations.readElevations(),
      commit: (expectedRevision, next, approval) =>
        elevations.commitElevations({ expectedRevision, elevations: next, approval }),
    },
    decide,
  );
}

export interface RevokeElevationDeps {
  readonly elevations: Elevations;
  readonly approvals: ApprovalLedger;
  readonly clock: Clock;
}

export interface RevokeElevationInput {
  readonly id: string;
  readonly by: Principal;
  readonly decision: Decision;
}

export function elevationNotFound(): KeyturnError {
  return new KeyturnError('ElevationNotFound', 'no such elevation; "elevation list" shows all');
}

/**
 * Ends an elevation before its time. One that has ended stays as it ended.
 * @throws KeyturnError `ElevationNotFound`, `RevisionConflict`
 */
export async function revokeElevation(
  deps: RevokeElevationDeps,
  { id, by, decision }: RevokeElevationInput,
): Promise<ElevationRecord> {
  return mutateElevations(deps, async (items, now) => {
    const found = items.find((one) => one.id === id);
    if (!found) throw elevationNotFound();
    if (!isActive(found, now)) return { draft: null, result: found };
    const approval = await deps.approvals.readApproval(found.approvalId);
    if (!approval) throw approvalNotFound();
    const ended = { ...found, revokedAt: now, revokedBy: by.id };
    const entry: AuditEntry = {
      at: now,
      actor: by.id,
      action: 'elevation.revoked',
      decision,
      operationId: null,
      detail: {
        act: approval.action,
        key: null,
        digest: approval.digest,
        elevation: id,
        person: found.sub,
        group: found.group,
        until: found.until,
      },
    };
    return {
      draft: {
        items: items.map((one) => (one.id === id ? ended : one)),
        approval: toApprovalChange(approval, {}, entry),
      },
      result: ended,
    };
  });
}
