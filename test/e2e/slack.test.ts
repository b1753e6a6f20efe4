// SPDX-License-Identifier: Apache-2.0
// Approvals in Slack on the running stack, with the stand-in workspace: a message for each request, two clicks that are
// the quorum and what becomes of the message; what Slack did not send changes nothing; and when Slack does not take the
// message, the request says so and is decided elsewhere.
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { Client, ResponseOf } from '#client/sdk/index.ts';
import type { Delivery, Message, Workspace } from '#emulator/slack/workspace.ts';
import { until } from '#scripts/local/waiting.ts';
import { activeKey, ended, person } from './scene.ts';

type Approval = ResponseOf<'getApproval'>;
type State = Pick<Workspace, 'messages' | 'ephemerals'> & {
  readonly views: readonly { readonly id: string; readonly user: string }[];
};

let alice: Client;
let bob: Client;
beforeAll(async () => {
  [alice, bob] = [await person('alice'), await person('bob')];
});

/** A key that cannot be released without others: its consumer has not moved. */
async function aKeyInUse(): Promise<string> {
  const name = await activeKey(alice, 'slacked');
  const { body } = await alice.putConsumer(
    { key: name, consumer: 'silent' },
    {
      owner: 'payments',
      contact: 'on-call',
      principal: inject('stack').roles['orders-api'] ?? '',
      rights: ['encrypt', 'decrypt'],
      kind: 'api',
      acknowledgement: { mode: 'api' },
      moved: false,
    },
  );
  expect(await ended(alice, body.operationId)).toMatchObject({ state: 'done' });
  return name;
}

async function slack<T>(path: string, body?: object): Promise<T> {
  const { slackUrl, adminToken } = inject('stack');
  const headers = { 'x-admin-token': adminToken, 'content-type': 'application/json' };
  const sent = body ? { method: 'POST', body: JSON.stringify(body) } : {};
  return (await fetch(`${slackUrl}${path}`, { headers, ...sent })).json() as Promise<T>;
}
const click = (ts: string, button: string, user: string, tampering?: object) =>
  slack<Delivery>('/click', { ts, button, user, ...(tampering && { tampering }) });

async function asked(): Promise<Approval> {
  const { body } = await alice.releaseKey(await aKeyInUse(), { reason: 'asked in Slack' });
  return approvalOf(body.approvalId ?? '');
}
const approvalOf = async (id: string) => (await alice.getApproval(id)).body;
const inState = (id: string, state: Approval['state']) =>
  until<Approval>(
    async () => {
      const approval = await approvalOf(id);
      return approval.state === state && approval;
    },
    { timeoutSeconds: 90, what: `${id} to be ${state}` },
  );
/** A message, once it is as asked for. */
const message = (what: string, fits: (found: Message) => boolean) =>
  until<Message>(
    async () => {
      const { messages } = await slack<State>('/state');
      return messages.find((one) => one.thread_ts === null && fits(one)) ?? false;
    },
    { timeoutSeconds: 60, what: `a message that ${what}` },
  );
/** The message of a request that is open: its buttons name it. */
const opened = ({ id }: Approval) =>
  message(`asks about ${id}`, (found) => JSON.stringify(found).includes(`${id}:`));
const closed = (ts: string, word: string) =>
  message(
    `says ${word} without buttons`,
    (found) =>
      found.ts === ts &&
      JSON.stringify(found).includes(word) &&
      !JSON.stringify(found).includes('keyturn_'),
  );

