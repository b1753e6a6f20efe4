// SPDX-License-Identifier: Apache-2.0
// What the function behind Slack's buttons takes and refuses, with the stand-in workspace on the other side: real
// signatures, real calls of the Web API, the real middleware. What is refused leaves no vote.
import '#test/support/functions.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { slackMessage } from '#adapters/slack/message.ts';
import { SlackApi } from '#adapters/slack/slack-api.ts';
import { noticeOf } from '#core/approvals/notice.ts';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { approvalOf, ask, vote } from '#test/support/approvals.ts';
import { registered } from '#test/support/consumers.ts';
import { askElevation } from '#test/support/elevations.ts';
import { current, eventOf, renewWorld } from '#test/support/functions.ts';
import { Simulation } from '#test/support/simulation.ts';
import { SECRET, signedHeaders, slackNow, slackWorkspace } from '#test/support/slack-workspace.ts';
import { withActiveKey } from '#test/support/steps.ts';

const woken = vi.hoisted(() => [] as string[]);
vi.mock('#functions/shared/ballots.ts', () => ({
  SealedBallots: class {
    async wake({ id }: { id: string }) {
      woken.push(id);
    }
  },
}));
const { handler } = await import('#functions/answer-slack/handler.ts');

let slack: Awaited<ReturnType<typeof slackWorkspace>>;
let approval: ApprovalRecord;
let ts: string;

/** Posts the message of a request, as `notify-approvers` does. */
async function posted(about: ApprovalRecord): Promise<string> {
  const botToken = async () => SECRET.botToken;
  const api = new SlackApi({ baseUrl: `${slackNow.url}/api`, botToken, pause: async () => {} });
  const context = { source: null, pageUrl: 'https://api.example.com/p' };
  const message = slackMessage(
    noticeOf({ ...about, rule: { ...about.rule, slack: true } }, 'requested', context),
  );
  return (await api.postMessage('C0APPROVALS', message)).ts;
}

beforeAll(async () => {
  slack = await slackWorkspace(handler);
});
afterAll(() => slack.stop());
beforeEach(async () => {
  woken.length = 0;
  slackNow.secret = SECRET;
  await slack.limit(0);
  const world = await withActiveKey(await renewWorld());
  await registered(new Simulation(world));
  approval = await ask(world, 'key.release', { key: 'orders' });
  ts = await posted(approval);
});

const now = () => approvalOf(current.world, approval.id);
const votes = async () => (await now()).votes.map(({ name, decision }) => `${name} ${decision}`);
const approve = (user: string, tampering?: object) =>
  slack.click(ts, 'keyturn_approve', user, tampering);
const deny = (user: string) => slack.click(ts, 'keyturn_deny', user);
const lastWord = async (user: string) =>
  (await slack.state()).ephemerals.filter((one) => one.user === user).at(-1)?.text ?? '';
async function viewOf(user: string): Promise<string> {
  const { views } = await slack.state();
  return views.findLast((view) => view.user === `U0${user.toUpperCase()}`)?.id ?? '';
}

describe('a click', () => {
  it('is the vote of its person, and two of them are the quorum', async () => {
    expect(await approve('bob')).toMatchObject({ status: 200, body: '' });
    expect(await now()).toMatchObject({
      state: 'pending',
      votes: [{ by: 'usr_bob', channel: 'slack', digest: approval.digest, signature: null }],
    });
    expect(woken).toEqual([]);

    expect((await approve('carol')).status).toBe(200);
    expect((await now()).state).toBe('approved');
    expect(woken).toEqual([approval.id]);
  });

  it('on the link of the page needs nothing but an answer', async () => {
    expect(await slack.click(ts, 'keyturn_page', 'guest')).toMatchObject({ status: 200, body: '' });
    expect(await votes()).toEqual([]);
  });

  it('is taken with either of two signing secrets, while Slack changes over', async () => {
    const [old = ''] = SECRET.signingSecrets;
    slackNow.secret = { ...SECRET, signingSecrets: ['another-signing-secret-0002', old] };
    expect((await approve('bob')).status).toBe(200);

    slackNow.secret = { ...SECRET, signingSecrets: ['another-signing-secret-0002'] };
    expect((await approve('carol')).status).toBe(401);
    expect(await votes()).toEqual(['bob approve']);
  });

  it('counts with a body in Base64, as API Gateway may hand it over', async () => {
    const payload = {
      type: 'block_actions',
      api_app_id: 'A0KEYTURN',
      team: { id: 'T0LOCAL' },
      user: { id: 'U0BOB', team_id: 'T0LOCAL' },
      trigger_id: '1.2.3',
      channel: { id: 'C0APPROVALS' },
      message: { ts },
      actions: [{ action_id: 'keyturn_approve', value: `${approval.id}:${approval.digest}` }],
    };
    const body = `payload=${encodeURIComponent(JSON.stringify(payload))}`;
    const event = {
      body: Buffer.from(body).toString('base64'),
      isBase64Encoded: true,
      headers: signedHeaders(body),
    };
    const { statusCode } = await handler(eventOf('answerSlack', { as: null, event }));

    expect(statusCode).toBe(200);
    expect(await votes()).toEqual(['bob approve']);
  });
});

