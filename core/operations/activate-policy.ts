// SPDX-License-Identifier: Apache-2.0
// Use cases: bring a deployed decision policy into force. The first is recorded as it is; each later one is agreed on
// (act `quorum.change`), waits for a delay in which everybody can object, and can be taken back until it holds.
import { type AuditEntry, genesisHash, link } from '../audit/chain.ts';
import { isError, KeyturnError } from '../errors.ts';
import {
  activeAt,
  type DecisionPolicy,
  type DecisionPolicyRecord,
  decisionDigest,
} from '../policies/decision-policy.ts';
import type { DecisionPolicies } from '../ports/approvals.ts';
import type { ApprovalChange } from '../ports/ledger.ts';
import type { Clock, Decision, Principal } from '../ports/platform.ts';
import { later } from './admit-operation.ts';
import { decidingAgain } from './decide-again.ts';

export interface ActivatePolicyDeps {
  readonly decisions: DecisionPolicies;
  /** What this deployment brings. */
  readonly deployed: DecisionPolicy;
  readonly clock: Clock;
  /** Seconds from the execution of an approval until it holds; 0 to 30 days. */
  readonly activationDelaySeconds: number;
}

export const DECISION_STREAM = 'policy/decisions';
const MAX_TRIES = 8;
const REVIEWER = 'schedule/policy-review';

/** The change that carries the record on. */
function changeOf(
  known: DecisionPolicyRecord | null,
  patch: Pick<DecisionPolicyRecord, 'active' | 'next'>,
  entry: AuditEntry,
) {
  const head = {
    sequence: known?.revision ?? 0,
    hash: known?.auditHead ?? genesisHash(DECISION_STREAM),
  };
  const audit = link(DECISION_STREAM, head, entry);
  const record = { ...patch, revision: audit.sequence, auditHead: audit.hash };
  return { expectedRevision: known?.revision ?? null, record, audit };
}

/**
 * Records the deployed policy as the first in force, where none is: from then on it changes only by agreement.
 * @returns whether it was recorded now
 */
export async function recordFirstPolicy({
  decisions,
  deployed,
  clock,
}: Pick<ActivatePolicyDeps, 'decisions' | 'deployed' | 'clock'>): Promise<boolean> {
  if (await decisions.readDecisionPolicy()) return false;
  const at = clock.now();
  const digest = decisionDigest(deployed);
  const active = { digest, policy: deployed, since: at, approvalId: null };
  const change = changeOf(
    null,
    { active, next: null },
    {
      at,
      actor: REVIEWER,
      action: 'decision-policy.first',
      decision: { effect: 'permit', rule: 'first-policy' },
      operationId: null,
      detail: { digest },
    },
  );
  try {
    await decisions.commitDecisionPolicy(change);
    return true;
  } catch (error) {
    // Another run recorded one meanwhile.
    if (isError(error, 'RevisionConflict')) return false;
    throw error;
  }
}

/** What is to be agreed on. @throws KeyturnError `NothingToActivate` when what is deployed holds, or will, already */
export async function requireActivation({
  decisions,
  deployed,
  clock,
}: Pick<ActivatePolicyDeps, 'decisions' | 'deployed' | 'clock'>) {
  const record = await decisions.readDecisionPolicy();
  const digest = decisionDigest(deployed);
  if (!record)
    throw new KeyturnError(
      'NothingToActivate',
      'no decision policy is recorded yet: what is deployed holds, and the daily review records it',
    );
  const active = activeAt(record, clock.now());
  if (digest === (record.next ?? active).digest)
    throw new KeyturnError(
      'NothingToActivate',
      `the deployed decision policy ${digest} is the one in force, or agreed on; see "keyturn policy show"`,
    );
  return { record, active, digest };
}

/** Schedules the deployed policy, in the transaction that uses the approval up. */
export async function schedulePolicy(
  deps: ActivatePolicyDeps,
  approval: { readonly id: string; readonly requestedBy: string; readonly rule: { name: string } },
  consume: (basis: unknown) => ApprovalChange,
): Promise<void> {
  const { decisions, deployed, clock, activationDelaySeconds } = deps;
  const { record, active, digest } = await requireActivation(deps);
  const at = clock.now();
  const since = later(at, activationDelaySeconds);
  const next = { digest, policy: deployed, since, approvalId: approval.id };
  const change = changeOf(
    record,
    { active, next },
    {
      at,
      actor: approval.requestedBy,
      action: 'decision-policy.scheduled',
      decision: { effect: 'permit', rule: approval.rule.name },
      operationId: null,
      detail: { approval: approval.id, from: active.digest, to: digest, since },
    },
  );
  await decisions.commitDecisionPolicy({
    ...change,
    approval: consume(activationBasis(active.digest, digest)),
  });
}

/** What an activation rests on: from which policy to which. */
export function activationBasis(from: string, to: string) {
  return { from, to };
}

/**
 * Takes an agreed policy back before it holds: stopping needs nobody else.
 * @throws KeyturnError `NothingToActivate` when none waits
 */
export async function withdrawPolicy(
  { decisions, clock }: Pick<ActivatePolicyDeps, 'decisions' | 'clock'>,
  by: Principal,
  decision: Decision,
): Promise<DecisionPolicyRecord> {
  return decidingAgain(MAX_TRIES, async () => {
    const record = await decisions.readDecisionPolicy();
    const at = clock.now();
    if (!record?.next || record.next.since <= at)
      throw new KeyturnError(
        'NothingToActivate',
        'no decision policy waits to come into force; see "keyturn policy show"',
      );
    const { active, next } = record;
    const change = changeOf(
      record,
      { active, next: null },
      {
        at,
        actor: by.id,
        action: 'decision-policy.withdrawn',
        decision,
        operationId: null,
        detail: { withdrawn: next.digest, kept: active.digest },
      },
    );
    await decisions.commitDecisionPolicy(change);
    return change.record;
  });
}
