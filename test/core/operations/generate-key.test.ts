// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { compensateOperation } from '#core/operations/end-operation.ts';
import { generateKey } from '#core/operations/generate-key.ts';
import { begin, GENERATION_STEPS, runSteps } from '#test/support/steps.ts';
import { ALICE, aWorld, ORDERS, PERMIT, SITE, type World } from '#test/support/world.ts';

const CLAIM = { scope: 'scope-1', bodyHash: 'body-1' };
const BY = { principal: ALICE, decision: PERMIT, claim: CLAIM };

describe('generateKey', () => {
  let world: World;
  beforeEach(async () => {
    world = await aWorld();
  });

  it('admits the first version under a lease and starts its workflow', async () => {
    const { operationId } = await generateKey(world.deps, SITE, ORDERS, BY);

    const { key, versions, operation } = await world.snapshot();
    expect(key).toMatchObject({
      ...ORDERS,
      state: 'pre-activation',
      alias: 'alias/keyturn/local/orders',
      currentVersion: null,
      latestVersion: 1,
      createdBy: 'usr_alice',
      lease: { operationId, fence: 1, expiresAt: '2026-01-01T00:15:00.000Z' },
    });
    expect(versions).toEqual([
      expect.objectContaining({ version: 1, state: 'pre-activation', keyId: null, operationId }),
    ]);
    expect(operation).toMatchObject({ id: operationId, kind: 'generate-key', state: 'running' });
    expect(world.workflows.started).toEqual([
      { kind: 'generate-key', operationId, attempt: 1, input: {} },
    ]);
  });

  it('keeps who asked and the rule that permitted it in the audit record', async () => {
    await generateKey(world.deps, SITE, ORDERS, BY);

    const { records } = await world.store.readAudit('key/orders', 0, 10);
    expect(records).toEqual([
      expect.objectContaining({
        actor: 'usr_alice',
        action: 'key.create-admitted',
        decision: PERMIT,
      }),
    ]);
  });

  it.each([
    [
      'an environment that the stage does not serve',
      { environment: 'production' as const },
      'NotServedHere',
      '/environment',
    ],
    ['an unknown class', { class: 'no-such' }, 'ValidationFailed', '/class'],
    ['an unknown owner', { owner: 'nobody' }, 'UnknownOwner', '/owner'],
  ])('refuses %s, names the member and writes nothing', async (_what, patch, code, pointer) => {
    await expect(generateKey(world.deps, SITE, { ...ORDERS, ...patch }, BY)).rejects.toMatchObject({
      name: code,
      fields: [expect.objectContaining({ pointer })],
    });

    expect(await world.store.readKeyRecord('orders')).toBeNull();
    expect(await world.store.readIdempotency('scope-1')).toBeNull();
    expect(world.workflows.started).toEqual([]);
  });

  it('refuses a name that is taken', async () => {
    await generateKey(world.deps, SITE, ORDERS, BY);
    const second = { ...BY, claim: { scope: 'scope-2', bodyHash: 'body-1' } };

    await expect(generateKey(world.deps, SITE, ORDERS, second)).rejects.toMatchObject({
      name: 'KeyAlreadyExists',
      fields: [{ pointer: '/name', detail: 'is taken' }],
    });
  });

  it('begins anew under a name whose generation was undone, with the next version', async () => {
    await generateKey(world.deps, SITE, ORDERS, BY);
    const failure = { error: 'KeyStoreUnavailable', cause: 'disconnected' };
    await compensateOperation(world.deps, { ...(await begin(world)), failure });
    const again = { ...BY, claim: { scope: 'scope-2', bodyHash: 'body-1' } };
    await generateKey(world.deps, SITE, { ...ORDERS, purpose: 'second try' }, again);
    await runSteps(world, await begin(world), GENERATION_STEPS);

    expect(await world.key()).toMatchObject({
      state: 'active',
      currentVersion: 2,
      purpose: 'second try',
      lease: null,
    });
    expect(await world.version(1)).toMatchObject({ state: 'destroyed' });
  });

  it('begins anew with another origin where an undone generation had one', async () => {
    await generateKey(world.deps, SITE, { ...ORDERS, origin: 'AWS_KMS' }, BY);
    const failure = { error: 'KeyStoreUnavailable', cause: 'disconnected' };
    await compensateOperation(world.deps, { ...(await begin(world)), failure });
    const again = { ...BY, claim: { scope: 'scope-2', bodyHash: 'body-1' } };
    await generateKey(world.deps, SITE, ORDERS, again);

    const { origin, keyStore } = await world.key();
    expect([origin, keyStore]).toEqual([undefined, SITE.keyStore]);
  });

  it('answers the same operation for the same request, and starts it once', async () => {
    const first = await generateKey(world.deps, SITE, ORDERS, BY);
    const second = await generateKey(world.deps, SITE, ORDERS, BY);

    expect(second).toEqual(first);
    expect(world.workflows.started).toHaveLength(1);
    expect((await world.key()).revision).toBe(1);
  });

  it('starts the workflow again when the first request died before it', async () => {
    const start = world.workflows.start.bind(world.workflows);
    world.workflows.start = async () => {
      throw new Error('the process ended');
    };
    await generateKey(world.deps, SITE, ORDERS, BY).catch(() => {});
    world.workflows.start = start;
    const { operationId } = await generateKey(world.deps, SITE, ORDERS, BY);

    expect(world.workflows.started).toEqual([expect.objectContaining({ operationId, attempt: 1 })]);
  });

  it('refuses another request under a used Idempotency-Key, and says what the key started', async () => {
    const { operationId } = await generateKey(world.deps, SITE, ORDERS, BY);
    const reused = { ...BY, claim: { ...CLAIM, bodyHash: 'body-2' } };

    await expect(
      generateKey(world.deps, SITE, { ...ORDERS, name: 'payments' }, reused),
    ).rejects.toMatchObject({ name: 'IdempotencyKeyReused', details: { operationId } });

    expect(await world.store.readKeyRecord('payments')).toBeNull();
  });

  it('gives one operation to the same request sent many times at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => generateKey(world.deps, SITE, ORDERS, BY)),
    );

    expect(new Set(answers.map((answer) => answer.operationId)).size).toBe(1);
    expect(world.workflows.started).toHaveLength(1);
  });

  it('gives a name to one of many different requests at once', async () => {
    const requests = Array.from({ length: 6 }, (_, index) =>
      generateKey(world.deps, SITE, ORDERS, {
        ...BY,
        claim: { scope: `scope-${index}`, bodyHash: 'body' },
      }),
    );

    const settled = await Promise.allSettled(requests);

    expect(settled.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    const refused = settled.filter((result) => result.status === 'rejected');
    expect(refused.map((result) => result.reason.name)).toEqual(Array(5).fill('KeyAlreadyExists'));
  });
});
