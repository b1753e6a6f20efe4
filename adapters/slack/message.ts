// SPDX-License-Identifier: Apache-2.0
// The message of a request in its channel: the fields of the notice in their order, buttons only while votes are
// taken, and never a link that decides. Sent once and updated afterwards; each step also gets a line in the thread.
import type { ActionsBlock, Button, MessageAttachment, SectionBlock } from '@slack/types';
import { digestWords } from '#core/approvals/digest-words.ts';
import { type ApprovalNotice, isOpen } from '#core/approvals/notice.ts';
import {
  NOTICE_FACES,
  type NoticeField,
  noticeFields,
  noticeTitle,
  type Piece,
  utcTime,
} from '#core/approvals/notice-text.ts';
import { shortLine } from '#core/approvals/plain-text.ts';
import { ACTION } from './action-ids.ts';
import { buttonValue } from './button-value.ts';
import { escapeMrkdwn } from './escape.ts';

/** Slack's own limits. @see https://docs.slack.dev/reference/block-kit/blocks/section-block */
const MAX_SECTION = 3000;
const MAX_CONFIRM = 300;

/** What `chat.postMessage` and `chat.update` take. */
export interface SlackMessage {
  /** Shown above the blocks, in notifications and by screen readers. */
  readonly text: string;
  readonly attachments: readonly MessageAttachment[];
}

/** Each reader sees the own time; who cannot, sees UTC. */
function timeText(at: string): string {
  const seconds = Math.floor(Date.parse(at) / 1000);
  if (!Number.isFinite(seconds)) return escapeMrkdwn(utcTime(at));
  return `<!date^${seconds}^{date_short_pretty} {time_secs}|${utcTime(at)}>`;
}

const pieceText = (piece: Piece) =>
  typeof piece === 'string' ? escapeMrkdwn(piece) : timeText(piece.at);

function section(text: string): SectionBlock {
  return { type: 'section', text: { type: 'mrkdwn', text, verbatim: true } };
}

/** One section; one for each line where escaping made it too long for one. */
function sectionsOf({ name, lines }: NoticeField): SectionBlock[] {
  const texts = lines.map((line) => line.map(pieceText).join(''));
  const whole = [`*${name}*`, ...texts].join('\n');
  if (whole.length <= MAX_SECTION) return [section(whole)];
  return texts.map((text, index) => section(index === 0 ? `*${name}*\n${text}` : text));
}

const plain = (text: string) => ({ type: 'plain_text', text, emoji: false }) as const;

function approveButton(notice: ApprovalNotice): Button {
  const what = shortLine(notice.what, 120);
  const question = `${what}. Compare the digest: ${digestWords(notice.digest)}`;
  return {
    type: 'button',
    action_id: ACTION.approve,
    style: 'primary',
    text: plain('Approve'),
    value: buttonValue(notice),
    confirm: {
      title: plain('Approve this request?'),
      text: plain(shortLine(question, MAX_CONFIRM)),
      confirm: plain('Approve'),
      deny: plain('Back'),
    },
  };
}

function denyButton(notice: ApprovalNotice): Button {
  return {
    type: 'button',
    action_id: ACTION.deny,
    style: 'danger',
    text: plain('Deny …'),
    value: buttonValue(notice),
  };
}

function pageButton(notice: ApprovalNotice): Button {
  return {
    type: 'button',
    action_id: ACTION.page,
    text: plain(notice.mayVoteInSlack ? 'Details' : 'Vote on the page'),
    url: notice.pageUrl,
    value: buttonValue(notice),
  };
}

/** For votes that are signed: who presses gets the page as their own, and nobody else sees it. */
function linkButton(notice: ApprovalNotice): Button {
  return {
    type: 'button',
    action_id: ACTION.link,
    text: plain('Vote on your page'),
    value: buttonValue(notice),
  };
}

function buttonsOf(notice: ApprovalNotice): ActionsBlock[] {
  if (!isOpen(notice.kind)) return [];
  const votes = notice.mayVoteInSlack ? [approveButton(notice), denyButton(notice)] : [];
  const page = notice.isSigned ? linkButton(notice) : pageButton(notice);
  return [{ type: 'actions', block_id: 'vote', elements: [...votes, page] }];
}

/** The message as it is to look now. After the decision it has the outcome and no buttons. */
export function slackMessage(notice: ApprovalNotice): SlackMessage {
  const { icon, colour } = NOTICE_FACES[notice.kind];
  const title = escapeMrkdwn(noticeTitle(notice));
  const blocks = [...noticeFields(notice).flatMap(sectionsOf), ...buttonsOf(notice)];
  return { text: `${icon} ${title}`, attachments: [{ color: colour, fallback: title, blocks }] };
}

/** The line for the thread: what just happened, and how many votes there are. */
export function threadText(notice: ApprovalNotice): string {
  const { icon } = NOTICE_FACES[notice.kind];
  const last = notice.votes.at(-1);
  const approvals = notice.votes.filter((vote) => vote.decision === 'approve').length;
  const who =
    notice.kind === 'voted' && last
      ? ` ${shortLine(last.name, 60)} ${last.decision === 'approve' ? 'approved' : 'denied'}.`
      : '';
  const count = isOpen(notice.kind) ? ` ${approvals} of ${notice.required} votes.` : '';
  const until = isOpen(notice.kind) ? ` Open until ${timeText(notice.expiresAt)}.` : '';
  return `${icon} ${escapeMrkdwn(`${noticeTitle(notice)}.${who}${count}`)}${until}`;
}
