// SPDX-License-Identifier: Apache-2.0
// What people are told about a request for approval: one model for Slack, mail, the console and the command line, so
// that all of them show the same facts, in the same order, with the same words for the digest.
import type { Environment } from '../contract/vocabulary.ts';
import type { ApprovalRecord, BlastRadius } from './records.ts';

/** Why a notice goes out. */
export const NOTICE_KINDS = [
  'requested',
  'voted',
  'reminder',
  'escalated',
  'approved',
  'denied',
  'expired',
  'cancelled',
  'executed',
  'failed',
  'lapsed',
] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** Kinds after which votes are still taken. */
const OPEN_KINDS: readonly NoticeKind[] = ['requested', 'voted', 'reminder', 'escalated'];

/** One notice. Texts may come from people and are not escaped: every surface does that its own way. */
export interface ApprovalNotice {
  readonly kind: NoticeKind;
  readonly approvalId: string;
  readonly action: string;
  /** Verb, key and version in words, such as `Destroy payments-signing v7`. */
  readonly what: string;
  readonly key: string | null;
  readonly class: string;
  readonly environment: Environment | null;
  readonly requester: { readonly sub: string; readonly name: string };
  /** Where the request came from (`api`, `cli`, `schedule`, `playbook`); null: not recorded. */
  readonly source: string | null;
  readonly votes: readonly { readonly name: string; readonly decision: 'approve' | 'deny' }[];
  readonly required: number;
  readonly reason: string | null;
  readonly blast: BlastRadius;
  /** Times are RFC 3339 in UTC. */
  readonly requestedAt: string;
  readonly expiresAt: string;
  readonly earliestExecutionAt: string | null;
  /** Hex SHA-256 of the canonical request. */
  readonly digest: string;
  /** False where a vote needs more than a click in Slack; then the page is the place. */
  readonly mayVoteInSlack: boolean;
  /** A vote is signed by the voter's own key. */
  readonly isSigned: boolean;
  /** Page of the request. */
  readonly pageUrl: string;
}

/** Whether a notice of this kind may offer to vote. */
export function isOpen(kind: NoticeKind): boolean {
  return OPEN_KINDS.includes(kind);
}

/** What the record of an approval does not say. */
export interface NoticeContext {
  readonly source: string | null;
  /** Page of the request, or of its recipient's link. */
  readonly pageUrl: string;
}

/** The notice of an approval as its record stands now. */
export function noticeOf(
  approval: ApprovalRecord,
  kind: NoticeKind,
  { source, pageUrl }: NoticeContext,
): ApprovalNotice {
  const { action, what, key, environment, reason, blast, requestedAt, digest } = approval;
  return {
    kind,
    approvalId: approval.id,
    action,
    what,
    key,
    class: approval.class,
    environment,
    requester: { sub: approval.requestedBy, name: approval.requesterName },
    source,
    votes: approval.votes.map(({ name, decision }) => ({ name, decision })),
    required: approval.rule.required,
    reason,
    blast,
    requestedAt,
    expiresAt: approval.closesAt,
    earliestExecutionAt: approval.approvedAt,
    digest,
    mayVoteInSlack: approval.rule.slack && !approval.rule.signed,
    isSigned: approval.rule.signed,
    pageUrl,
  };
}
