// SPDX-License-Identifier: Apache-2.0
// Ports of notices about requests for approval: the channels that tell people, and the log that keeps any of them from
// telling the same twice.
import type { NoticeKind } from '../approvals/notice.ts';
import type { ApprovalRecord } from '../approvals/records.ts';
import type { VoteChannel } from '../contract/approvals.ts';
import type { Instant } from '../keys/records.ts';
import type { Elector } from '../policies/approval-rules.ts';

/** What happened to a request, and who is concerned. */
export interface ApprovalNews {
  readonly kind: NoticeKind;
  /** Stream and sequence of the audit record: the same at each delivery. */
  readonly eventId: string;
  /** As it is now, which may be later than what happened. */
  readonly approval: ApprovalRecord;
  /** Who may vote and has not; nobody once it takes no more votes. */
  readonly voters: readonly Elector[];
  /** Who is told without being asked to vote. */
  readonly readers: readonly Elector[];
  /** The end of the window at its longest: no link needs to open anything from then on. */
  readonly opensUntil: Instant;
  /** The API of people, for links: `/v1/…` is appended. */
  readonly apiUrl: string;
}

/** One way to reach people. To add one: its adapter, and a line in `functions/notify-approvers/handler.ts`. */
export interface NoticeChannel {
  /** How a request names it among `undelivered`. */
  readonly name: VoteChannel;
  /**
   * Tells. News come more than once: whoever was told is not told again, which {@link NoticeLog} remembers.
   * @returns false when the channel has nobody to tell of this
   * @throws KeyturnError when somebody could not be told; the news come again
   */
  tell(news: ApprovalNews): Promise<boolean>;
}

/** One notice to one recipient: a person, or a place such as a channel. */
export interface NoticeSlot {
  readonly approvalId: string;
  readonly channel: VoteChannel;
  /** The event's id, or a name of what is sent once for a request. */
  readonly occasion: string;
  readonly recipient: string;
}

export type NoticeTurn =
  /** It is the caller's to send now, and nobody else's. */
  | { readonly state: 'begun' }
  /** Another delivery of the same news is at it. */
  | { readonly state: 'busy' }
  /** It was sent; what the channel calls it, such as the message's id. */
  | { readonly state: 'told'; readonly reference: string };

/** Rows that make a notice be sent once, although the news of it come at least once. */
export interface NoticeLog {
  /** @param until the end of the turn, if the caller dies before it ends it */
  begin(slot: NoticeSlot, now: Instant, until: Instant): Promise<NoticeTurn>;
  finish(slot: NoticeSlot, now: Instant, reference: string): Promise<void>;
  /** Gives the turn back: the next delivery may send. */
  giveUp(slot: NoticeSlot): Promise<void>;
}

/**
 * Sends what `send` sends, unless it was sent.
 * @returns what the channel calls it, from now or from then
 * @throws KeyturnError `DependencyUnavailable` while another delivery is at it, and what `send` throws
 */
export type TellOnce = (slot: NoticeSlot, send: () => Promise<string>) => Promise<string>;
