// SPDX-License-Identifier: Apache-2.0
// Approvals by mail on the running stack: each custodian gets a link, opening it decides nothing however often, two votes
// by it are the quorum; and when no mail goes out, the request says so and can be decided all the same.
import { DeleteIdentityCommand, SESClient, VerifyEmailIdentityCommand } from '@aws-sdk/client-ses';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Client, ResponseOf } from '#client/sdk/index.ts';
import { LOCAL_SENDER } from '#scripts/local/slack.ts';
import { until } from '#scripts/local/waiting.ts';
import { linkOf, linksIn, mailed, mailsAbout, post, show, voteByMail } from './mailbox.ts';
import { activeKey, ended, person, ROOT_CREDENTIALS } from './scene.ts';
import { tellAgain, undeliveredNotice } from './undelivered.ts';

type Approval = ResponseOf<'getApproval'>;
const CUSTODIANS = ['bob', 'carol', 'dan', 'erin', 'frank'];

let alice: Client;
let bob: Client;
let name: string;
let ses: SESClient;
beforeAll(async () => {
  [alice, bob] = [await person('alice'), await person('bob')];
  const { gatewayUrl, region, roles } = inject('stack');
  ses = new SESClient({ endpoint: gatewayUrl, region, credentials: ROOT_CREDENTIALS });
  name = await activeKey(alice, 'mailed');
  const { body } = await alice.putConsumer(
    { key: name, consumer: 'silent' },
    {
      owner: 'payments',
      contact: 'on-call',
      principal: roles['orders-api'] ?? '',
      rights: ['encrypt', 'decrypt'],
      kind: 'api',
      acknowledgement: { mode: 'api' },
      moved: false,
    },
  );
  expect(await ended(alice, body.operationId)).toMatchObject({ state: 'done' });
});
afterAll(() => ses?.destroy());

async function asked(): Promise<Approval> {
  const { body } = await alice.releaseKey(name, { reason: 'asked by mail' });
  return approvalOf(body.approvalId ?? '');
}
const approvalOf = async (id: string) => (await alice.getApproval(id)).body;
const inState = (id: string, state: Approval['state']) =>
  until<Approval>(
    async () => {
      const approval = await approvalOf(id);
      return approval.state === state && approval;
    },
    { timeoutSeconds: 60, what: `${id} to be ${state}` },
  );

describe('a request by mail', () => {
  it('refuses links that are bent, another’s, or used, and those of what was taken back', async () => {
    const approval = await asked();
    const mails = await mailed(approval.id, CUSTODIANS, 'Approval requested');
    const [bobs, carols] = [linkOf(mails, 'bob'), linkOf(mails, 'carol')];
    const before = await approvalOf(approval.id);

    for (const bent of [
      { ...bobs, secret: bobs.secret.slice(1) },
      { ...bobs, secret: bobs.secret.toUpperCase() },
      { ...bobs, secret: carols.secret },
      { ...bobs, url: `${bobs.url.slice(0, -1)}_` },
    ])
      expect(await show(bent)).toMatchObject({ status: 404, code: 'LinkNotValid' });
    const { body: page } = await show(carols);
    expect(await voteByMail(bobs, { csrf: page['csrf'] })).toMatchObject({
      status: 403,
      code: 'PageTokenInvalid',
    });
    expect(await post(bobs.url, { decision: 'approve' })).toMatchObject({ status: 400 });
    expect(await approvalOf(approval.id)).toEqual(before);

    expect(await voteByMail(bobs)).toMatchObject({ status: 200 });
    for (const again of [await show(bobs), await voteByMail(bobs)])
      expect(again.status).toBeGreaterThanOrEqual(400);
    await alice.cancelApproval(approval.id);
    expect(await voteByMail(carols)).toMatchObject({ status: 409, code: 'ApprovalClosed' });
    expect((await approvalOf(approval.id)).votes).toHaveLength(1);
  });

  it('can be decided without mail while SES takes none; what was not told waits, and is told later', async () => {
    await ses.send(new DeleteIdentityCommand({ Identity: LOCAL_SENDER }));
    let approval: Approval;
    let waiting: unknown;
    try {
      approval = await asked();
      await until(async () => (await approvalOf(approval.id)).undelivered.includes('email'), {
        timeoutSeconds: 60,
        what: `${approval.id} to show that mail failed`,
      });
      waiting = await until(() => undeliveredNotice(approval.id), {
        timeoutSeconds: 60,
        what: `the notice of ${approval.id} to wait in its queue`,
      });
      expect(await mailsAbout(approval.id)).toEqual([]);
      await bob.castVote(approval.id, {
        decision: 'approve',
        digest: approval.digest,
        channel: 'cli',
      });
    } finally {
      await ses.send(new VerifyEmailIdentityCommand({ EmailAddress: LOCAL_SENDER }));
    }
    expect((await approvalOf(approval.id)).votes).toMatchObject([{ by: 'usr_bob' }]);

    await tellAgain(waiting);
    await mailed(approval.id, ['alice', 'carol', 'dan'], 'Approval requested');
    await until(async () => (await approvalOf(approval.id)).undelivered.length === 0, {
      timeoutSeconds: 60,
      what: `${approval.id} to show that mail works again`,
    });
    // Who voted meanwhile is not asked.
    expect((await mailsAbout(approval.id)).flatMap(({ to }) => to)).not.toContain(
      'bob@keyturn.local',
    );
    await alice.cancelApproval(approval.id);
  });

  it('is decided by two clicks and by none of 1,000 looks of scanners', async () => {
    const approval = await asked();
    const mails = await mailed(approval.id, [...CUSTODIANS, 'alice'], 'Approval requested');
    const links = CUSTODIANS.map((user) => linkOf(mails, user));
    expect(new Set(links.map(({ secret }) => secret)).size).toBe(CUSTODIANS.length);
    expect(mails.filter(({ to }) => to.includes('alice@keyturn.local')).flatMap(linksIn)).toEqual(
      [],
    );

    const pages = new Set<string>();
    await Promise.all(
      Array.from({ length: 20 }, async (_, scanner) => {
        for (let look = 0; look < 50; look += 1) {
          const { url } = links[(scanner + look) % links.length] ?? { url: '' };
          const method = look % 2 === 0 ? 'GET' : 'HEAD';
          const answer = await fetch(url, { method });
          if (method === 'GET') pages.add(`${answer.status} ${await answer.text()}`);
        }
      }),
    );
    expect(pages.size).toBe(1);
    expect([...pages][0]).toMatch(/^200 <!doctype html>/);
    expect((await approvalOf(approval.id)).votes).toEqual([]);

    const [first, second] = links;
    if (!first || !second) throw new Error('two links are needed');
    const { body, headers } = await show(first);
    expect(body).toMatchObject({ mayVote: true, digest: approval.digest });
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(await voteByMail(first)).toMatchObject({ status: 200 });
    expect(await voteByMail(second)).toMatchObject({ status: 200 });

    const executed = await inState(approval.id, 'executed');
    expect(executed.votes.map(({ by, channel }) => [by, channel])).toEqual([
      ['usr_bob', 'email'],
      ['usr_carol', 'email'],
    ]);
    expect(await ended(alice, executed.executedAs ?? '')).toMatchObject({ state: 'done' });
    await mailed(approval.id, ['alice'], 'Executed');
    expect((await approvalOf(approval.id)).undelivered).toEqual([]);
  });
});
