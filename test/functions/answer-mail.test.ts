// SPDX-License-Identifier: Apache-2.0
// The page behind a mail's link, over the real middleware: what opens a request, what counts as a vote, and what neither
// shows nor changes anything.
import '#test/support/functions.ts';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { approvalOf, ask, vote } from '#test/support/approvals.ts';
import { registered } from '#test/support/consumers.ts';
import { type Call, current, renewWorld, request } from '#test/support/functions.ts';
import { linkOf as aLink, type Link } from '#test/support/mail-links.ts';
import { Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';

const woken = vi.hoisted(() => [] as string[]);
vi.mock('#functions/shared/ballots.ts', () => ({
  SealedBallots: class {
    async wake({ id }: { id: string }) {
      woken.push(id);
    }
  },
}));
const { handler } = await import('#functions/answer-mail/handler.ts');

let approval: ApprovalRecord;
beforeEach(async () => {
  woken.length = 0;
  const world = await withActiveKey(await renewWorld());
  await registered(new Simulation(world));
  approval = await ask(world, 'key.release', { key: 'orders' });
});

const linkOf = (user: string, about = approval) => aLink(current.world, user, about);

const get = (id: string) => request(handler, 'showMailPage', { as: null, path: { id } });
const post = (id: string, body: unknown, call: Partial<Call> = {}) =>
  request(handler, 'answerMail', { as: null, path: { id }, body, ...call });
const show = ({ id, secret }: Link) => post(id, { do: 'show', secret });
async function cast(link: Link, patch: object = {}) {
  const { body } = await show(link);
  const { csrf, digest } = body;
  const decision = 'approve';
  return post(link.id, { do: 'vote', secret: link.secret, csrf, digest, decision, ...patch });
}
const votes = async () => (await approvalOf(current.world, approval.id)).votes;

/** Headers that every answer has, refusals too. */
const SEALED = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'content-security-policy': expect.stringContaining("default-src 'none'"),
};

describe('opening the link', () => {
  it('gives the same page for every id, and decides nothing however often', async () => {
    const { id } = await linkOf('bob');
    const before = await approvalOf(current.world, approval.id);
    const pages = await Promise.all(
      [id, 'x', '', '../../keys', 'A'.repeat(22)].flatMap((one) => [get(one), get(one)]),
    );

    for (const page of pages) {
      expect(page).toEqual(pages[0]);
      expect(page.status).toBe(200);
      expect(page.headers).toMatchObject({ ...SEALED, 'content-type': 'text/html; charset=utf-8' });
      expect(page.body).not.toContain(approval.id);
      expect(page.body).not.toContain('orders');
    }
    expect(await approvalOf(current.world, approval.id)).toEqual(before);
  });
});

describe('the secret of a link', () => {
  it('shows the request, and what it takes to decide', async () => {
    const link = await linkOf('bob');
    const { status, headers, body } = await show(link);

    expect(status).toBe(200);
    expect(headers).toMatchObject(SEALED);
    expect(body).toMatchObject({ digest: approval.digest, mayVote: true, why: '' });
    expect(body.title).toContain('Approval requested');
    expect(JSON.stringify(body)).not.toContain(link.secret);
    expect(await votes()).toEqual([]);
  });

  it.each([
    ['cut', ({ id, secret }: Link) => ({ id, secret: secret.slice(0, 40) })],
    ['upper-cased', ({ id, secret }: Link) => ({ id, secret: secret.toUpperCase() })],
    ['rewritten', ({ id, secret }: Link) => ({ id, secret: `${secret}%26data=05` })],
    ['empty', ({ id }: Link) => ({ id, secret: '' })],
    ['of an id that is not there', ({ secret }: Link) => ({ id: 'A'.repeat(22), secret })],
    ['of an id that is none', ({ secret }: Link) => ({ id: '../approvals', secret })],
  ])('that is %s opens nothing, with one answer for all', async (_name, bend) => {
    const bent = bend(await linkOf('bob'));
    const { status, headers, body } = await show(bent);

    expect({ status, code: body.code }).toEqual({ status: 404, code: 'LinkNotValid' });
    expect(headers).toMatchObject(SEALED);
    expect(JSON.stringify(body)).not.toContain(approval.id);
  });

  it('of one person does not open the link of another', async () => {
    const [bob, carol] = [await linkOf('bob'), await linkOf('carol')];

    expect((await show({ id: carol.id, secret: bob.secret })).body.code).toBe('LinkNotValid');
  });

  it('opens nothing once the window at its longest is over', async () => {
    const link = await linkOf('bob');
    current.world.clock.advance(2 * 86_400);

    expect((await show(link)).body.code).toBe('LinkNotValid');
  });

  it('shows what was decided by others, and offers no vote', async () => {
    const link = await linkOf('bob');
    await vote(current.world, approval, 'carol', { decision: 'deny' });

    expect((await show(link)).body).toMatchObject({
      mayVote: false,
      why: 'This request takes no more votes.',
    });
  });
});

