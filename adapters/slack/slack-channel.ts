// SPDX-License-Identifier: Apache-2.0
// The channel `slack`: one message for each request, in the one channel, that shows how the request stands, and a line
// in its thread for each step. Everybody in the channel reads it; who may decide is decided when somebody presses.
import { type NoticeKind, noticeOf } from '#core/approvals/notice.ts';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { KeyturnError } from '#core/errors.ts';
import type {
  ApprovalNews,
  NoticeChannel,
  NoticeSlot,
  TellOnce,
} from '#core/ports/approval-notices.ts';
import type { ApprovalLedger } from '#core/ports/approvals.ts';
import { slackMessage, threadText } from './message.ts';
import type { SlackApi } from './slack-api.ts';

/** Votes that may come while a message is brought up to date; more, and the news come again. */
const MOST_UPDATES = 10;

export interface SlackChannelDeps {
  readonly api: Pick<SlackApi, 'postMessage' | 'updateMessage'>;
  readonly channelId: string;
  readonly tellOnce: TellOnce;
  readonly approvals: Pick<ApprovalLedger, 'readApproval'>;
}

/** The page is the same for everybody: it opens with the link in one's own mail, and says so. */
const noticeIn = (approval: ApprovalRecord, kind: NoticeKind, apiUrl: string) =>
  noticeOf(approval, kind, { source: null, pageUrl: `${apiUrl}/v1/mail/${approval.id}` });

/** The message as the record stands; after the decision it has no buttons. */
function messageOf(approval: ApprovalRecord, apiUrl: string) {
  const kind = approval.state === 'pending' ? 'requested' : approval.state;
  return slackMessage(noticeIn(approval, kind, apiUrl));
}

export class SlackChannel implements NoticeChannel {
  readonly name = 'slack' as const;
  readonly #deps: SlackChannelDeps;

  constructor(deps: SlackChannelDeps) {
    this.#deps = deps;
  }

  async tell(news: ApprovalNews): Promise<boolean> {
    const { api, channelId, tellOnce } = this.#deps;
    const { approval, apiUrl, kind } = news;
    let shown: number | null = null;
    const ts = await tellOnce(this.#slot(news, 'message'), async () => {
      shown = approval.revision;
      return (await api.postMessage(channelId, messageOf(approval, apiUrl))).ts;
    });
    await this.#bringUpToDate(news, ts, shown);
    if (kind === 'requested') return true;
    await tellOnce(this.#slot(news, news.eventId), async () => {
      const text = threadText(noticeIn(approval, kind, apiUrl));
      return (await api.postMessage(channelId, { text }, ts)).ts;
    });
    return true;
  }

  #slot({ approval }: ApprovalNews, occasion: string): NoticeSlot {
    const { channelId: recipient } = this.#deps;
    return { approvalId: approval.id, channel: this.name, occasion, recipient };
  }

  /**
   * Until the message shows the last revision. Two deliveries may be at it with different ones: whoever writes last looks
   * again behind that, so that buttons do not come back to what is decided.
   */
  async #bringUpToDate({ approval, apiUrl }: ApprovalNews, ts: string, first: number | null) {
    const { api, channelId: channel, approvals } = this.#deps;
    let shown = first;
    for (let update = 0; update < MOST_UPDATES; update += 1) {
      const now = (await approvals.readApproval(approval.id)) ?? approval;
      if (now.revision === shown) return;
      await api.updateMessage({ channel, ts }, messageOf(now, apiUrl));
      shown = now.revision;
    }
    throw new KeyturnError('DependencyUnavailable', `${approval.id} moves faster than its message`);
  }
}
