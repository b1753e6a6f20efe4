// SPDX-License-Identifier: Apache-2.0
// The text of a notice: title, and six fields in a fixed order that are always there, so that a missing one is seen.
// Each value is cut for itself; a long one never hides a later field.
import { digestWords, shortDigest } from './digest-words.ts';
import { type ApprovalNotice, isOpen, type NoticeKind } from './notice.ts';
import { oneLine, shortLine } from './plain-text.ts';

/** Longest values, in UTF-16 units. A reason is shown in full on the page. */
const LIMIT = { what: 120, name: 60, word: 40, reason: 550, fact: 300 } as const;
const MOST_OWNERS = 5;
const MOST_VOTES = 8;

/** Text of people or of us, or a moment that each surface shows in its reader's way. */
export type Piece = string | { readonly at: string };

/** A field of the message: its name and its lines. */
export interface NoticeField {
  readonly name: 'What' | 'Who' | 'Why' | 'Blast radius' | 'When' | 'Digest';
  readonly lines: readonly (readonly Piece[])[];
}

/** How a kind is shown: colour, word and icon, never colour alone. */
export interface NoticeFace {
  readonly word: string;
  readonly icon: string;
  /** Contrast of at least 4.5:1 on white. */
  readonly colour: string;
}

const AMBER = '#8a5a00';
const GREEN = '#1a6b34';
const RED = '#a3202c';
const GREY = '#51565c';

export const NOTICE_FACES: Readonly<Record<NoticeKind, NoticeFace>> = {
  requested: { word: 'Approval requested', icon: '⏳', colour: AMBER },
  voted: { word: 'Vote recorded', icon: '🗳', colour: AMBER },
  reminder: { word: 'Reminder: votes are missing', icon: '⏰', colour: AMBER },
  escalated: { word: 'Escalated to the deputies', icon: '📣', colour: AMBER },
  approved: { word: 'Approved', icon: '✅', colour: GREEN },
  denied: { word: 'Denied', icon: '⛔', colour: RED },
  expired: { word: 'Expired without a decision', icon: '⌛', colour: GREY },
  cancelled: { word: 'Cancelled', icon: '🚫', colour: GREY },
  executed: { word: 'Executed', icon: '✔', colour: GREEN },
  failed: { word: 'Execution failed', icon: '❌', colour: RED },
  lapsed: { word: 'Lapsed: approved, but not executed in time', icon: '⌛', colour: GREY },
};

/** An act on the deployment itself belongs to no environment. */
const placeOf = (notice: ApprovalNotice) => notice.environment ?? 'all environments';

/** One line without an icon, for subjects, notifications and screen readers. */
export function noticeTitle(notice: ApprovalNotice): string {
  const what = shortLine(notice.what, LIMIT.what);
  return `${NOTICE_FACES[notice.kind].word}: ${what} (${placeOf(notice)})`;
}

function votesLine(notice: ApprovalNotice): string {
  const approvals = notice.votes.filter((vote) => vote.decision === 'approve').length;
  const shown = notice.votes.slice(0, MOST_VOTES).map((vote) => {
    const mark = vote.decision === 'approve' ? '✓ approved' : '✗ denied';
    return `${shortLine(vote.name, LIMIT.name)} ${mark}`;
  });
  const hidden = notice.votes.length - shown.length;
  const names = hidden > 0 ? [...shown, `${hidden} more`] : shown;
  return `Votes: ${approvals} of ${notice.required}${names.length ? ` (${names.join(', ')})` : ''}`;
}

function whatLines(notice: ApprovalNotice): string[] {
  const key = notice.key === null ? 'none' : shortLine(notice.key, LIMIT.what);
  return [
    shortLine(notice.what, LIMIT.what),
    `Action: ${shortLine(notice.action, LIMIT.word)}; key: ${key}; class: ${shortLine(notice.class, LIMIT.word)}; environment: ${placeOf(notice)}`,
  ];
}

function whoLines(notice: ApprovalNotice): string[] {
  const { name, sub } = notice.requester;
  return [
    `Requested by ${shortLine(name, LIMIT.name)} (${shortLine(sub, LIMIT.name)}) from ${shortLine(notice.source ?? 'a source that is not recorded', LIMIT.word)}`,
    votesLine(notice),
  ];
}

function ownersOf(owners: readonly string[]): string {
  if (owners.length === 0) return 'none known';
  const shown = owners.slice(0, MOST_OWNERS).map((owner) => shortLine(owner, LIMIT.name));
  const hidden = owners.length - shown.length;
  return hidden > 0 ? `${shown.join(', ')} and ${hidden} more` : shown.join(', ');
}

function blastLines({ blast }: ApprovalNotice): string[] {
  const fact = (text: string | null, absent: string) =>
    text === null ? absent : shortLine(text, LIMIT.fact);
  return [
    `Consumers: ${blast.consumers}; owners: ${ownersOf(blast.topOwners)}`,
    `Last use: ${fact(blast.lastUse, 'none known')}`,
    `Becomes unreadable: ${fact(blast.unreadable, 'nothing known')}`,
    `Irreversible: ${blast.irreversible ? 'YES' : 'no'}; undo: ${fact(blast.undo, 'not possible')}`,
  ];
}

function whenLines(notice: ApprovalNotice): Piece[][] {
  const earliest = notice.earliestExecutionAt;
  return [
    ['Requested: ', { at: notice.requestedAt }],
    [isOpen(notice.kind) ? 'Expires: ' : 'Would have expired: ', { at: notice.expiresAt }],
    ['Earliest execution: ', earliest === null ? 'once approved' : { at: earliest }],
  ];
}

/** The fields of a notice, in their order. Values are one line each and cut; nothing is escaped. */
export function noticeFields(notice: ApprovalNotice): readonly NoticeField[] {
  const field = (name: NoticeField['name'], lines: readonly string[]): NoticeField => ({
    name,
    lines: lines.map((line) => [line]),
  });
  const reason = oneLine(notice.reason ?? '');
  const id = shortLine(notice.approvalId, LIMIT.word);
  return [
    field('What', whatLines(notice)),
    field('Who', whoLines(notice)),
    field('Why', [reason === '' ? 'no reason given' : shortLine(reason, LIMIT.reason)]),
    field('Blast radius', blastLines(notice)),
    { name: 'When', lines: whenLines(notice) },
    field('Digest', [
      `${digestWords(notice.digest)} (${shortDigest(notice.digest)})`,
      `Request ${id}`,
    ]),
  ];
}

/** A moment for readers whose time zone is not known: `2026-11-26 10:17 UTC`. */
export function utcTime(at: string): string {
  const [, date, time] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)/.exec(at) ?? [];
  return date === undefined ? oneLine(at) : `${date} ${time} UTC`;
}
