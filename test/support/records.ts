// SPDX-License-Identifier: Apache-2.0
// Builders of records, complete and valid, with what a test says different.
import { NO_BLAST } from '#core/approvals/blast-radius.ts';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { type AuditEntry, genesisHash, link } from '#core/audit/chain.ts';
import { firstAssignments } from '#core/keys/assignments.ts';
import type { ConsumerRecord } from '#core/keys/consumers.ts';
import type { KeyRecord, OperationRecord, VersionRecord } from '#core/keys/records.ts';
import { keyStream, toChange } from '#core/operations/mutate-key.ts';
import type { FrozenRule } from '#core/policies/approval-rules.ts';
import type { KeyChange } from '#core/ports/ledger.ts';

export const T0 = '2026-01-01T00:00:00.000Z';

export function aKey(patch: Partial<KeyRecord> = {}): KeyRecord {
  const name = patch.name ?? 'orders';
  return {
    name,
    class: 'test',
    owner: 'olga',
    purpose: 'order archive',
    environment: 'development',
    tier: 'kms',
    access: [],
    keyStore: 'main',
    alias: `alias/keyturn/local/${name}`,
    state: 'active',
    currentVersion: 1,
    currentKeyId: 'k1',
    latestVersion: 1,
    nextRotationAt: null,
    lastRotatedAt: null,
    retryNotBefore: null,
    createdAt: T0,
    createdBy: 'usr_alice',
    lease: null,
    fence: 1,
    revision: 0,
    auditHead: genesisHash(keyStream(name)),
    ...patch,
  };
}

export function aVersion(patch: Partial<VersionRecord> = {}): VersionRecord {
  return {
    name: 'orders',
    version: 1,
    state: 'active',
    substate: null,
    keyId: 'k1',
    keyArn: 'arn:aws:kms:us-east-1:000000000000:key/k1',
    alias: 'alias/keyturn/local/orders/v1',
    operationId: 'op_1',
    creationAttempts: 1,
    policyTemplate: 'active',
    canary: null,
    createdAt: T0,
    verifiedAt: T0,
    activatedAt: T0,
    deactivatedAt: null,
    ...patch,
  };
}

export function aConsumer(patch: Partial<ConsumerRecord> = {}): ConsumerRecord {
  return {
    key: 'orders',
    name: 'billing',
    owner: 'olga',
    contact: 'on-call',
    principal: 'arn:aws:iam::000000000000:role/billing',
    rights: ['decrypt'],
    kind: 'api',
    acknowledgement: { mode: 'api', waitSeconds: null, url: null },
    boundKeyArn: null,
    state: 'active',
    acknowledgedVersion: null,
    acknowledgedAt: null,
    lastSeenVersion: null,
    lastSeenAt: null,
    delivery: null,
    operationId: 'op_1',
    revision: 1,
    registeredAt: T0,
    registeredBy: 'usr_alice',
    ...patch,
  };
}

export function anOperation(patch: Partial<OperationRecord> = {}): OperationRecord {
  return {
    id: 'op_1',
    kind: 'rotate-key',
    key: 'orders',
    version: 2,
    previousVersion: 1,
    state: 'running',
    step: 'Admitted',
    cause: null,
    attempt: 1,
    batchId: null,
    trigger: 'api',
    requestedBy: 'usr_alice',
    reason: null,
    startedAt: T0,
    endedAt: null,
    retryAt: null,
    timeline: [{ step: 'Admitted', at: T0 }],
    ...patch,
  };
}

const RULE: FrozenRule = {
  name: 'daily-work',
  required: 2,
  groups: [{ group: 'grp_custodians', required: 0 }],
  distinctTeams: 1,
  signed: false,
  slack: true,
  windowSeconds: 3600,
  executionSeconds: 900,
  deputies: null,
};

/** A request that was not written yet: its revision is 0. */
export function anApproval(patch: Partial<ApprovalRecord> = {}): ApprovalRecord {
  const id = patch.id ?? 'apr_00000000000000000000000001';
  const expiresAt = '2026-01-01T01:00:00.000Z';
  return {
    id,
    stage: 'local',
    action: 'key.release',
    key: 'orders',
    version: 1,
    operationId: null,
    parameters: {},
    basis: '0'.repeat(64),
    class: 'test',
    environment: 'development',
    what: 'Let go of orders',
    blast: NO_BLAST,
    reason: 'asked',
    requestedBy: 'usr_alice',
    requesterName: 'alice',
    requestedAt: T0,
    expiresAt,
    closesAt: expiresAt,
    rule: RULE,
    roster: [],
    digest: '0'.repeat(64),
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
    auditHead: genesisHash(`approval/${id}`),
    ...patch,
  };
}

export function anAuditEntry(patch: Partial<AuditEntry> = {}): AuditEntry {
  return {
    at: T0,
    actor: 'usr_alice',
    action: 'test.happened',
    decision: { effect: 'permit', rule: 'test' },
    operationId: null,
    detail: { version: 1 },
    ...patch,
  };
}

/** The transaction that creates a key. */
export function aCreation(key: KeyRecord, rest: Partial<KeyChange> = {}): KeyChange {
  const audit = link(keyStream(key.name), { sequence: 0, hash: key.auditHead }, anAuditEntry());
  return {
    expectedRevision: null,
    key: { ...key, revision: 1, auditHead: audit.hash },
    assignments: firstAssignments(key),
    audit,
    ...rest,
  };
}

/** What a key has that nothing was registered for. */
export const EMPTY = {
  consumers: [],
  sources: [],
  holds: [],
  reencryption: null,
  escrow: { sets: [], sessions: [] },
  purgeWatch: null,
};

/** The transaction that changes a key as it was read. */
export function aChange(
  key: KeyRecord,
  patch: Partial<KeyRecord> = {},
  rest: Partial<KeyChange> = {},
): KeyChange {
  const snapshot = { key, versions: [], ...EMPTY, operation: null };
  return { ...toChange(snapshot, { key: patch, audit: anAuditEntry() }), ...rest };
}
