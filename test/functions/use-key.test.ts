// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { makeDataKey } from '#core/operations/make-data-key.ts';
import { mutateKey } from '#core/operations/mutate-key.ts';
import { type Call, current, renewWorld, request } from '#test/support/functions.ts';
import { anAuditEntry } from '#test/support/records.ts';
import {
  begin,
  GENERATION_STEPS,
  ROTATION_STEPS,
  runSteps,
  withActiveKey,
} from '#test/support/steps.ts';
import { CONSUMER } from '#test/support/world.ts';

const { handler } = await import('#functions/use-key/handler.ts');

const told: object[] = [];
vi.mock('#adapters/eventbridge/use-failures.ts', () => ({
  UseFailures: class {
    tell = async (failure: object) => {
      told.push(failure);
      return true;
    };
  },
}));

const WORKLOAD = { role: 'orders-api' };
const base64 = (text: string) => Buffer.from(text).toString('base64');
const use = (id: 'encrypt' | 'decrypt', body: unknown, call: Partial<Call> = {}) =>
  request(handler, id, { as: WORKLOAD, path: { name: 'orders' }, body, ...call });

beforeEach(async () => {
  told.length = 0;
  await withActiveKey(await renewWorld());
});

describe('a call that fails under the current version', () => {
  it('is told at once, and answered all the same', async () => {
    const { currentKeyId } = await current.world.key();
    await current.world.vault.applyPolicy(currentKeyId ?? '', 'decrypt-only', []);
    const answer = await use('encrypt', { plaintext: base64('x') });

    expect(answer).toMatchObject({ status: 409, body: { code: 'KeyNotUsable' } });
    expect(told).toEqual([{ key: 'orders', keyVersion: 1, at: expect.any(String) }]);
  });

  it('is not told when the caller is at fault', async () => {
    await use('encrypt', { plaintext: 'no base64!' });
    await use('decrypt', { ciphertext: base64('nonsense') });
    expect(told).toEqual([]);
  });
});

describe('POST encrypt and decrypt', () => {
  it('give back the text, and name the version', async () => {
    const context = { order: '7' };
    const made = await use('encrypt', { plaintext: base64('text'), context });
    const opened = await use('decrypt', { ciphertext: made.body.ciphertext, context });

    expect(made).toMatchObject({ status: 200, body: { version: 1 } });
    expect(opened).toMatchObject({ status: 200, body: { plaintext: base64('text'), version: 1 } });
  });

  it('open old ciphertexts after a rotation', async () => {
    const made = await use('encrypt', { plaintext: base64('old') });
    await current.world.admitRotation();
    await runSteps(current.world, await begin(current.world), ROTATION_STEPS);

    expect((await use('decrypt', { ciphertext: made.body.ciphertext })).body).toEqual({
      plaintext: base64('old'),
      version: 1,
    });
    expect((await use('encrypt', { plaintext: base64('new') })).body.version).toBe(2);
  });

  it.each(['alice', 'olga', 'bob', 'ada'])(
    'are refused to %s: people use no keys',
    async (person) => {
      expect((await use('encrypt', { plaintext: base64('x') }, { as: { person } })).status).toBe(
        403,
      );
      expect((await use('decrypt', { ciphertext: base64('x') }, { as: { person } })).status).toBe(
        403,
      );
    },
  );

  it('are refused to another role', async () => {
    const answer = await use(
      'encrypt',
      { plaintext: base64('x') },
      { as: { role: 'billing-api' } },
    );

    expect(answer).toMatchObject({ status: 403, body: { code: 'AccessDenied' } });
  });

  it('are refused, each alone, to a role with the other right', async () => {
    const principal = 'arn:aws:iam::000000000000:role/writer';
    await current.world.admitKey({ name: 'inbox', access: [{ principal, rights: ['encrypt'] }] });
    await runSteps(current.world, await begin(current.world, 'inbox'), GENERATION_STEPS);
    const call = { as: { role: 'writer' }, path: { name: 'inbox' } };
    const made = await use('encrypt', { plaintext: base64('x') }, call);

    expect(made.status).toBe(200);
    expect((await use('decrypt', { ciphertext: made.body.ciphertext }, call)).status).toBe(403);
  });

  it('do not tell a workload whether a key exists', async () => {
    const unknown = await use('encrypt', { plaintext: base64('x') }, { path: { name: 'none' } });

    expect(unknown.status).toBe(403);
  });

  it.each([
    ['no plaintext', {}, '/plaintext'],
    ['text that is no base64', { plaintext: 'n%t' }, '/plaintext'],
    ['base64 of the URL kind', { plaintext: 'ab-_' }, '/plaintext'],
    ['an empty plaintext', { plaintext: '' }, '/plaintext'],
    ['a number', { plaintext: 5 }, '/plaintext'],
    ['more than KMS takes', { plaintext: base64('x'.repeat(4099)) }, '/plaintext'],
    ['an array as context', { plaintext: 'eA==', context: [] }, '/context'],
    ['a number in the context', { plaintext: 'eA==', context: { a: 1 } }, '/context/a'],
    [
      'a reserved name in the context',
      { plaintext: 'eA==', context: { 'keyturn:canary': 'x' } },
      '/context',
    ],
    [
      '17 pairs',
      {
        plaintext: 'eA==',
        context: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, ''])),
      },
      '/context',
    ],
    ['an unknown member', { plaintext: 'eA==', key: 'x' }, '/key'],
  ])('refuse %s', async (_what, body, pointer) => {
    const answer = await use('encrypt', body);

    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].pointer).toBe(pointer);
  });

  it('refuse a prototype in the context, instead of dropping it', async () => {
    const text = '{"plaintext":"eA==","context":{"__proto__":"x"}}';

    expect(await use('encrypt', undefined, { text })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/context/__proto__' }] },
    });
  });

  it.each([
    ['what was never a ciphertext', () => base64('no ciphertext at all')],
    ['a bent one', (good: string) => `${good.slice(0, -4)}AAA=`],
  ])('answer 400 for %s', async (_what, bend) => {
    const made = await use('encrypt', { plaintext: base64('text') });
    const answer = await use('decrypt', { ciphertext: bend(made.body.ciphertext) });

    expect(answer).toMatchObject({ status: 400, body: { code: 'CiphertextInvalid' } });
  });

  it('answer 400 for another encryption context', async () => {
    const made = await use('encrypt', { plaintext: base64('text'), context: { a: '1' } });
    const answer = await use('decrypt', { ciphertext: made.body.ciphertext, context: { a: '2' } });

    expect(answer).toMatchObject({ status: 400, body: { code: 'CiphertextInvalid' } });
  });

  it('answer 400 for the ciphertext of another key that the same role may use', async () => {
    await current.world.admitKey({ name: 'payments' });
    await runSteps(current.world, await begin(current.world, 'payments'), GENERATION_STEPS);
    const made = await use('encrypt', { plaintext: base64('x') }, { path: { name: 'payments' } });

    expect(await use('decrypt', { ciphertext: made.body.ciphertext })).toMatchObject({
      status: 400,
      body: { code: 'CiphertextInvalid' },
    });
  });

  it('answer 503 with Retry-After while the key store is disconnected', async () => {
    current.world.vault.setConnected('cks-memory', false);
    const answer = await use('encrypt', { plaintext: base64('x') });

    expect(answer).toMatchObject({
      status: 503,
      body: { code: 'KeyStoreUnavailable', retryable: true },
      headers: { 'retry-after': '2' },
    });
  });

  it('answer 409 when the policy of the key lets nobody encrypt now', async () => {
    const { currentKeyId } = await current.world.key();
    await current.world.vault.applyPolicy(currentKeyId ?? '', 'suspended', []);

    expect(await use('encrypt', { plaintext: base64('x') })).toMatchObject({
      status: 409,
      body: { code: 'KeyNotUsable' },
    });
  });
});

