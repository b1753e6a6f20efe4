// SPDX-License-Identifier: Apache-2.0
// The channel `email`: a mail to each person, with a link of their own to those who may vote; one for many where it would be
// too many. Of single votes it says nothing: those are on the page, in Slack and in the command line.
import { noticeOf } from '#core/approvals/notice.ts';
import { KeyturnError } from '#core/errors.ts';
import type { Elector } from '#core/policies/approval-rules.ts';
import type { ApprovalNews, NoticeChannel } from '#core/ports/approval-notices.ts';
import type { MailLinks } from '#core/ports/mail-links.ts';
import { keepNewLink } from './link-token.ts';
import { goesAlone, groupInstead, type MailLimitDeps } from './mail-limit.ts';
import { mailMessage } from './message.ts';
import type { SesSender } from './ses-sender.ts';

export interface MailChannelDeps extends MailLimitDeps {
  readonly links: MailLinks;
  readonly sender: Pick<SesSender, 'send'>;
  /** Address of a person by immutable id; null for those without one. */
  readonly addressOf: (sub: string) => string | null;
  readonly random: (bytes: number) => Uint8Array;
}

interface Recipient {
  readonly person: Elector;
  readonly address: string;
  readonly mayVote: boolean;
}

export class MailChannel implements NoticeChannel {
  readonly name = 'email' as const;
  readonly #deps: MailChannelDeps;

  constructor(deps: MailChannelDeps) {
    this.#deps = deps;
  }

  async tell(news: ApprovalNews): Promise<boolean> {
    if (news.kind === 'voted') return false;
    const recipients = this.#recipients(news);
    if (news.voters.length > 0 && !recipients.some(({ mayVote }) => mayVote))
      throw new KeyturnError(
        'DependencyUnavailable',
        `nobody who decides on ${news.approval.id} has a mail address in the directory`,
      );
    let failure: unknown = null;
    // One after another: a new SES account sends 14 a second at most, and one in the sandbox one (SES guide, quotas).
    for (const recipient of recipients) {
      // Who comes behind one that cannot be reached is told all the same.
      await this.#tellOne(news, recipient).catch((error: unknown) => {
        failure = error;
      });
    }
    if (failure !== null) throw failure;
    return recipients.length > 0;
  }

  #recipients({ voters, readers }: ApprovalNews): readonly Recipient[] {
    const all = [
      ...voters.map((person) => ({ person, mayVote: true })),
      ...readers.map((person) => ({ person, mayVote: false })),
    ];
    return all.flatMap(({ person, mayVote }) => {
      const address = this.#deps.addressOf(person.sub);
      return address === null ? [] : [{ person, mayVote, address }];
    });
  }

  async #tellOne(news: ApprovalNews, { person, address, mayVote }: Recipient): Promise<void> {
    const { approval, eventId: occasion } = news;
    const slot = { approvalId: approval.id, channel: this.name, occasion, recipient: person.sub };
    await this.#deps.tellOnce(slot, async () => {
      if (!(await goesAlone(this.#deps, news.kind, person.sub)))
        return groupInstead(this.#deps, person.sub, (mail) =>
          this.#deps.sender.send(address, mail),
        );
      const link = mayVote ? await this.#link(news, person) : null;
      const notice = noticeOf(approval, news.kind, {
        source: null,
        pageUrl: link?.url ?? `${news.apiUrl}/v1/mail/${approval.id}`,
      });
      return this.#deps.sender.send(address, mailMessage(notice, link?.secret ?? null));
    });
  }

  /** A new link for each mail: the secret of the one before is kept nowhere. A vote uses all of them up. */
  async #link({ approval, apiUrl, opensUntil }: ApprovalNews, { sub }: Elector) {
    const link = { approvalId: approval.id, sub, expiresAt: opensUntil };
    const { id, secret } = await keepNewLink(this.#deps, link);
    return { secret, url: `${apiUrl}/v1/mail/${id}` };
  }
}
