// SPDX-License-Identifier: Apache-2.0
// What stands in the channel of Slack: one message for each request however often the news come, a line in its thread
// for each step, and no button on what is decided, in whatever order deliveries write.
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryNoticeRows } from '#adapters/memory/notice-rows.ts';
import type { SlackMessage } from '#adapters/slack/message.ts';
import type { MessagePlace } from '#adapters/slack/slack-api.ts';
import { SlackChannel, type SlackChannelDeps } from '#adapters/slack/slack-channel.ts';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { tellOnceBy } from '#core/approvals/tell-once.ts';
import type { ToldEvent } from '#core/contract/told-events.ts';
import { KeyturnError } from '#core/errors.ts';
import { notifyApprovers } from '#core/operations/notify-approvers.ts';
import { cancelApproval } from '#core/operations/tend-approval.ts';
import { approvalOf, ask, execute, vote } from '#test/support/approvals.ts';
import { registered } from '#test/support/consumers.ts';
import { Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, PERMIT, type World } from '#test/support/world.ts';

type Sent = SlackMessage | { readonly text: string };

describe('the channel slack', () => {
  let world: World;
  let approval: ApprovalRecord;
  let rows: MemoryNoticeRows;
  let messages: Map<string, Sent>;
  let thread: string[];
  let isDown: boolean;
  let beforeUpdate: () => Promise<void>;

  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    await registered(new Simulation(world));
    approval = await ask(world, 'key.release', { key: 'orders' });
    rows = new MemoryNoticeRows();
    messages = new Map();
    thread = [];
    isDown = false;
    beforeUpdate = async () => {};
  });

  const api: SlackChannelDeps['api'] = {
    postMessage: async (channel, message, threadTs) => {
      if (isDown) throw new KeyturnError('DependencyUnavailable', 'Slack cannot be reached');
      const ts = `1.${messages.size + thread.length + 1}`;
      if (threadTs === undefined) messages.set(ts, message);
      else thread.push(`${threadTs} ${message.text}`);
      return { channel, ts };
    },
    updateMessage: async ({ ts }: MessagePlace, message) => {
      if (isDown) throw new KeyturnError('DependencyUnavailable', 'Slack cannot be reached');
      await beforeUpdate();
      messages.set(ts, message);
    },
  };
  const channel = () =>
    new SlackChannel({
      api,
      channelId: 'C0APPROVALS',
      tellOnce: tellOnceBy({ log: rows, clock: world.clock }),
      approvals: world.store,
    });
  const tell = async (name: ToldEvent) => {
    const { records } = await world.store.readAudit(`approval/${approval.id}`, 0, 100);
    const record = records.findLast(({ action }) => action === name);
    if (!record) throw new Error(`no ${name}`);
    const eventId = `${record.stream}#${record.sequence}`;
    const event = { name, approvalId: approval.id, eventId, apiUrl: 'https://api.example.com/p' };
    return notifyApprovers({ ...world.deps, channels: [channel()] }, event);
  };
  const shown = () => JSON.stringify([...messages.values()]);
  const hasButtons = () => shown().includes('keyturn_approve');

  it('has one message, however often and at how many places at once the news come', async () => {
    await Promise.allSettled(Array.from({ length: 5 }, () => tell('approval.requested')));
    await tell('approval.requested');

    expect(messages.size).toBe(1);
    expect(hasButtons()).toBe(true);
    expect(thread).toEqual([]);
  });

  it('shows each vote, and a line of it in the thread, once', async () => {
    await tell('approval.requested');
    await vote(world, approval, 'bob');
    await tell('approval.voted');
    await tell('approval.voted');

    expect(messages.size).toBe(1);
    expect(shown()).toContain('bob');
    expect(thread).toHaveLength(1);
    expect(thread[0]).toMatch(/^1\.1 .*bob approved\. 1 of 2 votes/);
  });

  it.each([
    ['denied', async () => vote(world, approval, 'bob', { decision: 'deny' })],
    [
      'cancelled',
      async () => cancelApproval(world.deps, { id: approval.id, by: ALICE, decision: PERMIT }),
    ],
    [
      'executed',
      async () => {
        for (const voter of ['bob', 'carol']) await vote(world, approval, voter);
        await execute(world, approval);
      },
    ],
  ] as const)('takes the buttons away once it is %s', async (state, end) => {
    await tell('approval.requested');
    await end();
    await tell(`approval.${state}`);

    expect((await approvalOf(world, approval.id)).state).toBe(state);
    expect(hasButtons()).toBe(false);
    expect(messages.size).toBe(1);
    expect(thread).toHaveLength(1);
  });

  it('gives no buttons back when news of earlier are written last', async () => {
    await tell('approval.requested');
    await vote(world, approval, 'bob');
    let isFirst = true;
    beforeUpdate = async () => {
      if (!isFirst) return;
      isFirst = false;
      // The denial overtakes the vote's update between what that one read and what it writes.
      await vote(world, approval, 'carol', { decision: 'deny' });
      await tell('approval.denied');
      expect(hasButtons()).toBe(false);
    };
    await tell('approval.voted');

    expect(hasButtons()).toBe(false);
    expect(shown()).toContain('Denied');
  });

  it('that is down is shown on the request, and is told when the news come again', async () => {
    isDown = true;
    await expect(tell('approval.requested')).rejects.toMatchObject({
      code: 'DependencyUnavailable',
    });
    expect((await approvalOf(world, approval.id)).undelivered).toEqual(['slack']);

    isDown = false;
    expect(await tell('approval.requested')).toEqual(['slack']);
    expect((await approvalOf(world, approval.id)).undelivered).toEqual([]);
    expect(messages.size).toBe(1);
  });
});
