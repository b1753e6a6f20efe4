// SPDX-License-Identifier: Apache-2.0
// Who holds the material of a new key is decided when it is asked for: people with an age key of their own, or a refusal.
import { beforeEach, describe, expect, it } from 'vitest';
import { current, renewWorld, request } from '#test/support/functions.ts';

const { handler } = await import('#functions/change-keys/handler.ts');

const BODY = {
  name: 'orders',
  class: 'test',
  owner: 'olga',
  purpose: 'order archive',
  environment: 'development',
  origin: 'EXTERNAL',
};
const create = (body: object) =>
  request(handler, 'createKey', {
    as: { person: 'alice' },
    headers: { 'Idempotency-Key': 'k1' },
    body: { ...BODY, ...body },
  });
beforeEach(async () => {
  await renewWorld();
});

describe('POST /v1/keys with escrow', () => {
  it('records who holds shares by their immutable ids', async () => {
    const escrow = { required: 2, custodians: ['bob', 'usr_dan'] };

    expect((await create({ escrow })).status).toBe(202);
    expect((await current.world.key()).escrow).toEqual({
      required: 2,
      custodians: ['usr_bob', 'usr_dan'],
    });
  });

  it('leaves it to the class where nobody is named', async () => {
    expect((await create({})).status).toBe(202);
    expect(await current.world.key()).not.toHaveProperty('escrow');
  });

  it.each([
    ['a key that imports nothing', { origin: 'AWS_KMS' }, ['bob', 'dan'], '/escrow'],
    ['somebody without an age key', {}, ['bob', 'olga'], '/escrow/custodians/1'],
    ['somebody unknown', {}, ['nobody', 'dan'], '/escrow/custodians/0'],
  ])('refuses %s, and makes nothing', async (_name, more, custodians, pointer) => {
    const answer = await create({ ...more, escrow: { required: 2, custodians } });

    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'ValidationFailed', errors: [{ pointer }] },
    });
    expect(await current.world.store.readKeyRecord('orders')).toBeNull();
  });

  it.each([
    ['fewer people than shares that are needed', 3, ['bob', 'dan']],
    ['one human with two shares', 2, ['bob', 'usr_bob']],
  ])('refuses %s', async (_name, required, custodians) => {
    expect((await create({ escrow: { required, custodians } })).status).toBe(400);
    expect(await current.world.store.readKeyRecord('orders')).toBeNull();
  });
});
