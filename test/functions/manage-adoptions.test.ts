// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type Call, current, renewWorld, request } from '#test/support/functions.ts';

const { aForeignKey } = await import('#test/support/foreign-keys.ts');
const asked: string[] = [];
vi.mock('#adapters/kms/key-inspector.ts', () => ({
  KmsKeyInspector: class {
    async inspect(reference: string) {
      asked.push(reference);
      return aForeignKey({ aliases: ['alias/legacy-orders'] });
    }
  },
}));
const { handler } = await import('#functions/manage-adoptions/handler.ts');

const report = (call: Partial<Call> = {}) =>
  request(handler, 'createAdoption', {
    as: { person: 'alice' },
    body: { kmsKey: 'alias/legacy-orders' },
    ...call,
  });

beforeEach(async () => {
  await renewWorld();
  asked.length = 0;
});

describe('POST /v1/adoptions', () => {
  it('answers a report without an Idempotency-Key', async () => {
    expect(await report()).toMatchObject({
      status: 200,
      body: {
        keyId: 'foreign-1',
        isAdoptable: true,
        findings: [
          { code: 'delegated', accept: 'delegated' },
          { code: 'aliases', accept: 'alias:alias/legacy-orders' },
        ],
      },
    });
    expect(asked).toEqual(['alias/legacy-orders']);
  });

  it.each(['olga', 'bob', 'ada'])('asks nothing of KMS for %s', async (person) => {
    expect((await report({ as: { person } })).status).toBe(403);
    expect(asked).toEqual([]);
  });

  it.each([{}, { kmsKey: 'a b' }, { kmsKey: 'x', mode: 'adopt' }, { kmsKey: '' }])(
    'refuses the body %j',
    async (body) => {
      expect((await report({ body })).status).toBe(400);
    },
  );
});

const ADOPTION = {
  kmsKey: 'alias/legacy-orders',
  mode: 'adopt',
  name: 'orders',
  class: 'test',
  owner: 'payments',
  purpose: 'order archive',
  environment: 'development',
  aliases: ['alias/legacy-orders'],
  accept: ['delegated'],
};

describe('POST /v1/adoptions with mode adopt', () => {
  const adopt = (call: Partial<Call> = {}) =>
    report({ body: ADOPTION, headers: { 'Idempotency-Key': 'adopt-1' }, ...call });

  it('answers 202 with the operation, and starts it', async () => {
    const { status, body, headers } = await adopt();

    expect(status).toBe(202);
    expect(headers['location']).toBe(`/v1/operations/${body.operationId}`);
    expect(await current.world.store.readOperation(body.operationId)).toMatchObject({
      kind: 'adopt-key',
      requestedBy: 'usr_alice',
    });
    expect(current.world.workflows.started.at(-1)).toMatchObject({ kind: 'adopt-key' });
    expect((await adopt()).body).toEqual(body);
  });

  it.each(['olga', 'bob', 'ada'])('is not for %s', async (person) => {
    expect((await adopt({ as: { person } })).status).toBe(403);
    expect(asked).toEqual([]);
  });

  it('needs an Idempotency-Key', async () => {
    expect((await adopt({ headers: {} })).body).toMatchObject({ code: 'IdempotencyKeyMissing' });
  });

  it('says what has to be accepted', async () => {
    const { status, body } = await adopt({ body: { ...ADOPTION, accept: [] } });

    expect(status).toBe(409);
    expect(body).toMatchObject({
      code: 'KeyNotAdoptable',
      errors: [{ pointer: '/accept', detail: expect.stringContaining('must name "delegated"') }],
    });
    expect(await current.world.store.readKey('orders')).toBeNull();
  });

  it.each([
    [{ name: 'Orders' }, '/name'],
    [{ owner: undefined }, '/owner'],
    [{ aliases: ['alias/aws/s3'] }, '/aliases/0'],
    [{ access: [{ principal: 'x', rights: ['encrypt'] }] }, '/access/0/principal'],
    [{ more: 1 }, '/more'],
  ])('points at what is wrong in %j', async (patch, pointer) => {
    const { status, body } = await adopt({ body: { ...ADOPTION, ...patch } });

    expect(status).toBe(400);
    expect(body.errors).toEqual([expect.objectContaining({ pointer })]);
  });
});