describe('a vote by mail', () => {
  it('is the vote of the link’s person, on the channel email', async () => {
    const { status, body } = await cast(await linkOf('bob'));

    expect({ status, body }).toEqual({
      status: 200,
      body: { detail: 'Your vote is recorded: 1 of 2 approvals.' },
    });
    expect(await votes()).toMatchObject([
      { by: 'usr_bob', name: 'bob', decision: 'approve', channel: 'email', signature: null },
    ]);
    expect(woken).toEqual([]);
  });

  it('that is the last one wakes the workflow that waits', async () => {
    await cast(await linkOf('bob'));
    const { body } = await cast(await linkOf('carol'));

    expect(body.detail).toContain('Approved');
    expect(woken).toEqual([approval.id]);
    expect((await approvalOf(current.world, approval.id)).state).toBe('approved');
  });

  it('that denies ends it, with its reason', async () => {
    const { body } = await cast(await linkOf('bob'), { decision: 'deny', reason: 'not now' });

    expect(body.detail).toContain('Denied');
    expect(await votes()).toMatchObject([{ decision: 'deny', reason: 'not now' }]);
  });

  it('uses every link of its voter up, whatever the surface it was cast on', async () => {
    const [first, second] = [await linkOf('bob'), await linkOf('bob')];
    await cast(first);
    for (const link of [first, second]) {
      const { status, body } = await show(link);
      expect({ status, code: body.code }).toEqual({ status: 409, code: 'LinkUsed' });
    }
    const other = await linkOf('carol');
    const { body: page } = await show(other);
    await vote(current.world, approval, 'carol', { decision: 'deny' });
    const { csrf, digest } = page;
    const again = { do: 'vote', secret: other.secret, csrf, digest, decision: 'approve' };

    expect((await post(other.id, again)).body.code).toBe('LinkUsed');
    expect(await votes()).toHaveLength(2);
  });

  it('that is sent twice at the same time is one vote', async () => {
    const link = await linkOf('bob');
    await Promise.all([cast(link), cast(link), cast(link)]);

    expect(await votes()).toHaveLength(1);
  });

  it.each([
    ['no token of the page', { csrf: '' }],
    ['the secret as token', { csrf: 'the secret' }],
    ['the token of another digest', { digest: '0'.repeat(64) }],
  ])('with %s changes nothing', async (_name, patch) => {
    const { status, headers, body } = await cast(await linkOf('bob'), patch);

    expect({ status, code: body.code }).toEqual({ status: 403, code: 'PageTokenInvalid' });
    expect(headers).toMatchObject(SEALED);
    expect(await votes()).toEqual([]);
  });

  it('with the token of somebody else’s page changes nothing', async () => {
    const { body } = await show(await linkOf('carol'));

    expect((await cast(await linkOf('bob'), { csrf: body.csrf })).body.code).toBe(
      'PageTokenInvalid',
    );
    expect(await votes()).toEqual([]);
  });

  it('is refused to who left the groups since, and to whoever asked', async () => {
    current.world.people = current.world.people.filter(({ sub }) => sub !== 'usr_bob');
    expect((await cast(await linkOf('bob'))).status).toBe(403);
    const { body } = await cast(await linkOf('alice'));

    expect(body.code).toMatch(/AccessDenied|NotEligible/);
    expect(await votes()).toEqual([]);
  });

  it('comes too late once the request has ended', async () => {
    const link = await linkOf('bob');
    current.world.clock.advance(86_400);
    const { status, body } = await cast(link);

    expect({ status, code: body.code }).toEqual({ status: 409, code: 'ApprovalClosed' });
    expect(await votes()).toEqual([]);
  });

  it('is not taken where the rule wants signatures, and says where to vote', async () => {
    current.world.rules = current.world.rules.map((rule) => ({
      ...rule,
      signed: true,
      slack: false,
    }));
    const signed = await ask(current.world, 'key.release', { key: 'orders' });
    const link = await linkOf('bob', signed);
    const { body: shown } = await show(link);
    const voted = await cast(link);
    const denied = await cast(link, { decision: 'deny', reason: 'no' });

    expect(shown).toMatchObject({ mayVote: false });
    expect(shown.why).toContain(`keyturn approval approve ${signed.id}`);
    for (const { status, body } of [voted, denied])
      expect({ status, code: body.code }).toEqual({ status: 403, code: 'SignatureRequired' });
    expect((await approvalOf(current.world, signed.id)).votes).toEqual([]);
  });
});

