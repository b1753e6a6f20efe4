// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { type Call, current, renewWorld, request } from '#test/support/functions.ts';

const { handler } = await import('#functions/change-keys/handler.ts');

const BODY = {
  name: 'orders',
  class: 'test',
  owner: 'olga',
  purpose: 'order archive',
  environment: 'development',
};
const ALICE = { person: 'alice' };
let headers = 0;
const fresh = () => {
  headers += 1;
  return { 'Idempotency-Key': `key-${headers}` };
};
const create = (call: Partial<Call> = {}) =>
  request(handler, 'createKey', { as: ALICE, body: BODY, headers: fresh(), ...call });
beforeEach(async () => {
  await renewWorld();
});

it('refuses a spec that the origin cannot have', async () => {
  const answer = await create({ body: { ...BODY, keySpec: 'RSA_2048' } });

  expect(answer).toMatchObject({
    status: 400,
    body: { code: 'ValidationFailed', errors: [{ pointer: '/keySpec' }] },
  });
  await expectNothingChanged();
  const fit = { ...BODY, origin: 'AWS_KMS', keySpec: 'RSA_2048' };
  expect((await create({ body: fit })).status).toBe(202);
  expect(await current.world.store.readKeyRecord('orders')).toMatchObject({ keySpec: 'RSA_2048' });
});

/** Nothing was written and nothing started. */
async function expectNothingChanged(name = 'orders') {
  expect(await current.world.store.readKeyRecord(name)).toBeNull();
  expect(current.world.workflows.started).toEqual([]);
}