describe('POST data-keys', () => {
  const fetchKey = (body: unknown = {}, call: Partial<Call> = {}) =>
    request(handler, 'fetchDataKey', { as: WORKLOAD, path: { name: 'rows' }, body, ...call });

  beforeEach(async () => {
    await current.world.admitKey({ name: 'rows', tier: 'data', parent: 'orders' });
    await makeDataKey(current.world.deps, await begin(current.world, 'rows'));
  });

  it('hands out the wrapped key with what KMS needs to open it', async () => {
    const { status, body } = await fetchKey();
    const opened = await current.world.vault
      .cryptoFor(CONSUMER)
      .decrypt(Buffer.from(body.wrappedKey, 'base64'), body.context, body.keyId);

    expect(status).toBe(200);
    expect(body).toMatchObject({ version: 1, context: { 'keyturn:data-key': 'rows/v1' } });
    expect(body.keyArn).toContain(body.keyId);
    expect(opened.plaintext).toHaveLength(32);
  });

  it('is how encrypt and decrypt work too, without anybody seeing the key', async () => {
    const path = { name: 'rows' };
    const made = await use('encrypt', { plaintext: base64('row') }, { path });
    const opened = await use('decrypt', { ciphertext: made.body.ciphertext }, { path });

    expect(opened.body).toEqual({ plaintext: base64('row'), version: 1 });
  });

  it.each([
    ['people', { as: { person: 'alice' } }],
    ['other roles', { as: { role: 'billing' } }],
  ])('is refused to %s', async (_who, call) => {
    expect((await fetchKey({}, call)).status).toBe(403);
  });

  it('refuses a version that is none, and a key of tier kms', async () => {
    expect((await fetchKey({ version: 7 })).body.code).toBe('KeyNotUsable');
    expect((await fetchKey({}, { path: { name: 'orders' } })).body.code).toBe(
      'TransitionForbidden',
    );
    expect((await fetchKey({ version: 0 })).status).toBe(400);
  });

  it('is refused while the version is being destroyed, and who tried is told', async () => {
    const { world } = current;
    const path = { name: 'rows' };
    const made = await use('encrypt', { plaintext: base64('row') }, { path });
    await mutateKey(world.store, 'rows', ({ versions }) => ({
      draft: {
        versions: versions.map((version) => ({
          ...version,
          state: 'deactivated',
          substate: 'quarantined',
        })),
        audit: anAuditEntry(),
      },
      result: undefined,
    }));
    const answers = [
      await fetchKey({ version: 1 }),
      await use('decrypt', { ciphertext: made.body.ciphertext }, { path }),
    ];

    for (const answer of answers)
      expect(answer).toMatchObject({ status: 409, body: { code: 'KeyNotUsable' } });
    const failure = { key: 'rows', keyVersion: 1, at: expect.any(String), principal: CONSUMER };
    expect(told).toEqual([failure, failure]);
  });

  it('cannot be unwrapped through the API of the parent: its context is reserved', async () => {
    const { body } = await fetchKey();
    const answer = await use('decrypt', { ciphertext: body.wrappedKey, context: body.context });

    expect(answer).toMatchObject({ status: 400, body: { code: 'ValidationFailed' } });
  });
});
