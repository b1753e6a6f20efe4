// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type Call, renewWorld, request } from '#test/support/functions.ts';

const { aForeignKey } = await import('#test/support/foreign-keys.ts');
const asked: string[] = [];
vi.mock('#adapters/kms/key-inspector.ts', () => ({
  KmsKeyInspector: class {
    async inspect(reference: string) {
      asked.push(reference);
      return aForeignKey();
    }
  },
}));
const { handler } = await import('#functions/report-adoptions/handler.ts');

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
      body: { keyId: 'foreign-1', isAdoptable: true, findings: [{ code: 'delegated' }] },
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
