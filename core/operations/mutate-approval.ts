// SPDX-License-Identifier: Apache-2.0
// How a request for approval changes: read, decide, commit under the condition that nothing moved, else decide again.
// Vote, expiry, cancel and execution meet in this one condition, so each pair of them has one outcome.

import type { ApprovalRecord } from '../approvals/records.ts';
import { type AuditEntry, link } from '../audit/chain.ts';
import { KeyturnError } from '../errors.ts';
import type { ApprovalLedger } from '../ports/approvals.ts';
import type { ApprovalChange } from '../ports/ledger.ts';
import { decidingAgain } from './decide-again.ts';

const MAX_TRIES = 8;

/** A reminder or an expiry that comes so much later was lost with its execution: the sweep takes over. */
const GRACE_SECONDS = 60;

export function approvalStream(id: string): string {
  return `approval/${id}`;
}

export function approvalNotFound(): KeyturnError {
  // The id is the caller's text: it is not shown again.
  return new KeyturnError(
    'ApprovalNotFound',
    'no request for approval has this id; "approval list" shows what is open',
  );
}

/** Shares of the window at which those who have not voted are reminded; at the last, deputies are told too. */
export const REMINDERS = [50, 80] as const;

/** The instant of a share of the window. */
export function markAt({ requestedAt, closesAt }: ApprovalRecord, percent: number): string {
  const start = Date.parse(requestedAt);
  return new Date(start + ((Date.parse(closesAt) - start) * percent) / 100).toISOString();
}

/** The window is made longer by half, once. */
const LONGEST_PERCENT = 150;

/** The end of the window at its longest. */
export function longestWindow(approval: ApprovalRecord): string {
  return markAt({ ...approval, closesAt: approval.expiresAt }, LONGEST_PERCENT);
}

/** The next instant at which something is to be done about a request. */
export function nextMark(approval: ApprovalRecord): string | null {
  if (approval.state === 'approved') return approval.executeBefore;
  if (approval.state !== 'pending') return null;
  const percent = REMINDERS.find((one) => one > approval.remindedPercent);
  return percent === undefined ? approval.closesAt : markAt(approval, percent);
}

/**
 * When somebody should have looked at a request, looked at last at `now`; null once it has ended. What is approved is
 * executed at once by the execution that was woken, so soon after it is looked whether it was.
 */
function dueAt(approval: ApprovalRecord, now: string): string | null {
  const next = approval.state === 'approved' ? now : nextMark(approval);
  if (next === null) return null;
  return new Date(Date.parse(next > now ? next : now) + GRACE_SECONDS * 1000).toISOString();
}

/** The change that carries a request on to `patch`. */
export function toApprovalChange(
  approval: ApprovalRecord,
  patch: Partial<ApprovalRecord>,
  entry: AuditEntry,
): ApprovalChange {
  const head = { sequence: approval.revision, hash: approval.auditHead };
  const audit = link(approvalStream(approval.id), head, entry);
  const next = { ...approval, ...patch, revision: audit.sequence, auditHead: audit.hash };
  const due = dueAt(next, entry.at);
  return { expectedRevision: approval.revision, approval: { ...next, dueAt: due }, audit };
}

/** What a decision about a request wants. */
export interface ApprovalDraft {
  readonly patch: Partial<ApprovalRecord>;
  readonly entry: AuditEntry;
}

/**
 * Reads, decides, commits; decides again when the request moved meanwhile.
 * @param decide must be pure; a null draft means nothing is to be changed
 * @returns the request as it is afterwards, with what `decide` answered
 * @throws KeyturnError `ApprovalNotFound`, `RevisionConflict` after {@link MAX_TRIES} lost races, what `decide` throws
 */
export async function mutateApproval<T>(
  ledger: Pick<ApprovalLedger, 'readApproval' | 'commitApproval'>,
  id: string,
  decide: (approval: ApprovalRecord) => { draft: ApprovalDraft | null; result: T },
): Promise<{ approval: ApprovalRecord; result: T }> {
  return decidingAgain(MAX_TRIES, async () => {
    const approval = await ledger.readApproval(id);
    if (!approval) throw approvalNotFound();
    const { draft, result } = decide(approval);
    if (!draft) return { approval, result };
    const change = toApprovalChange(approval, draft.patch, draft.entry);
    await ledger.commitApproval(change);
    return { approval: change.approval, result };
  });
}