describe('a denial', () => {
  it('asks for the reason, and ends the request with it', async () => {
    expect(await deny('bob')).toMatchObject({ status: 200, body: '' });
    expect(await votes()).toEqual([]);
    const view = await viewOf('bob');
    expect((await slack.submit(view, 'bob', 'not in this window')).status).toBe(200);

    expect(await now()).toMatchObject({
      state: 'denied',
      votes: [{ by: 'usr_bob', channel: 'slack', reason: 'not in this window' }],
    });
    expect((await slack.state()).views.map(({ id }) => id)).not.toContain(view);
    expect(woken).toEqual([approval.id]);
  });

  it.each([
    ['empty', '  '],
    ['of two lines', 'one\ntwo'],
    ['with hidden characters', 'a\u202eb'],
    ['too long', 'x'.repeat(2001)],
  ])('with a reason that is %s says so beside it, and can be mended', async (_name, reason) => {
    await deny('bob');
    const view = await viewOf('bob');
    const { status, body } = await slack.submit(view, 'bob', reason);

    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({
      response_action: 'errors',
      errors: { reason: expect.stringContaining('reason') },
    });
    expect(await votes()).toEqual([]);
    expect((await slack.submit(view, 'bob', 'mended')).status).toBe(200);
    expect(await votes()).toEqual(['bob deny']);
  });

  it('in the view of somebody else is refused', async () => {
    await deny('bob');

    expect((await slack.submit(await viewOf('bob'), 'carol', 'mine')).status).toBe(403);
    expect(await votes()).toEqual([]);
  });
});

describe('what Slack did not send', () => {
  it.each([
    ['no signature', { signature: 'none' }, 401],
    ['a wrong signature', { signature: 'wrong' }, 401],
    ['a signature of another version', { signature: 'other-version' }, 401],
    ['a stamp of long ago', { timestampOffsetSeconds: -301 }, 401],
    ['a stamp of the future', { timestampOffsetSeconds: 301 }, 401],
    ['a stamp that is no number', { timestamp: 'NaN' }, 401],
    ['a stamp with a point', { timestamp: '1767225600.5' }, 401],
    ['another workspace', { payload: { team: { id: 'T0OTHER' } } }, 403],
    ['another app', { payload: { api_app_id: 'A0OTHER' } }, 403],
    ['another channel', { payload: { channel: { id: 'C0OTHER' } } }, 403],
    ['somebody of another workspace', { payload: { user: { id: 'U0BOB', team_id: 'T1' } } }, 403],
    ['no action', { payload: { actions: [] } }, 400],
    ['an unknown kind', { payload: { type: 'shortcut' } }, 400],
  ])('(%s) is refused and changes nothing', async (_name, tampering, status) => {
    const before = await now();
    const answer = await approve('bob', tampering);

    expect(answer.status).toBe(status);
    expect(await now()).toEqual(before);
  });

  it('is refused when it comes a second time, and when ten minutes later', async () => {
    await approve('bob');
    expect(await approve('bob', { replay: true })).toMatchObject({ status: 401 });
    current.world.clock.advance(600);
    expect(await approve('bob', { replay: true })).toMatchObject({ status: 401 });
    expect(await votes()).toEqual(['bob approve']);
  });

  it('is refused with a header that is there twice', async () => {
    const body = 'payload=%7B%7D';
    const headers = signedHeaders(body);
    const multiValueHeaders = { 'X-Slack-Signature': ['v0=a', 'v0=b'] };
    const event = { body, headers, multiValueHeaders };

    expect((await handler(eventOf('answerSlack', { as: null, event }))).statusCode).toBe(400);
  });
});

describe('who may not decide', () => {
  it.each([
    ['gone', /not that of exactly one person/],
    ['robot', /not that of exactly one person/],
    ['alice', /may not vote/],
    ['ada', /may not vote/],
  ])('(%s) is refused, and told why alone', async (user, why) => {
    expect((await approve(user)).status).toBe(403);
    expect(await votes()).toEqual([]);
    expect(await lastWord(`U0${user.toUpperCase()}`)).toMatch(why);
  });

  it('is told in words that it is over, changed, or voted on already', async () => {
    await approve('bob');
    await deny('bob');
    await slack.submit(await viewOf('bob'), 'bob', 'changed my mind');
    expect(await lastWord('U0BOB')).toMatch(/you voted to approve/);

    const value = `${approval.id}:${'0'.repeat(64)}`;
    const payload = { actions: [{ action_id: 'keyturn_approve', value }] };
    expect((await approve('carol', { payload })).status).toBe(409);
    expect(await lastWord('U0CAROL')).toMatch(/not the one that you saw/);

    await vote(current.world, approval, 'dan', { decision: 'deny' });
    expect((await approve('carol')).status).toBe(409);
    expect(await lastWord('U0CAROL')).toMatch(/denied already/);
    expect((await deny('carol')).status).toBe(409);
    expect(await viewOf('carol')).toBe('');
  });

  it('decides nothing for which the rule does not name Slack', async () => {
    approval = await askElevation(current.world, 'bob');
    ts = await posted(approval);

    expect((await approve('carol')).status).toBe(403);
    expect(await lastWord('U0CAROL')).toMatch(/not decided in Slack/);
    expect((await deny('carol')).status).toBe(403);
    expect(await viewOf('carol')).toBe('');
    expect(await votes()).toEqual([]);
  });
});

describe('while Slack does not answer', () => {
  it('no vote is taken, for nobody says that the account still is a member', async () => {
    await slack.limit(2);
    expect((await approve('bob')).status).toBe(429);
    expect(await votes()).toEqual([]);

    expect((await approve('bob')).status).toBe(200);
  });

  it('a vote is answered within the 3 s that Slack waits', async () => {
    const url = slackNow.url;
    slackNow.url = 'http://192.0.2.1';
    const answer = await approve('bob');
    slackNow.url = url;

    expect(answer.status).toBe(503);
    expect(answer.milliseconds).toBeLessThan(3000);
  });
});
