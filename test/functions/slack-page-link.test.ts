// SPDX-License-Identifier: Apache-2.0
// From a button in Slack to a vote that a passkey signs: who gets a link, what it opens, and what it does not decide.
import '#test/support/functions.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TableSigners } from '#adapters/access-table/signers.ts';
import { slackMessage } from '#adapters/slack/message.ts';
import { SlackApi } from '#adapters/slack/slack-api.ts';
import { noticeOf } from '#core/approvals/notice.ts';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { voteVerifierOf } from '#core/approvals/vote-signature.ts';
import { DIRECTORY } from '#policies/directory.ts';
import { approvalOf, ask } from '#test/support/approvals.ts';
import { askElevation } from '#test/support/elevations.ts';
import { current, renewWorld, request } from '#test/support/functions.ts';
import { SITE, SoftwarePasskey } from '#test/support/passkey.ts';
import { enrolled } from '#test/support/signers.ts';
import { SECRET, slackNow, slackWorkspace } from '#test/support/slack-workspace.ts';
import { withActiveKey } from '#test/support/steps.ts';

const { handler: slackHandler } = await import('#functions/answer-slack/handler.ts');
const { handler: pageHandler } = await import('#functions/answer-mail/handler.ts');

let slack: Awaited<ReturnType<typeof slackWorkspace>>;
let approval: ApprovalRecord;
let ts: string;
let key: SoftwarePasskey;

async function posted(about: ApprovalRecord): Promise<string> {
  const botToken = async () => SECRET.botToken;
  const api = new SlackApi({ baseUrl: `${slackNow.url}/api`, botToken, pause: async () => {} });
  const context = { source: null, pageUrl: 'https://api.example.com/p' };
  return (await api.postMessage('C0APPROVALS', slackMessage(noticeOf(about, 'requested', context))))
    .ts;
}

beforeAll(async () => {
  slack = await slackWorkspace(slackHandler);
});
afterAll(() => slack.stop());
beforeEach(async () => {
  slackNow.secret = SECRET;
  const world = await withActiveKey(await renewWorld());
  key = new SoftwarePasskey();
  await enrolled(world, 'bob', key);
  const rows = world.store;
  world.verifier = voteVerifierOf(new TableSigners(DIRECTORY.local, {}, { site: SITE, rows }));
  approval = await ask(world, 'key-store.recover', {
    parameters: { keyStore: 'main', kind: 'key-store.reconnect', backup: null },
  });
  ts = await posted(approval);
});

const press = (user: string) => slack.click(ts, 'keyturn_link', user);
const told = async (user: string) => {
  const id = `U0${user.toUpperCase()}`;
  return (await slack.state()).ephemerals.filter((one) => one.user === id).map(({ text }) => text);
};
async function linkOf(user: string): Promise<{ id: string; secret: string }> {
  expect(await press(user)).toMatchObject({ status: 200, body: '' });
  const url = /<(https:[^|]+)\|/.exec((await told(user)).at(-1) ?? '')?.[1] ?? '';
  const [, id = '', secret = ''] =
    /^https:\/\/api1\.example\.com\/v1\/v1\/mail\/([\w-]{22})#([\w-]+)$/.exec(url) ?? [];
  return { id, secret };
}
const post = (id: string, body: unknown) =>
  request(pageHandler, 'answerMail', { as: null, path: { id }, body });
const votes = async () => (await approvalOf(current.world, approval.id)).votes;

async function cast(patch: object, signs: boolean) {
  const { id, secret } = await linkOf('bob');
  const { csrf, digest, passkey } = (await post(id, { do: 'show', secret })).body;
  const challenge = Buffer.from(passkey.challenge, 'base64url');
  const signature = signs ? { signature: key.get({ challenge }) } : {};
  const vote = { do: 'vote', secret, csrf, digest, decision: 'approve' };
  return post(id, { ...vote, ...signature, ...patch });
}

describe('the button of a request whose votes are signed', () => {
  it('gives its presser alone a page, on which their passkey votes', async () => {
    expect((await cast({}, true)).status).toBe(200);

    expect(await votes()).toMatchObject([
      { by: 'usr_bob', channel: 'web', decision: 'approve', signature: { kind: 'webauthn' } },
    ]);
    const { messages } = await slack.state();
    expect(JSON.stringify(messages)).not.toContain('/v1/mail/');
  });

  it.each([
    ['an approval', {}],
    ['a denial', { decision: 'deny', reason: 'not now' }],
  ])(
    'gives no %s without the passkey: who reads along in Slack decides nothing',
    async (_what, patch) => {
      expect((await cast(patch, false)).body.code).toBe('SignatureRequired');
      expect(await votes()).toEqual([]);
    },
  );

  it('gives a page that opens for a quarter of an hour', async () => {
    const { id, secret } = await linkOf('bob');
    current.world.clock.advance(899);
    expect((await post(id, { do: 'show', secret })).status).toBe(200);
    current.world.clock.advance(1);
    expect((await post(id, { do: 'show', secret })).body.code).toBe('LinkNotValid');
  });

  it.each([
    ['alice', 403, /may not vote|not among those/],
    ['ada', 403, /may not vote/],
    ['gone', 403, /not that of exactly one person/],
  ])('gives %s nothing, and says why', async (user, status, why) => {
    expect((await press(user)).status).toBe(status);
    expect((await told(user)).at(-1)).toMatch(why);
    expect((await told(user)).join()).not.toContain('/v1/mail/');
  });

  it('gives nothing more once its presser has voted, or it is decided', async () => {
    await cast({}, true);
    expect((await press('bob')).status).toBe(409);
    expect((await told('bob')).at(-1)).toMatch(/you voted to approve already/);

    current.world.clock.advance(2 * 86_400);
    const { tendApproval } = await import('#core/operations/tend-approval.ts');
    await tendApproval(current.world.deps, approval.id);
    expect((await press('carol')).status).toBe(409);
    expect((await told('carol')).at(-1)).toMatch(/expired already/);
  });

  it('is no way round a rule that names neither Slack nor a signature', async () => {
    approval = await askElevation(current.world, 'bob');
    ts = await posted({ ...approval, rule: { ...approval.rule, signed: true } });

    expect((await press('carol')).status).toBe(403);
    expect((await told('carol')).at(-1)).toMatch(/not decided in Slack/);
  });
});
