// SPDX-License-Identifier: Apache-2.0
// Passkeys over the real middleware, with the authorizer that every API function has.
import '#test/support/functions.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { enrollChallenge } from '#core/approvals/enroll-statement.ts';
import { approvalOf } from '#test/support/approvals.ts';
import { type Call, current, renewWorld, request } from '#test/support/functions.ts';
import { type Asked, RP_ID, SoftwarePasskey } from '#test/support/passkey.ts';
import { enrolled, signersOf } from '#test/support/signers.ts';

const { handler } = await import('#functions/manage-signers/handler.ts');

beforeEach(async () => {
  await renewWorld();
});

const made = (user: string, key = new SoftwarePasskey(), asked: Partial<Asked> = {}) =>
  key.create({ challenge: enrollChallenge('local', RP_ID, `usr_${user}`), ...asked });
const enroll = (user: string, body: object, call: Partial<Call> = {}) =>
  request(handler, 'enrollSigner', {
    as: { person: user },
    headers: { 'Idempotency-Key': 'enroll-1' },
    body,
    ...call,
  });
const list = (user: string) => request(handler, 'listSigners', { as: { person: user } });
const remove = (user: string, id: string) =>
  request(handler, 'removeSigner', { as: { person: user }, path: { id } });

describe('asking for a passkey', () => {
  it('opens a request for oneself that binds the public key, once for a repeated Idempotency-Key', async () => {
    const body = made('carol');
    const first = await enroll('carol', body);
    const again = await enroll('carol', body);

    expect(first.status).toBe(202);
    expect(again.body.approvalId).toBe(first.body.approvalId);
    expect(await approvalOf(current.world, first.body.approvalId)).toMatchObject({
      action: 'signer.enroll',
      requestedBy: 'usr_carol',
      parameters: {
        person: 'usr_carol',
        publicKey: body.publicKey,
        credentialId: body.credentialId,
        rpId: RP_ID,
        transports: 'usb',
      },
    });
    expect(await signersOf(current.world)).toEqual([]);
  });

  it.each<[string, () => object, number]>([
    ["with somebody else's registration", () => made('dan'), 422],
    [
      'for another stage',
      () =>
        new SoftwarePasskey().create({ challenge: enrollChallenge('test', RP_ID, 'usr_carol') }),
      422,
    ],
    ['from another page', () => made('carol', undefined, { origin: 'https://evil.example' }), 422],
    ['without verification', () => made('carol', undefined, { flags: 0x41 }), 422],
    ['with a label that hides', () => ({ ...made('carol'), label: 'a\u202Eb' }), 400],
    ['for somebody else', () => ({ ...made('carol'), person: 'usr_dan' }), 400],
    ['with padding', () => ({ ...made('carol'), publicKey: 'AAA=' }), 400],
  ])('is refused %s, with no effect', async (_name, body, status) => {
    expect((await enroll('carol', body())).status).toBe(status);
    expect((await current.world.store.listApprovals('open', null, 10)).items).toEqual([]);
  });

  it('is not for machines nor strangers', async () => {
    expect((await enroll('mallory', made('mallory'))).status).toBe(403);
    expect((await enroll('', made('carol'), { as: { role: 'orders-api' } })).status).toBe(403);
    expect((await enroll('', made('carol'), { as: null })).status).toBe(401);
  });
});

describe('passkeys that were let in', () => {
  it('are shown to everybody with what an auditor needs', async () => {
    const key = new SoftwarePasskey();
    const { id } = await enrolled(current.world, 'carol', key);

    expect((await list('ada')).body.items).toMatchObject([
      { id, person: 'usr_carol', name: 'carol', publicKey: key.publicKey, isActive: true },
    ]);
  });

  it('are removed by whose they are, by operators and custodians, and by nobody else', async () => {
    const { id } = await enrolled(current.world, 'carol');
    for (const user of ['olga', 'ada', 'mallory'])
      expect((await remove(user, id)).status).toBe(403);
    expect(await signersOf(current.world)).toMatchObject([{ removedAt: null }]);

    expect((await remove('carol', id)).body).toMatchObject({ id, isActive: false });
    const ofOlga = await enrolled(current.world, 'olga');
    expect((await remove('alice', ofOlga.id)).body).toMatchObject({ removedBy: 'usr_alice' });
    for (const wrong of ['pky_01JD2Q4Y8Z5V7K3M9N6P0R1S2T', '../keys', ''])
      expect((await remove('bob', wrong)).status).toBe(404);
  });
});

