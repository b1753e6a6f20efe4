// SPDX-License-Identifier: Apache-2.0
// The decision policy as the API shows it.
import type { z } from 'zod';
import type * as contract from '#core/contract/decision-policy.ts';
import type { Instant } from '#core/keys/records.ts';
import type { ApprovalRule } from '#core/policies/approval-rules.ts';
import {
  activeAt,
  type DecisionPolicy,
  type DecisionPolicyRecord,
  decisionDigest,
  inForce,
} from '#core/policies/decision-policy.ts';
import { policyChanges } from '#core/policies/policy-changes.ts';

function ruleView(rule: ApprovalRule) {
  return {
    name: rule.name,
    actions: [...rule.actions],
    classes: rule.classes ? [...rule.classes] : null,
    required: rule.required ?? null,
    groups: rule.groups.map(({ group, required }) => ({ group, required })),
    distinctTeams: rule.distinctTeams ?? 1,
    signed: rule.signed,
    slack: rule.slack,
  };
}

function nextView(record: DecisionPolicyRecord | null, now: Instant) {
  const next = record?.next;
  if (!next || next.since <= now || next.approvalId === null) return null;
  return { digest: next.digest, since: next.since, approvalId: next.approvalId };
}

/** What holds at an instant, and what differs in what is deployed. */
export function policyView(
  record: DecisionPolicyRecord | null,
  deployed: DecisionPolicy,
  now: Instant,
): z.infer<typeof contract.DecisionPolicyView> {
  const active = record ? activeAt(record, now) : null;
  const { rules, quorums, people } = inForce(record, deployed, now);
  const deployedDigest = decisionDigest(deployed);
  return {
    digest: active?.digest ?? null,
    since: active?.since ?? null,
    approvalId: active?.approvalId ?? null,
    deployedDigest,
    isCurrent: active === null || active.digest === deployedDigest,
    next: nextView(record, now),
    changes: active ? [...policyChanges(active.policy, deployed)] : [],
    rules: rules.map(ruleView),
    quorums: { ...quorums },
    people: people.map(({ sub, user, groups, teams }) => ({
      sub,
      user,
      groups: [...groups],
      teams: [...teams],
    })),
  };
}
