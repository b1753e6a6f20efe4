// SPDX-License-Identifier: Apache-2.0
// Use cases of time: reminders at 50 and 80 % of the window, expiry, the lapse of what was approved and not executed,
// and cancelling. The row holds all of it; an execution that was lost is followed by the next attempt.
import type { ApprovalRecord } from '../approvals/records.ts';
import type { AuditEntry, AuditValue } from '../audit/chain.ts';
import type { ApprovalState } from '../contract/approvals.ts';
import { isError, KeyturnError } from '../errors.ts';
import type { ApprovalLedger } from '../ports/approvals.ts';
import type { Clock, Decision, Principal, Workflows } from '../ports/platform.ts';
import {
  type ApprovalDraft,
  longestWindow,
  markAt,
  mutateApproval,
  nextMark,
  REMINDERS,
} from './mutate-approval.ts';
import { secondsUntil, startApproval } from './request-approval.ts';

export interface TendApprovalDeps {
  readonly approvals: ApprovalLedger;
  readonly clock: Clock;
}

/** What the workflow does next. */
export interface Tended {
  readonly state: ApprovalState;
  readonly waitSeconds: number;
}

const CLOCKWORK = 'system/approve';

function entryOf(
  approval: ApprovalRecord,
  now: string,
  action: string,
  detail: Readonly<Record<string, AuditValue>> = {},
): AuditEntry {
  return {
    at: now,
    actor: CLOCKWORK,
    action,
    decision: { effect: 'permit', rule: approval.rule.name },
    operationId: approval.operationId,
    detail: { act: approval.action, key: approval.key, digest: approval.digest, ...detail },
  };
}

/**
 * The end of a request whose time is over, and null for one whose is not. Where notices could not be delivered, the
 * window is made longer by half, once: people who were never told have not let it run out. [F29]
 */
export function expiryOf(approval: ApprovalRecord, now: string): ApprovalDraft | null {
  if (approval.state !== 'pending' || now < approval.closesAt) return null;
  const mayExtend = approval.undelivered.length > 0 && approval.closesAt === approval.expiresAt;
  if (mayExtend) {
    const closesAt = longestWindow(approval);
    if (now < closesAt)
      return {
        patch: { closesAt },
        entry: entryOf(approval, now, 'approval.extended', {
          closesAt,
          undelivered: approval.undelivered.join(','),
        }),
      };
  }
  const cause = `not decided until ${approval.closesAt}`;
  return {
    patch: { state: 'expired', cause },
    entry: entryOf(approval, now, 'approval.expired', { votes: approval.votes.length }),
  };
}

function lapseOf(approval: ApprovalRecord, now: string): ApprovalDraft | null {
  const { state, executeBefore } = approval;
  if (state !== 'approved' || executeBefore === null || now <= executeBefore) return null;
  return lapse(approval, now, `not executed until ${executeBefore}`);
}

/** The end of an approval that can no longer be executed. */
export function lapse(approval: ApprovalRecord, now: string, cause: string): ApprovalDraft {
  return {
    patch: { state: 'lapsed', cause },
    entry: entryOf(approval, now, 'approval.lapsed', { cause }),
  };
}

function reminderOf(approval: ApprovalRecord, now: string): ApprovalDraft | null {
  if (approval.state !== 'pending') return null;
  const percent = REMINDERS.findLast((one) => markAt(approval, one) <= now);
  if (percent === undefined || percent <= approval.remindedPercent) return null;
  const last = percent === REMINDERS.at(-1);
  return {
    patch: { remindedPercent: percent },
    entry: entryOf(approval, now, last ? 'approval.escalated' : 'approval.reminded', { percent }),
  };
}

/** Does what the time asks for. Repeatable: what was done is not done again. */
export async function tendApproval(
  { approvals, clock }: TendApprovalDeps,
  id: string,
): Promise<Tended> {
  const { approval } = await mutateApproval(approvals, id, (found) => {
    const now = clock.now();
    const draft = expiryOf(found, now) ?? lapseOf(found, now) ?? reminderOf(found, now);
    return { draft, result: null };
  });
  const mark = nextMark(approval);
  const waitSeconds = mark === null ? 1 : secondsUntil(clock.now(), mark);
  return { state: approval.state, waitSeconds };
}

/** Who may take a request back: whoever asked, and those who decide on it by denying it. */
export async function cancelApproval(
  { approvals, clock }: TendApprovalDeps,
  input: { id: string; by: Principal; decision: Decision },
): Promise<ApprovalRecord> {
  const { approval } = await mutateApproval(approvals, input.id, (found) => {
    if (found.requestedBy !== input.by.id)
      throw new KeyturnError('NotEligible', 'only who asked for it takes it back; deny it instead');
    if (found.state === 'cancelled') return { draft: null, result: null };
    if (found.state !== 'pending' && found.state !== 'approved')
      throw new KeyturnError('ApprovalClosed', `${found.id} is ${found.state} already`, {
        details: { approvalId: found.id, state: found.state },
      });
    const at = clock.now();
    const entry = entryOf(found, at, 'approval.cancelled');
    const cause = `taken back by ${found.requesterName}`;
    return {
      draft: {
        patch: { state: 'cancelled', cause },
        entry: { ...entry, actor: input.by.id, decision: input.decision },
      },
      result: null,
    };
  });
  return approval;
}

/** Remembers on the request that a channel could not be reached, or that it was after all. */
export async function recordDelivery(
  { approvals, clock }: TendApprovalDeps,
  { id, channel, delivered }: { id: string; channel: string; delivered: boolean },
): Promise<void> {
  await mutateApproval(approvals, id, (found) => {
    const known = found.undelivered.includes(channel);
    if (known === !delivered) return { draft: null, result: null };
    const others = found.undelivered.filter((one) => one !== channel);
    const undelivered = delivered ? others : [...others, channel];
    const action = delivered ? 'approval.notice-delivered' : 'approval.notice-failed';
    const entry = entryOf(found, clock.now(), action, { channel });
    return { draft: { patch: { undelivered }, entry }, result: null };
  });
}

/** A sweep takes up so many at once; the next one takes the rest. */
const PAGE = 100;

/**
 * Starts executions again for requests that nobody has looked at in time: the execution was lost, its votes were not.
 * @returns how many were started
 */
export async function resumeApprovals(
  deps: TendApprovalDeps & { readonly workflows: Workflows },
): Promise<number> {
  const due = await deps.approvals.listDueApprovals(deps.clock.now(), PAGE);
  let started = 0;
  for (const id of due) {
    if (await resume(deps, id)) started += 1;
  }
  return started;
}

async function resume(
  deps: TendApprovalDeps & { readonly workflows: Workflows },
  id: string,
): Promise<boolean> {
  try {
    const { approval, result } = await mutateApproval(deps.approvals, id, (found) => {
      const now = deps.clock.now();
      // The list is eventually consistent: the row says whether it is due.
      if (found.dueAt === null || found.dueAt > now) return { draft: null, result: false };
      const attempt = found.attempt + 1;
      const ended = expiryOf(found, now) ?? lapseOf(found, now);
      const draft = ended ?? {
        patch: { attempt },
        entry: entryOf(found, now, 'approval.resumed', { attempt }),
      };
      return { draft, result: ended === null };
    });
    if (result) await startApproval(deps, approval);
    return result;
  } catch (error) {
    // Another sweep had it.
    if (isError(error, 'RevisionConflict', 'ApprovalNotFound')) return false;
    throw error;
  }
}