describe('POST /v1/keys', () => {
  it('answers 202 with the operation and where to follow it', async () => {
    const { status, headers: answered, body } = await create();

    expect(status).toBe(202);
    expect(body).toEqual({ operationId: expect.stringMatching(/^op_/) });
    expect(answered).toMatchObject({
      location: `/v1/operations/${body.operationId}`,
      'content-type': 'application/json',
      'cache-control': 'no-store',
    });
    expect(current.world.workflows.started).toHaveLength(1);
  });

  it.each(['name', 'class', 'owner', 'purpose', 'environment'] as const)(
    'refuses a key without %s, and names it',
    async (member) => {
      const { [member]: _gone, ...body } = BODY;
      const answer = await create({ body });

      expect(answer.status).toBe(400);
      expect(answer.headers['content-type']).toBe('application/problem+json');
      expect(answer.body).toMatchObject({
        type: 'urn:keyturn:problem:ValidationFailed',
        status: 400,
        code: 'ValidationFailed',
        instance: 'request-1',
      });
      expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toEqual([
        `/${member}`,
      ]);
      await expectNothingChanged();
    },
  );

  it.each([
    ['a number as a name', { name: 7 }, '/name'],
    ['a name of 64 characters', { name: 'a'.repeat(64) }, '/name'],
    ['a name in capitals', { name: 'Orders' }, '/name'],
    ['a name that climbs', { name: '../orders' }, '/name'],
    ['a name with the table separator', { name: 'orders#1' }, '/name'],
    ['a name that looks like an alias', { name: 'alias/aws/s3' }, '/name'],
    ['a name with a homoglyph', { name: 'оrders' }, '/name'],
    ['a name with a trailing newline', { name: 'orders\n' }, '/name'],
    ['an array for the owner', { owner: ['olga'] }, '/owner'],
    ['an owner of 257 characters', { owner: 'o'.repeat(257) }, '/owner'],
    ['an empty purpose', { purpose: '' }, '/purpose'],
    ['a purpose with a control character', { purpose: 'a\u0007b' }, '/purpose'],
    ['a purpose that turns the text around', { purpose: 'a\u202Eb' }, '/purpose'],
    ['a purpose of null', { purpose: null }, '/purpose'],
    ['an unknown environment', { environment: 'prod' }, '/environment'],
    ['an unknown class', { class: 'gold' }, '/class'],
    ['an unknown tier', { tier: 'gold' }, '/tier'],
    ['an unknown member', { colour: 'red' }, '/colour'],
    ['an access list that is no list', { access: {} }, '/access'],
    [
      'a user as a consumer',
      { access: [{ principal: 'arn:aws:iam::000000000000:user/u', rights: ['encrypt'] }] },
      '/access/0/principal',
    ],
    [
      'a consumer by wildcard',
      { access: [{ principal: 'arn:aws:iam::000000000000:role/*', rights: ['encrypt'] }] },
      '/access/0/principal',
    ],
    [
      'a consumer without rights',
      { access: [{ principal: 'arn:aws:iam::000000000000:role/r', rights: [] }] },
      '/access/0/rights',
    ],
    [
      'an unknown right',
      { access: [{ principal: 'arn:aws:iam::000000000000:role/r', rights: ['admin'] }] },
      '/access/0/rights/0',
    ],
  ])('refuses %s, and names it', async (_what, patch, pointer) => {
    const answer = await create({ body: { ...BODY, ...patch } });

    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].pointer).toBe(pointer);
    await expectNothingChanged();
  });

  it('names every bad member at once', async () => {
    const answer = await create({ body: { ...BODY, name: 'X', owner: '', colour: 'red' } });

    expect(answer.body.errors.map((error: { pointer: string }) => error.pointer).sort()).toEqual([
      '/colour',
      '/name',
      '/owner',
    ]);
  });

  it('does not echo what was sent', async () => {
    const answer = await create({
      body: { ...BODY, purpose: 'canary-7f3a\u0000', name: 'CANARY-7f3a' },
    });

    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).not.toMatch(/canary-7f3a/i);
  });

  it.each([
    [
      'an environment that another stage serves',
      { environment: 'production' },
      'NotServedHere',
      '/environment',
    ],
    ['an owner nobody knows', { owner: 'mallory' }, 'UnknownOwner', '/owner'],
  ])('answers 422 for %s', async (_what, patch, code, pointer) => {
    const answer = await create({ body: { ...BODY, ...patch } });

    expect(answer).toMatchObject({ status: 422, body: { code, errors: [{ pointer }] } });
    await expectNothingChanged();
  });

  it.each([
    ['nothing', ''],
    ['a word', 'hello'],
    ['half an object', '{"name":"orders"'],
    ['two objects', '{}{}'],
    ['NaN', '{"name":NaN}'],
    ['a comment', '{/* */}'],
    ['a byte order mark', '\uFEFF{}'],
    ['a NUL', '{"name":"a\u0000"}'],
    ['a lone surrogate', '{"name":"\uD800"}'],
    ['an array', '[]'],
    ['null', 'null'],
    ['a string', '"orders"'],
    ['a depth of 10,000', '['.repeat(10_000) + ']'.repeat(10_000)],
    ['a depth of 17', `{"a":${'['.repeat(16)}${']'.repeat(16)}}`],
    ['a prototype', '{"__proto__":{"class":"test"}}'],
    ['a name twice', JSON.stringify(BODY).replace('}', ',"name":"payments"}')],
    ['a name twice, once escaped', JSON.stringify(BODY).replace('}', ',"n\\u0061me":"payments"}')],
    ['1e400', '{"name":1e400}'],
  ])('answers 400 for a body of %s', async (_what, text) => {
    const answer = await create({ text });

    expect(answer).toMatchObject({ status: 400, body: { code: 'ValidationFailed' } });
    await expectNothingChanged();
    await expectNothingChanged('payments');
  });

  it('names the member that is given twice, also deep inside', async () => {
    const text = '{"access":[{"principal":"a"},{"rights":[],"rights":["encrypt"]}]}';
    const answer = await create({ text });

    expect(answer.body.errors).toEqual([
      { pointer: '/access/1/rights', detail: 'is given more than once' },
    ]);
  });

  it('refuses bytes that are no UTF-8', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"purpose":"'),
      Buffer.from([0xc3, 0x28]),
      Buffer.from('"}'),
    ]);
    const event = { body: bytes.toString('base64'), isBase64Encoded: true };

    expect(await create({ text: '', event })).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining('UTF-8') },
    });
  });

  it('reads a body that API Gateway hands over in base64', async () => {
    const event = {
      body: Buffer.from(JSON.stringify(BODY)).toString('base64'),
      isBase64Encoded: true,
    };

    expect((await create({ text: '', event })).status).toBe(202);
  });

  it('answers 413 for a body above 64 KiB', async () => {
    const answer = await create({ body: { ...BODY, purpose: 'x'.repeat(65_536) } });

    expect(answer).toMatchObject({ status: 413, body: { code: 'PayloadTooLarge' } });
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', ''])(
    'answers 415 for a content type of "%s"',
    async (type) => {
      const answer = await create({ headers: { ...fresh(), 'Content-Type': type } });

      expect(answer).toMatchObject({ status: 415, body: { code: 'UnsupportedMediaType' } });
      await expectNothingChanged();
    },
  );

  it('takes a content type with a character set', async () => {
    const type = { 'Content-Type': 'Application/JSON; charset=utf-8' };

    expect((await create({ headers: { ...fresh(), ...type } })).status).toBe(202);
  });

  describe('with an Idempotency-Key', () => {
    it.each([
      ['missing', {}, 'IdempotencyKeyMissing'],
      ['empty', { 'idempotency-key': '' }, 'IdempotencyKeyMissing'],
      ['of 129 characters', { 'idempotency-key': 'k'.repeat(129) }, 'ValidationFailed'],
      ['with a space', { 'idempotency-key': 'a b' }, 'ValidationFailed'],
    ])('that is %s answers 400', async (_what, given, code) => {
      expect(await create({ headers: given })).toMatchObject({ status: 400, body: { code } });
      await expectNothingChanged();
    });

    it('given twice answers 400', async () => {
      const event = { multiValueHeaders: { 'Idempotency-Key': ['a', 'b'] } };

      expect(await create({ event })).toMatchObject({ status: 400 });
      await expectNothingChanged();
    });

    it('and the same body answers the same operation', async () => {
      const given = fresh();
      const [first, second] = [await create({ headers: given }), await create({ headers: given })];

      expect(second.body).toEqual(first.body);
      expect(current.world.workflows.started).toHaveLength(1);
    });

    it('and the same body in another order answers the same operation', async () => {
      const given = fresh();
      const turned = Object.fromEntries(Object.entries(BODY).reverse());
      const [first, second] = [
        await create({ headers: given }),
        await create({ headers: given, body: turned }),
      ];

      expect(second.body).toEqual(first.body);
    });

    it('and another body answers 422 with the operation it started', async () => {
      const given = fresh();
      const first = await create({ headers: given });
      const answer = await create({ headers: given, body: { ...BODY, name: 'payments' } });

      expect(answer).toMatchObject({
        status: 422,
        body: { code: 'IdempotencyKeyReused', operationId: first.body.operationId },
      });
      await expect(current.world.store.readKeyRecord('payments')).resolves.toBeNull();
    });
  });

  it('answers 409 for a name that is taken', async () => {
    await create();

    expect(await create()).toMatchObject({
      status: 409,
      body: { code: 'KeyAlreadyExists', errors: [{ pointer: '/name' }] },
    });
  });

  it.each(['olga', 'bob', 'ada', 'nobody-known'])('answers 403 for %s', async (person) => {
    const answer = await create({ as: { person } });

    expect(answer).toMatchObject({ status: 403, body: { code: 'AccessDenied' } });
    await expectNothingChanged();
  });

  it('answers 403 for a workload and 401 for nobody', async () => {
    expect((await create({ as: { role: 'orders-api' } })).status).toBe(403);
    expect((await create({ as: null })).status).toBe(401);
    await expectNothingChanged();
  });

  it('checks who asks before it looks at what is asked', async () => {
    expect((await create({ as: { person: 'ada' }, text: 'not json' })).status).toBe(403);
  });
});

describe('a function', () => {
  it('answers 404 for a route of another function', async () => {
    expect(await request(handler, 'encrypt', { as: ALICE, body: {} })).toMatchObject({
      status: 404,
      body: { code: 'RouteNotFound' },
    });
  });

  it('answers 500 with the request id alone when something unknown breaks', async () => {
    current.world.store.readIdempotency = async () => {
      throw new Error('internals of the table: canary-7f3a');
    };
    const answer = await create();

    expect(answer).toMatchObject({
      status: 500,
      body: { code: 'InternalError', instance: 'request-1' },
    });
    expect(JSON.stringify(answer.body)).not.toContain('canary-7f3a');
  });
});
