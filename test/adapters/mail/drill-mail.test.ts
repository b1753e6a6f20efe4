// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { DrillMail } from '#adapters/mail/drill-mail.ts';
import type { MailMessage } from '#adapters/mail/message.ts';
import { MemoryClock } from '#adapters/memory/clock.ts';
import { MemoryNoticeRows } from '#adapters/memory/notice-rows.ts';
import { tellOnceBy } from '#core/approvals/tell-once.ts';

const NOTICE = {
  drillId: 'drl_0003',
  keyStore: '<main>',
  answerUntil: '2026-10-14T09:00:00.000Z',
};

function mail() {
  const sent: { to: string; message: MailMessage }[] = [];
  const channel = new DrillMail({
    tellOnce: tellOnceBy({ log: new MemoryNoticeRows(), clock: new MemoryClock() }),
    sender: {
      send: async (to, message) => {
        sent.push({ to, message });
        return 'id';
      },
    },
    addressOf: (sub) => (sub === 'usr_bob' ? 'bob@keyturn.local' : null),
  });
  return { sent, channel };
}

describe('the mail of a drill', () => {
  it('says what it is and how to answer, without a link, and comes once', async () => {
    const { sent, channel } = mail();
    expect(await channel.tell('usr_bob', NOTICE)).toBe(true);
    expect(await channel.tell('usr_bob', NOTICE)).toBe(true);

    expect(sent).toHaveLength(1);
    expect(sent[0]?.to).toBe('bob@keyturn.local');
    const { subject, text, html } = sent[0]?.message ?? { subject: '', text: '', html: '' };
    expect(subject).toBe('[Keyturn] Recovery drill drl_0003: please answer');
    for (const body of [text, html]) {
      expect(body).toContain('keyturn drill answer drl_0003');
      expect(body).toContain('This is a drill');
      expect(body).not.toMatch(/https?:/);
    }
    expect(html).toContain('&lt;main&gt;');
  });

  it('goes to nobody without an address, and says so', async () => {
    const { sent, channel } = mail();
    expect(await channel.tell('usr_carol', NOTICE)).toBe(false);
    expect(sent).toEqual([]);
  });
});
