// SPDX-License-Identifier: Apache-2.0
// Notices and links in memory, for tests. It passes the same contract suite as the DynamoDB one.
import type { Instant } from '#core/keys/records.ts';
import type { NoticeLog, NoticeSlot, NoticeTurn } from '#core/ports/approval-notices.ts';
import type { MailLink, MailLinks } from '#core/ports/mail-links.ts';

interface Row {
  readonly busyUntil: Instant | null;
  readonly reference: string | null;
}

const nameOf = ({ approvalId, channel, occasion, recipient }: NoticeSlot) =>
  JSON.stringify([approvalId, channel, occasion, recipient]);

export class MemoryNoticeRows implements NoticeLog, MailLinks {
  readonly #rows = new Map<string, Row>();
  readonly links = new Map<string, MailLink>();

  async begin(slot: NoticeSlot, now: Instant, until: Instant): Promise<NoticeTurn> {
    const known = this.#rows.get(nameOf(slot));
    if (typeof known?.reference === 'string') return { state: 'told', reference: known.reference };
    if (known?.busyUntil && known.busyUntil >= now) return { state: 'busy' };
    this.#rows.set(nameOf(slot), { busyUntil: until, reference: null });
    return { state: 'begun' };
  }

  async finish(slot: NoticeSlot, _now: Instant, reference: string): Promise<void> {
    this.#rows.set(nameOf(slot), { busyUntil: null, reference });
  }

  async giveUp(slot: NoticeSlot): Promise<void> {
    this.#rows.delete(nameOf(slot));
  }

  async keep(link: MailLink): Promise<void> {
    this.links.set(link.id, link);
  }

  async find(id: string): Promise<MailLink | null> {
    return this.links.get(id) ?? null;
  }
}
