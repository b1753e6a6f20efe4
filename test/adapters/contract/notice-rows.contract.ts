// SPDX-License-Identifier: Apache-2.0
// What every log of notices must do, over memory and over DynamoDB.
import { beforeEach, describe, expect, it } from 'vitest';
import type { NoticeLog, NoticeSlot } from '#core/ports/approval-notices.ts';
import type { MailLinks } from '#core/ports/mail-links.ts';

const NOW = '2026-03-01T10:00:00.000Z';
const UNTIL = '2026-03-01T10:02:00.000Z';
const AFTER = '2026-03-01T10:02:00.001Z';
const SLOT: NoticeSlot = {
  approvalId: 'apr_01K0000000000000000000000A',
  channel: 'email',
  occasion: 'approval/apr_01K0000000000000000000000A#1',
  recipient: 'usr_bob',
};
const LINK = {
  id: 'AAAAAAAAAAAAAAAAAAAAAA',
  hash: 'ab'.repeat(32),
  approvalId: SLOT.approvalId,
  sub: 'usr_bob',
  expiresAt: '2026-03-02T10:00:00.000Z',
};

export function describeNoticeRows(
  title: string,
  fresh: () => Promise<NoticeLog & MailLinks>,
): void {
  describe(title, () => {
    let rows: NoticeLog & MailLinks;
    beforeEach(async () => {
      rows = await fresh();
    });

    it('gives one turn, however many deliveries ask at once', async () => {
      const asked = Array.from({ length: 10 }, () => rows.begin(SLOT, NOW, UNTIL));
      const states = (await Promise.all(asked)).map(({ state }) => state);

      expect(states.filter((state) => state === 'begun')).toHaveLength(1);
      expect(states.filter((state) => state === 'busy')).toHaveLength(9);
    });

    it('remembers for good what was sent', async () => {
      await rows.begin(SLOT, NOW, UNTIL);
      await rows.finish(SLOT, NOW, 'mail-1');

      expect(await rows.begin(SLOT, AFTER, UNTIL)).toEqual({ state: 'told', reference: 'mail-1' });
    });

    it('takes a turn from whoever died in it, and from whoever gave it back', async () => {
      await rows.begin(SLOT, NOW, UNTIL);
      expect(await rows.begin(SLOT, UNTIL, UNTIL)).toEqual({ state: 'busy' });
      expect(await rows.begin(SLOT, AFTER, AFTER)).toEqual({ state: 'begun' });
      await rows.giveUp(SLOT);
      expect(await rows.begin(SLOT, NOW, UNTIL)).toEqual({ state: 'begun' });
    });

    it.each([
      ['approvalId', 'apr_01K0000000000000000000000B'],
      ['channel', 'slack'],
      ['occasion', 'approval/apr_01K0000000000000000000000A#2'],
      ['recipient', 'usr_carol'],
    ] as const)('keeps apart notices of another %s', async (member, value) => {
      await rows.begin(SLOT, NOW, UNTIL);
      await rows.finish(SLOT, NOW, 'mail-1');

      expect(await rows.begin({ ...SLOT, [member]: value }, NOW, UNTIL)).toEqual({
        state: 'begun',
      });
    });

    it('finds a link by its id alone', async () => {
      await rows.keep(LINK);

      expect(await rows.find(LINK.id)).toMatchObject(LINK);
      expect(await rows.find(LINK.id.toLowerCase())).toBeNull();
    });
  });
}
