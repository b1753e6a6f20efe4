// SPDX-License-Identifier: Apache-2.0
// What people decide on, as one digest: RFC 8785 form of the request, SHA-256. Every surface shows it, every vote names
// it, and the executor computes it again from the row.
import type { CanonicalRequest } from '../contract/approvals.ts';
import { canonicalHash } from '../crypto/hashing.ts';
import type { ApprovalRecord } from './records.ts';

/** Members of a record that a vote binds to; votes, reminders and states are not among them. */
export type Decided = Pick<
  ApprovalRecord,
  | 'id'
  | 'stage'
  | 'action'
  | 'key'
  | 'version'
  | 'operationId'
  | 'parameters'
  | 'basis'
  | 'class'
  | 'environment'
  | 'reason'
  | 'requestedBy'
  | 'requestedAt'
  | 'expiresAt'
  | 'rule'
  | 'roster'
>;

/** The request in the form that is hashed. */
export function canonicalRequest(approval: Decided): CanonicalRequest {
  const { name, required, groups, distinctTeams, signed, slack, windowSeconds, executionSeconds } =
    approval.rule;
  return {
    type: 'keyturn-approval/1',
    id: approval.id,
    stage: approval.stage,
    action: approval.action,
    key: approval.key,
    version: approval.version,
    operationId: approval.operationId,
    parameters: { ...approval.parameters },
    basis: approval.basis,
    class: approval.class,
    environment: approval.environment,
    reason: approval.reason,
    requestedBy: approval.requestedBy,
    requestedAt: approval.requestedAt,
    expiresAt: approval.expiresAt,
    rule: {
      name,
      required,
      groups: groups.map((one) => ({ ...one })),
      distinctTeams,
      signed,
      slack,
      windowSeconds,
      executionSeconds,
    },
    roster: approval.roster.map(({ sub }) => sub).sort(),
  };
}

/** 64 lower-case hexadecimal digits. */
export function requestDigest(approval: Decided): string {
  return canonicalHash(canonicalRequest(approval));
}
