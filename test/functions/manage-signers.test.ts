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