describe('what the page does not send', () => {
  const SECRET = 'A'.repeat(43);
  const VOTE = {
    do: 'vote',
    secret: SECRET,
    csrf: 'x',
    digest: 'ab'.repeat(32),
    decision: 'deny',
    reason: 'no',
  };
  const { csrf: _csrf, ...withoutCsrf } = VOTE;
  const { reason: _reason, ...withoutReason } = VOTE;
  it.each([
    ['nothing', ''],
    ['a form', `secret=${SECRET}&decision=approve`],
    ['null', 'null'],
    ['another act', JSON.stringify({ ...VOTE, do: 'execute' })],
    ['no token against forged posts', JSON.stringify(withoutCsrf)],
    ['a denial without reason', JSON.stringify(withoutReason)],
    ['another decision', JSON.stringify({ ...VOTE, decision: 'abstain' })],
    ['a short digest', JSON.stringify({ ...VOTE, digest: 'abab' })],
    ['a reason that runs backwards', JSON.stringify({ ...VOTE, reason: 'pay\u202eload' })],
    ['a reason too long', JSON.stringify({ ...VOTE, reason: 'x'.repeat(2001) })],
    ['something more', JSON.stringify({ ...VOTE, by: 'usr_bob' })],
    ['a list of secrets', JSON.stringify({ ...VOTE, secret: [SECRET] })],
    ['two secrets', `{"do":"show","secret":"a","secret":"${SECRET}"}`],
  ])('is refused: %s, without repeating it', async (_name, text) => {
    const { id } = await linkOf('bob');
    const { status, headers, body } = await request(handler, 'answerMail', {
      as: null,
      path: { id },
      text,
    });

    expect({ status, code: body.code }).toEqual({ status: 400, code: 'ValidationFailed' });
    expect(headers).toMatchObject(SEALED);
    expect(JSON.stringify(body)).not.toContain(SECRET);
    expect(await votes()).toEqual([]);
  });

  it('is refused as a form that any site could make a browser post', async () => {
    const { id } = await linkOf('bob');
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const { status } = await post(id, VOTE, { headers: { 'Content-Type': type } });
      expect(status).toBe(415);
    }
  });
});
