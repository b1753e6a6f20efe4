// SPDX-License-Identifier: Apache-2.0
// Use case: let the keys that a scope had suspended be used again, by one decision. Each is lifted by its own operation,
// which opens KMS, proves it, and only then permits here. What was suspended by something else, or revoked since, stays.
import { isError, KeyturnError } from '../errors.ts';
import type { KeyRecord } from '../keys/records.ts';
import { isInScope } from '../keys/scopes.ts';
import { type ContainmentRules, rankOf, scopeRule } from '../policies/containment-rules.ts';
import type { ApprovalChange, Ledger } from '../ports/ledger.ts';
import type { Clock, Decision, Workflows } from '../ports/platform.ts';
import type {
  ScopeContainment,
  ScopeContainments,
  ScopeLift,
} from '../ports/scope-containments.ts';
import { later } from './admit-operation.ts';
import { linkedScope } from './contain-scope.ts';
import { keysOf, pageOf } from './plan-scope.ts';
import { admitResume, type ResumeKeyDeps } from './resume-key.ts';

export interface LiftScopeDeps {
  readonly ledger: Ledger;
  readonly scopes: ScopeContainments;
  readonly clock: Clock;
  readonly containmentRules: ContainmentRules;
}

export interface SweepLiftDeps extends LiftScopeDeps, ResumeKeyDeps {
  readonly workflows: Pick<Workflows, 'start'>;
}

/** Keys of one page of an index. */
const PAGE = 100;
/** Longer than the function that contains a part of a scope may run. */
const PART_SECONDS = 90;
const MOST_FAILURES = 20;

/** A suspended scope that may be lifted. @throws KeyturnError `OperationNotFound`, `TransitionForbidden` */
export async function liftableScope(
  { scopes }: Pick<LiftScopeDeps, 'scopes'>,
  id: string,
): Promise<ScopeContainment> {
  const row = await scopes.readScope(id);
  if (!row) throw new KeyturnError('OperationNotFound', `no containment has the id ${id}`);
  const fail = (why: string) =>
    new KeyturnError('TransitionForbidden', `${id} ${why}`, { details: { containment: id } });
  if (row.kind === 'revocation')
    throw fail('is a revocation: what is compromised never comes back; make successors');
  if (row.state === 'lifting' || row.state === 'lifted') throw fail(`is ${row.state} already`);
  return row;
}

const isSuspendedBy = (row: ScopeContainment, { containment }: KeyRecord) =>
  containment?.kind === 'suspension' && containment.scopeId === row.id;

export interface LiftPlan {
  readonly row: ScopeContainment;
  /** Keys that are suspended by it now. */
  readonly keys: number;
  /** Of its keys the first in the order of priority: its quorum decides on all. */
  readonly class: string;
}

/** What lifting a scope would do now. @throws KeyturnError as {@link liftableScope} */
export async function planLift(deps: LiftScopeDeps, id: string): Promise<LiftPlan> {
  const row = await liftableScope(deps, id);
  const rule = scopeRule(deps.containmentRules);
  let keys = 0;
  let strictest = row.scope.kind === 'class' ? row.scope.value : (rule.classOrder[0] ?? '');
  let rank = Number.POSITIVE_INFINITY;
  for await (const key of keysOf(deps.ledger, row.scope)) {
    if (isSuspendedBy(row, key)) keys += 1;
    if (rankOf(rule, key.class) >= rank) continue;
    rank = rankOf(rule, key.class);
    strictest = key.class;
  }
  return { row, keys, class: strictest };
}

export interface AdmitLiftInput {
  readonly id: string;
  readonly approvalId: string;
  readonly reason: string | null;
  readonly by: string;
  readonly decision: Decision;
  readonly approve: (row: ScopeContainment) => ApprovalChange;
}

/**
 * Ends the denial of the scope and records that its keys are to be lifted, with the approval that it uses up.
 * @throws KeyturnError as {@link liftableScope}, `ApprovalStale`, `RevisionConflict` when it moved meanwhile
 */
export async function admitLift(deps: LiftScopeDeps, input: AdmitLiftInput): Promise<void> {
  const before = await liftableScope(deps, input.id);
  const { by, reason, approvalId, decision } = input;
  const at = deps.clock.now();
  const isRunning = before.state === 'running';
  const lift: ScopeLift = {
    ...{ approvalId, by, reason, at },
    startsAt: isRunning ? later(at, PART_SECONDS) : at,
    checkpoint: { pass: 1, cursor: null, changed: 0 },
    counts: { lifted: 0, failed: 0 },
    failures: [],
    endedAt: null,
  };
  const change = linkedScope(
    before,
    { ...before, state: 'lifting', lift, endedAt: before.endedAt ?? at },
    {
      at,
      actor: by,
      action: 'scope.lifting',
      decision,
      operationId: before.id,
      detail: { scope: before.scope.kind, value: before.scope.value, reason, approval: approvalId },
    },
  );
  await deps.scopes.commitScope({
    ...change,
    ...(isRunning ? { denial: { remove: before.id } } : {}),
    isLifting: true,
    approval: input.approve(before),
  });
}

type Outcome = 'lifted' | 'pending' | 'kept' | { readonly cause: string };