describe('approvals in Slack', () => {
  it('are decided by two clicks; the message loses its buttons and its thread tells the steps', async () => {
    const approval = await asked();
    const { ts } = await opened(approval);
    const first = await click(ts, 'keyturn_approve', 'bob');
    expect(first).toMatchObject({ status: 200, body: '' });
    expect(first.milliseconds).toBeLessThan(3000);

    const again = await click(ts, 'keyturn_approve', 'bob', { replay: true });
    expect(again.status).toBe(401);
    expect((await approvalOf(approval.id)).votes).toHaveLength(1);
    expect(await click(ts, 'keyturn_approve', 'carol')).toMatchObject({ status: 200 });

    const executed = await inState(approval.id, 'executed');
    expect(executed.votes.map(({ by, channel }) => [by, channel])).toEqual([
      ['usr_bob', 'slack'],
      ['usr_carol', 'slack'],
    ]);
    expect(await ended(alice, executed.executedAs ?? '')).toMatchObject({ state: 'done' });
    await closed(ts, 'Executed');
    const thread = await until<readonly string[]>(
      async () => {
        const { messages } = await slack<State>('/state');
        const lines = messages.filter((one) => one.thread_ts === ts).map(({ text }) => text);
        return lines.some((line) => line.includes('Executed')) && lines;
      },
      { timeoutSeconds: 30, what: `the thread of ${approval.id}` },
    );
    expect(thread.some((line) => line.includes('Approved'))).toBe(true);
    expect((await approvalOf(approval.id)).undelivered).not.toContain('slack');
  });

  it('are not decided by what Slack did not send, or by who may not, and end with one denial', async () => {
    const approval = await asked();
    const { ts } = await opened(approval);
    const refused = [
      await click(ts, 'keyturn_approve', 'bob', { signature: 'wrong' }),
      await click(ts, 'keyturn_approve', 'bob', { signature: 'none' }),
      await click(ts, 'keyturn_approve', 'bob', { timestampOffsetSeconds: -301 }),
      await click(ts, 'keyturn_approve', 'bob', { payload: { team: { id: 'T0OTHER' } } }),
      await click(ts, 'keyturn_approve', 'bob', { payload: { channel: { id: 'C0OTHER' } } }),
      await click(ts, 'keyturn_approve', 'alice'),
      await click(ts, 'keyturn_approve', 'gone'),
      await click(ts, 'keyturn_approve', 'guest'),
    ];
    expect(refused.map(({ status }) => status)).toEqual([401, 401, 401, 403, 403, 403, 403, 403]);
    expect((await approvalOf(approval.id)).votes).toEqual([]);

    expect(await click(ts, 'keyturn_deny', 'dan')).toMatchObject({ status: 200 });
    const { views } = await slack<State>('/state');
    const view = views.findLast(({ user }) => user === 'U0DAN')?.id ?? '';
    const empty = await slack<Delivery>('/submit', { view, user: 'dan', value: ' ' });
    expect(JSON.parse(empty.body)).toMatchObject({ response_action: 'errors' });
    expect(
      await slack<Delivery>('/submit', { view, user: 'dan', value: 'not today' }),
    ).toMatchObject({ status: 200, body: '' });
    expect(await inState(approval.id, 'denied')).toMatchObject({
      votes: [{ by: 'usr_dan', channel: 'slack', reason: 'not today' }],
    });
    await closed(ts, 'Denied');
    expect((await click(ts, '0', 'bob', { payload: { actions: [] } })).status).toBe(400);
  });

  it('can be decided without Slack while it takes no message, and show that', async () => {
    await slack('/settings', { rateLimit: { calls: 1000, retryAfterSeconds: 60 } });
    let approval: Approval;
    try {
      approval = await asked();
      await until<Approval>(
        async () => {
          const found = await approvalOf(approval.id);
          return found.undelivered.includes('slack') && found;
        },
        { timeoutSeconds: 60, what: `${approval.id} to show that Slack failed` },
      );
      await bob.castVote(approval.id, {
        decision: 'deny',
        digest: approval.digest,
        channel: 'cli',
      });
      expect(await inState(approval.id, 'denied')).toMatchObject({ votes: [{ by: 'usr_bob' }] });
    } finally {
      await slack('/settings', { rateLimit: { calls: 0, retryAfterSeconds: 0 } });
    }
  });
});
