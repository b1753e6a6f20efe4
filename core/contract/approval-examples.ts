// SPDX-License-Identifier: Apache-2.0
// Examples of the bodies of approvals.

const AT = '2026-11-22T10:00:00.000Z';
const END = '2026-11-23T10:00:00.000Z';
const ID = 'apr_01JD2Q4Y8Z5V7K3M9N6P0R1S2T';
const DIGEST = '3b0c6f1d9a52be40d7a8c4e1f09b7263d54a8e0c1f72b95d36e4a70c8b1f2d9e';

const VOTE = {
  by: 'usr_bob',
  name: 'bob',
  decision: 'approve',
  at: AT,
  channel: 'cli',
  digest: DIGEST,
  reason: null,
  signature: null,
};
const ELECTOR = { sub: 'usr_bob', user: 'bob', groups: ['grp_custodians'], teams: [] };
const CANONICAL = {
  type: 'keyturn-approval/1',
  id: ID,
  stage: 'production',
  action: 'rotation.force',
  key: 'orders',
  version: 3,
  operationId: 'op_01JD2Q4Y8Z5V7K3M9N6P0R1S2T',
  parameters: { lagging: 'billing' },
  basis: 'c1f72b95d36e4a70c8b1f2d9e3b0c6f1d9a52be40d7a8c4e1f09b7263d54a8e0',
  class: 'internal-data',
  environment: 'production',
  reason: 'billing was switched off',
  requestedBy: 'usr_alice',
  requestedAt: AT,
  expiresAt: END,
  rule: {
    name: 'daily-work',
    required: 2,
    groups: [{ group: 'grp_custodians', required: 0 }],
    distinctTeams: 1,
    signed: false,
    slack: true,
    windowSeconds: 86_400,
    executionSeconds: 900,
  },
  roster: ['usr_bob', 'usr_carol', 'usr_dan'],
};
const APPROVAL = {
  id: ID,
  action: 'rotation.force',
  key: 'orders',
  state: 'pending',
  cause: null,
  what: 'Switch orders to v3 without waiting for billing',
  requestedBy: 'usr_alice',
  requesterName: 'alice',
  reason: 'billing was switched off',
  requestedAt: AT,
  expiresAt: END,
  required: 2,
  approvals: 1,
  missing: ['1 more of 2'],
  votes: [VOTE],
  roster: [ELECTOR],
  digest: DIGEST,
  canonical: CANONICAL,
  blast: {
    consumers: 1,
    topOwners: ['payments'],
    lastUse: `${AT} by billing`,
    unreadable: null,
    undo: 'rotation rollback, until its bake ends; the old version stays readable',
    irreversible: false,
  },
  approvedAt: null,
  executeBefore: null,
  executedAs: null,
  mayVote: true,
  undelivered: [],
};

export const APPROVAL_EXAMPLES: Readonly<Record<string, unknown>> = {
  ApprovalReason: 'billing was switched off',
  ApprovalId: ID,
  ApprovalDigest: DIGEST,
  VoteSignature: {
    kind: 'ssh-ed25519',
    publicKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA… bob',
    signature: '-----BEGIN SSH SIGNATURE-----\n…\n-----END SSH SIGNATURE-----\n',
  },
  CastVoteRequest: { decision: 'approve', digest: DIGEST, reason: 'checked with billing' },
  Vote: VOTE,
  Elector: ELECTOR,
  CanonicalApproval: CANONICAL,
  Approval: APPROVAL,
  ApprovalPage: { items: [APPROVAL], nextCursor: null },
  ActAccepted: { operationId: null, approvalId: ID, digest: DIGEST, expiresAt: END },
};
