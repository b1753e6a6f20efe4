// SPDX-License-Identifier: Apache-2.0
// Who is told of what, on which channel, how often; and what a request shows of a channel that fails.
import { beforeEach, describe, expect, it } from 'vitest';
import { MailChannel } from '#adapters/mail/mail-channel.ts';
import { MemoryNoticeRows } from '#adapters/memory/notice-rows.ts';
import { MemoryStartSlots } from '#adapters/memory/start-slots.ts';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { tellOnceBy } from '#core/approvals/tell-once.ts';
import { TOLD_EVENTS, type ToldEvent } from '#core/contract/told-events.ts';
import { KeyturnError } from '#core/errors.ts';
import { notifyApprovers } from '#core/operations/notify-approvers.ts';
import { cancelApproval, tendApproval } from '#core/operations/tend-approval.ts';
import type { NoticeChannel } from '#core/ports/approval-notices.ts';
import { approvalOf, ask, execute, vote } from '#test/support/approvals.ts';
import { registered } from '#test/support/consumers.ts';
import { Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, PERMIT, type World } from '#test/support/world.ts';

const WINDOW = 86_400;
const MAILS_PER_HOUR = 20;
const CUSTODIANS = ['bob', 'carol', 'dan', 'erin', 'frank'];

describe('notices of a request', () => {
  let world: World;
  let approval: ApprovalRecord;
  let rows: MemoryNoticeRows;
  let slots: MemoryStartSlots;
  let sent: { to: string; subject: string; text: string }[];
  let down: Set<string>;
  let others: NoticeChannel[];

  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    await registered(new Simulation(world));
    approval = await ask(world, 'key.release', { key: 'orders' });
    rows = new MemoryNoticeRows();
    slots = new MemoryStartSlots();
    sent = [];
    down = new Set();
    others = [];
  });

  const mail = () =>
    new MailChannel({
      tellOnce: tellOnceBy({ log: rows, clock: world.clock }),
      slots,
      perHour: MAILS_PER_HOUR,
      clock: world.clock,
      links: rows,
      random: world.random,
      addressOf: (sub) => (sub === 'usr_frank' ? null : `${sub.slice(4)}@example.com`),
      sender: {
        send: async (to, message) => {
          if (down.has(to) || down.has('*'))
            throw new KeyturnError('DependencyUnavailable', 'SES did not take the mail');
          sent.push({ to, ...message });
          return `mail-${sent.length}`;
        },
      },
    });
  const lastEvent = async (name: ToldEvent) => {
    const { records } = await world.store.readAudit(`approval/${approval.id}`, 0, 100);
    const record = records.findLast(({ action }) => action === name);
    if (!record) throw new Error(`no ${name}`);
    return `${record.stream}#${record.sequence}`;
  };
  const tell = async (name: ToldEvent, channels: NoticeChannel[] = [mail(), ...others]) =>
    notifyApprovers(
      { ...world.deps, channels },
      {
        name,
        approvalId: approval.id,
        eventId: await lastEvent(name),
        apiUrl: 'https://api.example.com/p',
      },
    );
  const told = () => sent.map(({ to }) => to.split('@')[0]).sort();
  const linksIn = (text: string) =>
    [...text.matchAll(/https:\/\/api\.example\.com\/p\/v1\/mail\/([\w-]+)#([\w-]+)/g)].map(
      ([, id, secret]) => ({ id: id ?? '', secret: secret ?? '' }),
    );
  const undelivered = async () => (await approvalOf(world, approval.id)).undelivered;

  it('go to each elector with a link of their own, and to whoever asked without one', async () => {
    expect(await tell('approval.requested')).toEqual(['email']);

    expect(told()).toEqual(['alice', 'bob', 'carol', 'dan', 'erin']);
    const links = sent.map(({ to, text }) => ({ to, links: linksIn(text) }));
    for (const { to, links: own } of links)
      expect(own).toHaveLength(to.startsWith('alice') ? 0 : 1);
    const secrets = links.flatMap(({ links: own }) => own.map(({ secret }) => secret));
    expect(new Set(secrets).size).toBe(4);
    for (const { links: own, to } of links.filter(({ links: all }) => all.length > 0)) {
      const kept = await rows.find(own[0]?.id ?? '');
      expect(kept).toMatchObject({ approvalId: approval.id, sub: `usr_${to.split('@')[0]}` });
      expect(JSON.stringify(kept)).not.toContain(own[0]?.secret);
    }
  });

  it('are sent once, however often and at how many places at once the news come', async () => {
    await Promise.allSettled(Array.from({ length: 5 }, () => tell('approval.requested')));
    await tell('approval.requested');

    expect(told()).toEqual(['alice', 'bob', 'carol', 'dan', 'erin']);
  });

  describe('in a storm of requests', () => {
    const toBob = () => sent.filter(({ to }) => to.startsWith('bob'));
    const grouped = () => toBob().filter(({ subject }) => /More requests/.test(subject));
    const ofAnother = (number: number) =>
      notifyApprovers(
        { ...world.deps, channels: [mail()] },
        {
          name: 'approval.requested',
          approvalId: approval.id,
          eventId: `approval/other-${number}#1`,
          apiUrl: 'https://api.example.com/p',
        },
      );
    const storm = async (from: number, to: number) => {
      for (let number = from; number < to; number += 1) await ofAnother(number);
    };

    it('become one mail every ten minutes, and none is lost silently', async () => {
      await storm(0, MAILS_PER_HOUR);
      expect(grouped()).toEqual([]);
      await storm(MAILS_PER_HOUR, MAILS_PER_HOUR + 30);
      expect(toBob()).toHaveLength(MAILS_PER_HOUR + 1);
      expect(grouped()).toHaveLength(1);
      expect(grouped()[0]?.text).toContain('keyturn approval list');
      expect(linksIn(grouped()[0]?.text ?? '')).toEqual([]);
      expect(await undelivered()).toEqual([]);

      world.clock.advance(600);
      await storm(100, 130);
      expect(grouped()).toHaveLength(2);
    });

    it('never take with them what is about to expire', async () => {
      await storm(0, MAILS_PER_HOUR + 5);
      const before = toBob().length;
      world.clock.advance(WINDOW / 2);
      await storm(100, 100 + MAILS_PER_HOUR + 5);
      await tendApproval(world.deps, approval.id);

      await tell('approval.reminded');

      const last = toBob().at(-1);
      expect(toBob().length).toBeGreaterThan(before);
      expect(last?.subject).toMatch(/Reminder|waits|still/i);
      expect(linksIn(last?.text ?? '')).toHaveLength(1);
    });

    it('come one by one again in the next hour', async () => {
      await storm(0, MAILS_PER_HOUR + 5);
      const before = toBob().length;
      world.clock.advance(3600);
      await storm(200, 203);
      expect(toBob()).toHaveLength(before + 3);
    });

    it('are sent again when the mail for many could not be sent', async () => {
      await storm(0, MAILS_PER_HOUR);
      down.add('bob@example.com');
      await expect(ofAnother(300)).rejects.toThrow(/email could not tell/);
      expect(await undelivered()).toEqual(['email']);
      down.clear();
      await ofAnother(300);
      expect(grouped()).toHaveLength(1);
      expect(await undelivered()).toEqual([]);
    });
  });

  it('of who was missed are sent again, and to nobody else', async () => {
    down.add('carol@example.com');
    await expect(tell('approval.requested')).rejects.toMatchObject({
      code: 'DependencyUnavailable',
    });
    expect(told()).toEqual(['alice', 'bob', 'dan', 'erin']);
    expect(await undelivered()).toEqual(['email']);

    down.clear();
    await tell('approval.requested');
    expect(told()).toEqual(['alice', 'bob', 'carol', 'dan', 'erin']);
    expect(await undelivered()).toEqual([]);
  });

  it('that reach nobody make the window longer, once, and leave the vote possible', async () => {
    down.add('*');
    await expect(tell('approval.requested')).rejects.toThrow(/email could not tell/);
    world.clock.advance(WINDOW);
    await tendApproval(world.deps, approval.id);
    expect((await approvalOf(world, approval.id)).closesAt).toBe(
      world.clock.now().replace('2026-01-02T00', '2026-01-02T12'),
    );

    down.clear();
    await tell('approval.extended');
    expect(told()).toEqual(['bob', 'carol', 'dan', 'erin']);
    await vote(world, approval, 'bob');
    await vote(world, approval, 'frank');
    expect((await execute(world, approval)).state).toBe('executed');
  });

  it('that another channel fails to give keep no channel from telling', async () => {
    others = [
      {
        name: 'slack',
        tell: async () => {
          throw new Error('a defect');
        },
      },
    ];
    await expect(tell('approval.requested')).rejects.toThrow(/^slack could not tell/);

    expect(told()).toHaveLength(5);
    expect(await undelivered()).toEqual(['slack']);
  });

  it('remind who has not voted at 50 %, and tell deputies too at 80 %', async () => {
    await vote(world, approval, 'bob');
    world.clock.advance(WINDOW / 2);
    await tendApproval(world.deps, approval.id);
    await tell('approval.reminded');
    expect(told()).toEqual(['carol', 'dan', 'erin']);

    sent = [];
    world.clock.advance(0.3 * WINDOW);
    await tendApproval(world.deps, approval.id);
    await tell('approval.escalated');
    expect(told()).toEqual(['alice', 'carol', 'dan', 'erin']);
    const deputy = sent.find(({ to }) => to.startsWith('alice'));
    expect(deputy?.subject).toContain('Escalated to the deputies');
    expect(linksIn(deputy?.text ?? '')).toEqual([]);
  });

  it('of single votes are no mail', async () => {
    await vote(world, approval, 'bob');

    expect(await tell('approval.voted')).toEqual([]);
    expect(sent).toEqual([]);
  });

  it('say what came of it to all who were asked, to who asked, and to the owner of the key', async () => {
    await vote(world, approval, 'bob', { decision: 'deny', reason: 'no' });
    await tell('approval.denied');

    expect(told()).toEqual(['alice', 'bob', 'carol', 'dan', 'erin', 'olga']);
    for (const { subject, text } of sent) {
      expect(subject).toContain('Denied');
      expect(linksIn(text)).toEqual([]);
    }
  });

  it('of the execution go to who asked and to the owner', async () => {
    for (const user of CUSTODIANS.slice(0, 2)) await vote(world, approval, user);
    await execute(world, approval);
    await tell('approval.executed');

    expect(told()).toEqual(['alice', 'olga']);
  });

  it('that come late ask nobody to vote on what was decided', async () => {
    await cancelApproval(world.deps, { id: approval.id, by: ALICE, decision: PERMIT });

    expect(await tell('approval.requested')).toEqual([]);
    expect(sent).toEqual([]);
    await tell('approval.cancelled');
    expect(sent[0]?.subject).toContain('Cancelled');
  });

  it('cannot go to people without an address, which the request shows', async () => {
    const nobody = new MailChannel({
      tellOnce: tellOnceBy({ log: rows, clock: world.clock }),
      slots,
      perHour: MAILS_PER_HOUR,
      clock: world.clock,
      links: rows,
      random: world.random,
      addressOf: () => null,
      sender: { send: async () => 'never' },
    });

    await expect(tell('approval.requested', [nobody])).rejects.toMatchObject({
      cause: expect.objectContaining({ message: expect.stringContaining('has a mail address') }),
    });
    expect(await undelivered()).toEqual(['email']);
  });

  it('are not told of a request that is not there', async () => {
    const event = {
      name: 'approval.requested' as const,
      approvalId: 'apr_01K0000000000000000000000Z',
      eventId: 'approval/apr_01K0000000000000000000000Z#1',
      apiUrl: 'https://api.example.com',
    };

    await expect(
      notifyApprovers({ ...world.deps, channels: [mail()] }, event),
    ).rejects.toMatchObject({ code: 'ApprovalNotFound' });
  });

  it('exist for every event of a request', () => {
    expect(Object.keys(TOLD_EVENTS)).toHaveLength(11);
  });
});
