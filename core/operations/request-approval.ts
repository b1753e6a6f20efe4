// SPDX-License-Identifier: Apache-2.0
// Use case: ask several people for an act. What is asked is described on the state of now, the rule and the roster are
// frozen, and all of it has one digest that every vote names.
import type { Act, ActDescription, ActRequest, Deciders } from '../approvals/act.ts';
import type { ApprovalRecord } from '../approvals/records.ts';
import { requestDigest } from '../approvals/request-digest.ts';
import { genesisHash } from '../audit/chain.ts';
import type { ApprovalAction } from '../contract/approvals.ts';
import { canonicalHash } from '../crypto/hashing.ts';
import { KeyturnError, precondition } from '../errors.ts';
import { electorsOf, freezeRule, isThin, ruleFor } from '../policies/approval-rules.ts';
import type { ApprovalLedger, Electorate } from '../ports/approvals.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Clock, Decision, Ids, Principal, Workflows } from '../ports/platform.ts';
import { findClaimed, type IdempotencyClaim, idempotencyRecord, later } from './admit-operation.ts';
import { doingOnce } from './decide-again.ts';
import { approvalStream, nextMark, toApprovalChange } from './mutate-approval.ts';

export interface RequestApprovalDeps {
  readonly ledger: Ledger;
  readonly approvals: ApprovalLedger;
  readonly electorate: Electorate;
  readonly workflows: Workflows;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly stage: string;
}

export interface RequestApprovalInput {
  readonly action: ApprovalAction;
  readonly request: ActRequest;
  readonly by: Principal;
  readonly decision: Decision;
  readonly reason: string | null;
  readonly claim: IdempotencyClaim;
}

/** Seconds from `now` until an instant, at least one: no wait ends in a busy loop. */
export function secondsUntil(now: string, instant: string): number {
  return Math.max(1, Math.ceil((Date.parse(instant) - Date.parse(now)) / 1000));
}

/**
 * Asks for approvals and starts the execution that waits for them.
 * @returns the request; the same for a repeated Idempotency-Key
 * @throws KeyturnError `ApprovalImpossible` when nobody could approve it, `IdempotencyKeyReused`, `NotEligible` for a
 *   machine, and what the act itself refuses
 */
export async function requestApproval<D>(
  deps: RequestApprovalDeps & D,
  act: Act<D>,
  input: RequestApprovalInput,
): Promise<ApprovalRecord> {
  const find = async () => {
    const known = await findClaimed(deps.ledger, input.claim);
    if (known === null) return null;
    const recorded = await deps.approvals.readApproval(known);
    precondition(recorded, 'a claimed request for approval is recorded');
    return recorded;
  };
  const approval = await doingOnce(find, () => ask(deps, act, input));
  await startApproval(deps, approval);
  return approval;
}

/** Starts the execution that tends a request, from its present attempt on. */
export async function startApproval(
  { workflows, clock }: Pick<RequestApprovalDeps, 'workflows' | 'clock'>,
  approval: ApprovalRecord,
): Promise<void> {
  const mark = nextMark(approval);
  if (mark === null) return;
  const waitSeconds = secondsUntil(clock.now(), mark);
  await workflows.start('approve', approval.id, approval.attempt, {
    wait: { state: approval.state, waitSeconds },
  });
}

async function ask<D>(
  deps: RequestApprovalDeps & D,
  act: Act<D>,
  input: RequestApprovalInput,
): Promise<ApprovalRecord> {
  requirePerson(input.by);
  const described = await act.describe(deps, input.request);
  const { rule, people } = await decidersOf(deps, act, described);
  const roster = electorsOf(rule, people, input.by.id);
  const now = deps.clock.now();
  const quorum = (await deps.electorate.quorums())[described.class];
  const frozen = freezeRule(rule, quorum, roster, now);
  const expiresAt = later(now, rule.windowSeconds);
  const { basis, ...rest } = described;
  const asked: Omit<ApprovalRecord, 'digest'> = {
    ...rest,
    id: deps.ids.approvalId(),
    stage: deps.stage,
    action: act.action,
    basis: canonicalHash(basis),
    reason: input.reason,
    requestedBy: input.by.id,
    requesterName: input.by.name ?? input.by.id,
    requestedAt: now,
    expiresAt,
    closesAt: expiresAt,
    rule: frozen,
    roster,
    state: 'pending',
    cause: null,
    votes: [],
    approvedAt: null,
    executeBefore: null,
    executedAs: null,
    remindedPercent: 0,
    undelivered: [],
    attempt: 1,
    dueAt: null,
    revision: 0,
    auditHead: '',
  };
  const approval = { ...asked, digest: requestDigest(asked) };
  return write(deps, input, approval, isThin(frozen, roster));
}

async function decidersOf<D>(
  deps: RequestApprovalDeps & D,
  act: Act<D>,
  described: ActDescription,
): Promise<Deciders> {
  const special = await act.decidedBy?.(deps, described);
  if (special) return special;
  const rules = await deps.electorate.rules();
  return {
    rule: ruleFor(rules, act.action, described.class),
    people: await deps.electorate.people(),
  };
}

/** Machines ask for nothing that people decide: their owner does (`docs/threat-model.md`, T2). */
function requirePerson({ kind, id }: Principal): void {
  if (kind === 'person') return;
  throw new KeyturnError('NotEligible', `${id} is no person; a person must ask for this`);
}

async function write(
  { approvals, clock }: RequestApprovalDeps,
  { by, decision, claim }: RequestApprovalInput,
  approval: ApprovalRecord,
  thin: boolean,
): Promise<ApprovalRecord> {
  const now = clock.now();
  const first = { ...approval, auditHead: genesisHash(approvalStream(approval.id)) };
  const change = toApprovalChange(
    first,
    {},
    {
      at: now,
      actor: by.id,
      action: 'approval.requested',
      decision,
      operationId: approval.operationId,
      detail: {
        act: approval.action,
        key: approval.key,
        version: approval.version,
        digest: approval.digest,
        required: approval.rule.required,
        eligible: approval.roster.length,
        expiresAt: approval.expiresAt,
        // Whoever looks after the directory is warned before the quorum is lost.
        thinRoster: thin,
      },
    },
  );
  await approvals.commitApproval({
    ...change,
    expectedRevision: null,
    idempotency: idempotencyRecord(claim, approval.id, now),
  });
  return change.approval;
}
