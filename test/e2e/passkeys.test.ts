// SPDX-License-Identifier: Apache-2.0
// Passkeys on the running stack, with an authenticator of software in the place of a browser's: made behind a one-time
// link, let in by two others, used on the page of a mail where votes must be signed, and proven to an auditor.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { readSignerFiles } from '#client/cli/verify-approval.ts';
import type { Client, ResponseOf } from '#client/sdk/index.ts';
import { verifyApproval } from '#core/approvals/verify-export.ts';
import type { Workspace } from '#emulator/slack/workspace.ts';
import { until } from '#scripts/local/waiting.ts';
import { type Asked, SoftwarePasskey } from '#test/support/passkey.ts';
import { linkOf, type MailedLink, mailed, post, show } from './mailbox.ts';
import { ended, freshName, keyRequest, person } from './scene.ts';

type Approval = ResponseOf<'getApproval'>;

const PEOPLE = ['alice', 'bob', 'carol', 'dan', 'erin'] as const;
let clients: Record<(typeof PEOPLE)[number], Client>;
let name: string;
let origin: string;
const keys = { bob: new SoftwarePasskey(), carol: new SoftwarePasskey('EdDSA') };
const signers: Record<string, string> = {};

const inState = (id: string, state: Approval['state']) =>
  until<Approval>(
    async () => {
      const { body } = await clients.alice.getApproval(id);
      return body.state === state && body;
    },
    { timeoutSeconds: 60, what: `${id} to be ${state}` },
  );

/** Makes a passkey on the page, as its script does; two others let it in. */
async function enroll(user: 'bob' | 'carol'): Promise<void> {
  const { path, origins, rpId } = (await clients[user].createSignerLink()).body;
  [origin = ''] = origins;
  const [route = '', secret = ''] = path.split('#');
  const url = `${inject('stack').apiUrl}${route}`;
  expect((await fetch(url)).headers.get('content-security-policy')).toContain("default-src 'none'");
  const { body: shown } = await post(url, { do: 'show', secret });
  const challenge = Buffer.from(String(shown['challenge']), 'base64url');
  const registration = keys[user].create({ challenge, origin, rpId });
  const asked = await post(url, { do: 'register', secret, csrf: shown['csrf'], registration });
  expect(asked.status).toBe(200);
  const id = String(asked.body['approvalId']);
  const { digest } = (await clients.dan.getApproval(id)).body;
  await expect(clients[user].castVote(id, { decision: 'approve', digest })).rejects.toMatchObject({
    code: 'NotEligible',
  });
  for (const voter of [clients.dan, clients.erin])
    await voter.castVote(id, { decision: 'approve', digest });
  await inState(id, 'executed');
  signers[user] = id.replace('apr_', 'pky_');
}

beforeAll(async () => {
  const all = await Promise.all(PEOPLE.map(async (user) => [user, await person(user)] as const));
  clients = Object.fromEntries(all) as typeof clients;
  name = freshName('passkeys');
  const { body } = await clients.alice.createKey({ ...keyRequest(name), origin: 'EXTERNAL' });
  expect(await ended(clients.alice, body.operationId)).toMatchObject({ state: 'done' });
  await enroll('bob');
  await enroll('carol');
});

