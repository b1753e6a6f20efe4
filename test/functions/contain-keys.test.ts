// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { RouteId } from '#core/contract/routes.ts';
import { decrypt, encrypt } from '#core/operations/use-key.ts';
import { type Call, current, renewWorld, request } from '#test/support/functions.ts';
import { Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';

vi.mock('#adapters/kms/key-blocking.ts', () => ({
  KmsKeyBlocker: class {
    disable(keyId: string) {
      return current.world.ports.disable(keyId);
    }
    async revokeGrants() {
      return 0;
    }
  },
}));
vi.mock('#adapters/kms/key-administration.ts', () => ({
  KmsPolicies: class {
    applyPolicy(...call: Parameters<typeof current.world.ports.applyPolicy>) {
      return current.world.ports.applyPolicy(...call);
    }
  },
}));

const { handler } = await import('#functions/contain-keys/handler.ts');

let calls = 0;
const ask = (route: RouteId, call: Partial<Call> = {}) => {
  calls += 1;
  return request(handler, route, {
    as: { person: 'alice' },
    path: { name: 'orders' },
    body: { reason: 'seen in a public log' },
    headers: { 'Idempotency-Key': `contain-${calls}` },
    ...call,
  });
};
const usable = async () => {
  const deps = {
    ledger: current.world.store,
    crypto: current.world.vault.cryptoFor('use-key'),
    random: current.world.random,
  };
  const { ciphertext } = await encrypt(deps, await current.world.key(), new Uint8Array(1), {});
  return decrypt(deps, await current.world.key(), ciphertext, {});
};

beforeEach(async () => {
  await withActiveKey(await renewWorld());
});

describe('POST /v1/keys/{name}/revocations', () => {
  it('denies before it answers, and says what is proven', async () => {
    const answer = await ask('revokeKey', { body: { reason: 'leak', mode: 'hard' } });

    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({
      approvalId: null,
      state: 'revoking',
      kms: 'accepted',
      reviewId: null,
    });
    await expect(usable()).rejects.toMatchObject({ name: 'KeyNotUsable' });
    expect(current.world.vault.inspect()).toMatchObject([{ isDisabled: true }]);
    expect(current.world.workflows.started.at(-1)).toMatchObject({
      kind: 'revoke-key',
      operationId: answer.body.operationId,
    });
  });

  it('answers the same for a repeated key, and for the same asked anew', async () => {
    const headers = { 'Idempotency-Key': 'once' };
    const first = await ask('revokeKey', { headers });
    expect((await ask('revokeKey', { headers })).body).toEqual(first.body);
    expect((await ask('revokeKey')).body.operationId).toBe(first.body.operationId);
    expect((await ask('revokeKey', { headers, body: { reason: 'other' } })).status).toBe(422);
  });

  it('is for operators, and for owners of the key', async () => {
    for (const person of ['bob', 'ada'])
      expect((await ask('revokeKey', { as: { person } })).status).toBe(403);
    expect((await ask('revokeKey', { as: { role: 'orders-api' } })).status).toBe(403);
    await expect(usable()).resolves.toBeDefined();
    expect((await ask('revokeKey', { as: { person: 'olga' } })).status).toBe(202);
  });

  it.each([
    {},
    { reason: '' },
    { reason: 'x', mode: 'soft' },
    { reason: 'x', version: 0 },
    { reason: 'x', version: '1' },
    { reason: 'x', force: true },
    { reason: 'a\u202eb' },
    { reason: 'x', occurredAt: 'yesterday' },
    { reason: 'x', emergency: 'yes' },
  ])('refuses %j and changes nothing', async (body) => {
    const before = await current.world.snapshot();
    expect((await ask('revokeKey', { body })).status).toBe(400);
    expect(await current.world.snapshot()).toEqual(before);
  });

  it('answers 404 for an unknown key, 409 for an unknown version, 400 without an Idempotency-Key', async () => {
    expect((await ask('revokeKey', { path: { name: 'none' } })).status).toBe(404);
    expect((await ask('revokeKey', { body: { reason: 'x', version: 9 } })).status).toBe(409);
    expect((await ask('revokeKey', { headers: {} })).status).toBe(400);
    await expect(usable()).resolves.toBeDefined();
  });
});

describe('where a quorum decides', () => {
  beforeEach(async () => {
    const world = await renewWorld();
    await world.admitKey({ class: 'payment-critical' });
    await new Simulation(world).runStarted();
  });

  it('asks for it instead, and the key goes on', async () => {
    const answer = await ask('revokeKey');

    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ operationId: null, state: null, kms: null });
    expect(answer.body.approvalId).toMatch(/^apr_/);
    await expect(usable()).resolves.toBeDefined();
  });

  it('is done first in an emergency, and a review is open', async () => {
    const answer = await ask('revokeKey', { body: { reason: 'now', emergency: true } });

    expect(answer.body).toMatchObject({ state: 'revoking', kms: 'accepted' });
    const review = await current.world.store.readApproval(answer.body.reviewId);
    expect(review).toMatchObject({ action: 'break-glass.review', state: 'pending' });
    await expect(usable()).rejects.toMatchObject({ name: 'KeyNotUsable' });
    expect((await current.world.key()).openReviews).toHaveLength(1);
  });
});

describe('suspension', () => {
  it('is one call, and lifting it asks people', async () => {
    const early = await ask('resumeKey', { body: {} });
    expect(early.status).toBe(409);
    const answer = await ask('suspendKey');
    expect(answer.body).toMatchObject({ state: 'suspending', kms: 'accepted' });
    await expect(usable()).rejects.toMatchObject({ name: 'KeyNotUsable' });
    // Not while KMS was not seen to refuse yet.
    expect((await ask('resumeKey', { body: {} })).status).toBe(409);
  });

  it('refuses a version, and what is revoked', async () => {
    expect((await ask('suspendKey', { body: { reason: 'x', version: 1 } })).status).toBe(400);
    await ask('revokeKey');
    expect((await ask('suspendKey')).status).toBe(409);
  });
});