describe('the page on which a passkey is made', () => {
  const link = async (user: string) => {
    const { status, body } = await request(handler, 'createSignerLink', { as: { person: user } });
    const [, id = '', secret = ''] =
      /^\/v1\/passkeys\/([\w-]{22})#([\w-]{43})$/.exec(body.path) ?? [];
    return { status, body, id, secret };
  };
  const page = (id: string) => request(handler, 'showEnrollPage', { as: null, path: { id } });
  const post = (id: string, body: unknown) =>
    request(handler, 'answerEnrollPage', { as: null, path: { id }, body });
  const open = () => current.world.store.listApprovals('open', null, 10);

  it('is the same for every link, and asks for nothing', async () => {
    const { id } = await link('carol');
    const pages = [await page(id), await page('x'), await page('A'.repeat(22))];
    for (const one of pages) {
      expect(one).toEqual(pages[0]);
      expect(one.headers).toMatchObject({
        'cache-control': 'no-store',
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': expect.stringMatching(
          /^default-src 'none'; script-src 'sha256-/,
        ),
      });
    }
    expect((await open()).items).toEqual([]);
  });

  it('makes a request of who the link is for, once', async () => {
    const { id, secret, body: given } = await link('carol');
    expect(given).toMatchObject({ rpId: RP_ID, origins: ['https://keyturn.example'] });
    const { body: shown } = await post(id, { do: 'show', secret });
    expect(shown).toMatchObject({ name: 'carol', rpId: RP_ID, credentials: [] });
    expect(JSON.stringify(shown)).not.toContain(secret);
    const challenge = Buffer.from(shown.challenge, 'base64url');
    const registration = new SoftwarePasskey().create({ challenge });
    const register = { do: 'register', secret, csrf: shown.csrf, registration };

    const { status, body } = await post(id, register);
    expect(status).toBe(200);
    expect(await approvalOf(current.world, body.approvalId)).toMatchObject({
      action: 'signer.enroll',
      requestedBy: 'usr_carol',
      requesterName: 'carol',
      parameters: { publicKey: registration.publicKey },
    });
    expect((await post(id, register)).body.approvalId).toBe(body.approvalId);
    const other = { ...register, registration: new SoftwarePasskey().create({ challenge }) };
    expect((await post(id, other)).body.code).toBe('LinkUsed');
    expect((await open()).items).toHaveLength(1);
  });

  it('opens for nobody without the whole secret, in its time, nor by the link of a mail', async () => {
    const { id, secret } = await link('carol');
    const bobs = await link('bob');
    const { linkOf } = await import('#test/support/mail-links.ts');
    const mailed = await linkOf(current.world, 'carol', { id: 'apr_00000000000000000000000001' });
    for (const [at, given] of [
      [id, secret.slice(1)],
      [id, ''],
      [id, bobs.secret],
      ['A'.repeat(22), secret],
      [mailed.id, mailed.secret],
    ] as const)
      expect((await post(at, { do: 'show', secret: given })).body.code).toBe('LinkNotValid');
    const { body: shown } = await post(bobs.id, { do: 'show', secret: bobs.secret });
    const registration = made('carol');
    const forged = { do: 'register', secret, csrf: shown.csrf, registration };
    expect((await post(id, forged)).body.code).toBe('PageTokenInvalid');
    current.world.clock.advance(900);
    expect((await post(id, { do: 'show', secret })).body.code).toBe('LinkNotValid');
    expect((await open()).items).toEqual([]);
  });

  it('is opened to people alone', async () => {
    expect((await link('mallory').catch(() => ({ status: 403 }))).status).toBe(403);
    const machine = await request(handler, 'createSignerLink', { as: { role: 'orders-api' } });
    expect(machine.status).toBe(403);
  });

  it('does not open a request for approval by mail', async () => {
    const { handler: mail } = await import('#functions/answer-mail/handler.ts');
    const { id, secret } = await link('carol');
    const answer = await request(mail, 'answerMail', {
      as: null,
      path: { id },
      body: { do: 'show', secret },
    });
    expect(answer.body.code).toBe('LinkNotValid');
  });
});
