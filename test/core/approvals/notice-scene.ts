// SPDX-License-Identifier: Apache-2.0
import type { ApprovalNotice } from '#core/approvals/notice.ts';

/** A request that a test changes in the members it is about. */
export function aNotice(changes: Partial<ApprovalNotice> = {}): ApprovalNotice {
  return {
    kind: 'requested',
    approvalId: 'apr_01K0000000000000000000000A',
    action: 'key.release',
    what: 'Release payments-signing',
    key: 'payments-signing',
    class: 'standard',
    environment: 'production',
    requester: { sub: 'usr_alice', name: 'alice' },
    source: 'api',
    votes: [{ name: 'bob', decision: 'approve' }],
    required: 2,
    reason: 'moved to another system',
    blast: {
      consumers: 3,
      topOwners: ['payments', 'ledger'],
      lastUse: '2026-11-25T10:00:00Z by checkout',
      unreadable: null,
      undo: null,
      irreversible: true,
    },
    requestedAt: '2026-11-26T10:00:00.000Z',
    expiresAt: '2026-11-27T10:00:00.000Z',
    earliestExecutionAt: null,
    digest: `7f000001${'ab'.repeat(28)}`,
    mayVoteInSlack: true,
    isSigned: false,
    pageUrl: 'https://keyturn.example/approvals/apr_01K0000000000000000000000A',
    ...changes,
  };
}

/** Characters that a message must never pass on as they are, and that grow most when they are escaped. */
export const NASTY = '&<!channel>\u202e\u200b\n*Digest*\u0007"\'';