/** The link that Slack shows who presses, and nobody else. */
async function slackLinkOf(approvalId: string, user: string): Promise<MailedLink> {
  const { slackUrl, adminToken } = inject('stack');
  const headers = { 'x-admin-token': adminToken, 'content-type': 'application/json' };
  const state = async () =>
    (await (await fetch(`${slackUrl}/state`, { headers })).json()) as Pick<
      Workspace,
      'messages' | 'ephemerals'
    >;
  const ts = await until<string>(
    async () =>
      (await state()).messages.find((one) => JSON.stringify(one).includes(`${approvalId}:`))?.ts,
    { timeoutSeconds: 60, what: `the message about ${approvalId}` },
  );
  const body = JSON.stringify({ ts, button: 'keyturn_link', user });
  const pressed = await fetch(`${slackUrl}/click`, { method: 'POST', headers, body });
  expect(await pressed.json()).toMatchObject({ status: 200, body: '' });
  const { ephemerals } = await state();
  const own = ephemerals.findLast((one) => one.user === `U0${user.toUpperCase()}`);
  const [, url = '', secret = ''] = /<(https:[^|#]+)#([^|]+)\|/.exec(own?.text ?? '') ?? [];
  return { url, secret };
}

async function voteOn(link: MailedLink, user: 'bob' | 'carol', asked: Partial<Asked> = {}) {
  const { body } = await show(link);
  const passkey = body['passkey'] as { challenge: string; rpId: string } | null;
  const challenge = Buffer.from(passkey?.challenge ?? '', 'base64url');
  const rpId = passkey?.rpId ?? '';
  return post(link.url, {
    do: 'vote',
    secret: link.secret,
    csrf: body['csrf'],
    digest: body['digest'],
    decision: 'approve',
    signature: keys[user].get({ challenge, origin, rpId, ...asked }),
  });
}

describe('votes signed with passkeys on the page of a mail', () => {
  it('do what needs signatures, hold without any service, and end with the passkey', async () => {
    const { alice, bob, carol } = clients;
    const started = (await alice.startEscrowSession(name, { purpose: 'recover', version: 1 })).body;
    const id = started.approvalId ?? '';
    const mails = await mailed(id, ['bob', 'carol', 'dan'], 'Approval requested');
    const [bobs, carols] = [linkOf(mails, 'bob'), linkOf(mails, 'carol')];

    expect((await show(linkOf(mails, 'dan'))).body).toMatchObject({
      mayVote: false,
      passkey: null,
    });
    for (const [key, asked] of [
      ['carol', {}],
      ['bob', { origin: 'https://evil.example' }],
      ['bob', { challenge: Buffer.alloc(32) }],
      ['bob', { flags: 0x01 }],
    ] as const)
      expect(await voteOn(bobs, key, asked)).toMatchObject({
        status: 403,
        code: 'SignatureInvalid',
      });
    expect(await voteOn(bobs, 'bob', { signCount: 7 })).toMatchObject({ status: 200 });
    expect((await show(carols)).body).toMatchObject({ mayVote: true });
    expect(await voteOn(await slackLinkOf(id, 'carol'), 'carol')).toMatchObject({ status: 200 });
    const executed = await inState(id, 'executed');
    const { items } = (await alice.listSigners()).body;
    expect(items.find((one) => one.id === signers['bob'])).toMatchObject({ signCount: 7 });

    const passkeys = join(mkdtempSync(join(tmpdir(), 'keyturn-passkeys-')), 'passkeys.json');
    writeFileSync(passkeys, JSON.stringify({ items, nextCursor: null }));
    expect(verifyApproval(executed, readSignerFiles({ passkeys, origin: [origin] }))).toMatchObject(
      {
        approvedBy: ['bob', 'carol'],
        findings: [],
      },
    );
    await alice.cancelEscrowSession({ key: name, session: started.session.id });

    // A copy of bob's authenticator, whose counter stood still, and carol's, which she took away.
    await carol.removeSigner(signers['carol'] ?? '');
    const again = (await alice.startEscrowSession(name, { purpose: 'recover', version: 1 })).body;
    const more = await mailed(again.approvalId ?? '', ['bob', 'carol'], 'Approval requested');
    expect(await voteOn(linkOf(more, 'bob'), 'bob', { signCount: 7 })).toMatchObject({
      code: 'SignatureInvalid',
    });
    expect((await show(linkOf(more, 'carol'))).body).toMatchObject({ passkey: null });
    await alice.cancelEscrowSession({ key: name, session: again.session.id });
    await bob.removeSigner(signers['bob'] ?? '');
  });
});
