// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { type Call, current, renewWorld, request } from '#test/support/functions.ts';
import { withActiveKey } from '#test/support/steps.ts';

const { handler } = await import('#functions/plan-changes/handler.ts');
const { handler: changeKeys } = await import('#functions/change-keys/handler.ts');

const ALICE = { person: 'alice' };
const BODY = { key: 'orders', operation: 'rotate-key' };
const plan = (call: Partial<Call> = {}) =>
  request(handler, 'createPlan', { as: ALICE, body: BODY, ...call });

beforeEach(async () => {
  await withActiveKey(await renewWorld());
});

describe('POST /v1/plans', () => {
  it('answers a plan without an Idempotency-Key', async () => {
    expect(await plan()).toMatchObject({
      status: 200,
      body: { key: 'orders', digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  });

  it.each(['olga', 'bob', 'ada'])('lets %s look', async (person) => {
    expect((await plan({ as: { person } })).status).toBe(200);
  });

  it('refuses workloads, and does not tell them whether a key exists', async () => {
    const role = { role: 'orders-api' };

    expect((await plan({ as: role })).status).toBe(403);
    expect((await plan({ as: role, body: { ...BODY, key: 'none' } })).status).toBe(403);
  });

  it('answers 404 for an unknown key', async () => {
    expect((await plan({ body: { ...BODY, key: 'none' } })).status).toBe(404);
  });

  it.each([{}, { key: 'orders' }, { ...BODY, operation: 'destroy-key' }, { ...BODY, now: true }])(
    'refuses the body %j',
    async (body) => {
      expect((await plan({ body })).status).toBe(400);
    },
  );
});

describe('POST /v1/keys/{name}/rotations with planDigest', () => {
  const rotate = (planDigest: string) =>
    request(changeKeys, 'startRotation', {
      as: ALICE,
      path: { name: 'orders' },
      headers: { 'Idempotency-Key': `plan-${planDigest}` },
      body: { planDigest },
    });

  it('answers 202 for the digest of now and 409 PlanStale for another', async () => {
    const { body } = await plan();

    expect(await rotate('0'.repeat(64))).toMatchObject({
      status: 409,
      body: { code: 'PlanStale', retryable: false },
    });
    expect((await rotate(body.digest)).status).toBe(202);
  });

  it('answers 400 for what is no digest', async () => {
    expect((await rotate('abc')).status).toBe(400);
  });
});

describe('GET /v1/key-stores/{name}/capacity', () => {
  const capacity = (name: string, person = 'alice') =>
    request(handler, 'readCapacity', { as: { person }, path: { name } });

  it('answers how full the store is, by class', async () => {
    expect(await capacity('main')).toMatchObject({
      status: 200,
      body: {
        keyStore: 'main',
        holds: 16_666,
        versions: 1,
        classes: [{ class: 'test', keys: 1, versionsKeptPerKey: 8 }],
      },
    });
  });

  it('answers 404 for an unknown store and 403 for whom it does not concern', async () => {
    expect((await capacity('none')).status).toBe(404);
    expect((await capacity('main', 'bob')).status).toBe(403);
  });
});

describe('POST /v1/keys', () => {
  it('answers 422 with the arithmetic when the cluster cannot hold what the class keeps', async () => {
    const { mutateKey } = await import('#core/operations/mutate-key.ts');
    const { anAuditEntry } = await import('#test/support/records.ts');
    await mutateKey(current.world.store, 'orders', () => ({
      draft: {
        occupancy: { keyStore: 'main', class: 'test', keys: 2082, versions: 0 },
        audit: anAuditEntry(),
      },
      result: undefined,
    }));
    const answer = await request(changeKeys, 'createKey', {
      as: ALICE,
      headers: { 'Idempotency-Key': 'one-too-many' },
      body: {
        name: 'more',
        class: 'test',
        owner: 'olga',
        purpose: 'too much',
        environment: 'development',
      },
    });

    expect(answer).toMatchObject({
      status: 422,
      body: { code: 'InfeasiblePolicy', detail: expect.stringContaining('= 16672 is more than') },
    });
  });
});