async function liftOne(
  deps: SweepLiftDeps,
  { id, lift }: ScopeContainment & { readonly lift: ScopeLift },
  key: string,
): Promise<Outcome> {
  const claim = { scope: `${id}/lift/${key}`, bodyHash: id };
  const isKnown = (await deps.ledger.readIdempotency(claim.scope)) !== null;
  try {
    const operationId = await admitResume(deps, {
      key,
      reason: lift.reason,
      by: lift.by,
      decision: { effect: 'permit', rule: `scope/${id}` },
      claim,
      approve: () => null,
    });
    // Twice is once; a start that was lost behind the transaction is made good here, or by the sweep of operations.
    await deps.workflows.start('resume-key', operationId, 1);
    return isKnown ? 'pending' : 'lifted';
  } catch (error) {
    // Revoked or lifted by somebody since the page was read.
    if (isError(error, 'TransitionForbidden', 'KeyReleased', 'KeyNotFound')) return 'kept';
    if (error instanceof KeyturnError) return { cause: error.name };
    throw error;
  }
}

function counted(lift: ScopeLift, key: string, outcome: Outcome): ScopeLift {
  const { pass, changed } = lift.checkpoint;
  const checkpoint = { pass, cursor: key, changed: changed + (outcome === 'kept' ? 0 : 1) };
  if (outcome === 'lifted')
    return { ...lift, checkpoint, counts: { ...lift.counts, lifted: lift.counts.lifted + 1 } };
  if (typeof outcome === 'string') return { ...lift, checkpoint };
  const failures = [...lift.failures, { key, cause: outcome.cause }].slice(0, MOST_FAILURES);
  const counts = { ...lift.counts, failed: lift.counts.failed + 1 };
  return { ...lift, checkpoint, counts, failures };
}

/** Behind the last page: done when the pass met none, else another pass begins. */
function behindPass(lift: ScopeLift, now: string): ScopeLift {
  const { pass, changed } = lift.checkpoint;
  if (changed === 0) return { ...lift, endedAt: now };
  return { ...lift, checkpoint: { pass: pass + 1, cursor: null, changed: 0 } };
}

async function sweepPart(
  deps: SweepLiftDeps,
  row: ScopeContainment & { readonly lift: ScopeLift },
  until: string,
): Promise<ScopeLift> {
  const page = await pageOf(deps.ledger, row.scope, row.lift.checkpoint.cursor, PAGE);
  const begins = row.lift.checkpoint.cursor === null;
  let lift: ScopeLift = begins
    ? { ...row.lift, failures: [], counts: { ...row.lift.counts, failed: 0 } }
    : row.lift;
  let isFirst = true;
  for (const key of page.items) {
    if (!isFirst && deps.clock.now() >= until) return lift;
    isFirst = false;
    const outcome =
      isInScope(row.scope, key) && isSuspendedBy(row, key)
        ? await liftOne(deps, { ...row, lift }, key.name)
        : 'kept';
    lift = counted(lift, key.name, outcome);
  }
  if (page.nextCursor === null) return behindPass(lift, deps.clock.now());
  return { ...lift, checkpoint: { ...lift.checkpoint, cursor: page.nextCursor } };
}

async function writePart(deps: SweepLiftDeps, before: ScopeContainment, lift: ScopeLift) {
  const isOver = lift.endedAt !== null;
  const change = linkedScope(
    before,
    { ...before, lift, state: isOver ? 'lifted' : 'lifting' },
    {
      at: deps.clock.now(),
      actor: 'system/lift-scopes',
      action: isOver ? 'scope.lifted' : 'scope.lift-progressed',
      decision: { effect: 'permit', rule: `scope/${before.id}` },
      operationId: before.id,
      detail: { ...lift.counts, pass: lift.checkpoint.pass },
    },
  );
  await deps.scopes.commitScope({ ...change, ...(isOver ? { isLifting: false } : {}) });
  return change.containment;
}

/** One scope, until its pass is over, or the time. A part that another look did is left to it. */
async function sweepOne(deps: SweepLiftDeps, first: ScopeContainment, until: string) {
  let row = first;
  while (row.lift && row.state === 'lifting') {
    const { pass } = row.lift.checkpoint;
    if (deps.clock.now() < row.lift.startsAt || deps.clock.now() >= until) return;
    row = await writePart(deps, row, await sweepPart(deps, { ...row, lift: row.lift }, until));
    // Behind a pass operations need time to end: the next look begins the next one.
    if (row.lift && row.lift.checkpoint.pass !== pass) return;
  }
}

/**
 * Goes on with every lifting, for so many seconds at most: a look that the schedule makes each minute.
 * @returns how many there were
 * @throws what reads and writes answer, but `RevisionConflict`
 */
export async function sweepLifts(deps: SweepLiftDeps, seconds: number): Promise<number> {
  const until = later(deps.clock.now(), seconds);
  const lifting = await deps.scopes.listLifting();
  for (const row of lifting) {
    try {
      await sweepOne(deps, row, until);
    } catch (error) {
      if (!isError(error, 'RevisionConflict')) throw error;
    }
  }
  return lifting.length;
}
