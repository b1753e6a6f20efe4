// SPDX-License-Identifier: Apache-2.0
// Registering, changing and removing consumers, and what it does to the key's policies.
import { beforeEach, describe, expect, it } from 'vitest';
import { registerConsumer } from '#core/operations/register-consumer.ts';
import { aRegistration, BILLING, register, registered, remove } from '#test/support/consumers.ts';
import { Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, CONSUMER, PERMIT, type World } from '#test/support/world.ts';

describe('consumers of a key', () => {
  let world: World;
  let simulation: Simulation;
  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    simulation = new Simulation(world);
  });

  const consumerOf = async (name = 'billing') =>
    (await world.snapshot()).consumers.find((consumer) => consumer.name === name);
  const encryptAs = async (caller: `arn:${string}`, version = 1) => {
    const { keyId } = await world.version(version);
    return world.vault.cryptoFor(caller).encrypt(keyId ?? '', new Uint8Array(4), {});
  };
  const decryptAs = async (caller: `arn:${string}`, ciphertext: Uint8Array) =>
    world.vault.cryptoFor(caller).decrypt(ciphertext, {});
  const rotate = async () => {
    await simulation.run('rotate-key', await world.admitRotation(), 1);
  };

  it('opens every readable version to a new consumer with exactly its rights', async () => {
    const old = await encryptAs(CONSUMER);
    await rotate();
    const fresh = await encryptAs(CONSUMER, 2);
    await expect(decryptAs(BILLING, fresh)).rejects.toMatchObject({ name: 'AccessDenied' });

    await registered(simulation);

    expect(await consumerOf()).toMatchObject({ state: 'active', principal: BILLING });
    await expect(decryptAs(BILLING, fresh)).resolves.toBeDefined();
    await expect(decryptAs(BILLING, old)).resolves.toBeDefined();
    await expect(encryptAs(BILLING, 2)).rejects.toMatchObject({ name: 'AccessDenied' });
    expect((await world.key()).lease).toBeNull();
    expect((await world.actions()).slice(-5)).toEqual([
      'consumer.registered',
      'operation.begun',
      'access.applied',
      'access.probed',
      'access.updated',
    ]);
  });

  it('is opening until its policies were read back', async () => {
    await register(world);

    expect((await consumerOf())?.state).toBe('opening');
    expect((await world.snapshot()).operation).toMatchObject({ kind: 'update-access' });
  });

  it('closes the key again when the consumer is removed', async () => {
    const ciphertext = await encryptAs(CONSUMER);
    await registered(simulation);

    await simulation.run('update-access', await remove(world), 1);

    expect(await consumerOf()).toBeUndefined();
    await expect(decryptAs(BILLING, ciphertext)).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(decryptAs(CONSUMER, ciphertext)).resolves.toBeDefined();
  });

  it('keeps the rights of a principal that another entry names too', async () => {
    await registered(simulation, 'billing', { principal: CONSUMER });

    await remove(world);

    // The creator of the key named the same role: no policy changes, so nothing runs.
    expect((await world.key()).lease).toBeNull();
    await expect(encryptAs(CONSUMER)).resolves.toBeDefined();
  });

  it('opens the version of a later rotation too', async () => {
    await registered(simulation, 'billing', { acknowledgement: waits(0) });

    await rotate();

    const ciphertext = await encryptAs(CONSUMER, 2);
    await expect(decryptAs(BILLING, ciphertext)).resolves.toBeDefined();
  });

  it('records a change that no policy shows as done at once, also beside a rotation', async () => {
    await registered(simulation);
    await world.admitRotation();

    const id = await register(world, 'billing', { contact: 'another team' });

    expect(await world.store.readOperation(id)).toMatchObject({ state: 'done' });
    expect((await consumerOf())?.contact).toBe('another team');
  });

  it('refuses a change of rights while another operation holds the key', async () => {
    const operationId = await world.admitRotation();

    await expect(register(world)).rejects.toMatchObject({
      name: 'OperationInProgress',
      details: { operationId },
    });

    expect(await consumerOf()).toBeUndefined();
  });

  it('refuses a removal during a rotation, and says until when that waits', async () => {
    await registered(simulation);
    await rotate();
    const { operation } = await world.snapshot();
    const deadlineAt = operation?.acknowledgement?.deadlineAt;
    expect(deadlineAt).toBeDefined();

    await expect(remove(world)).rejects.toMatchObject({
      name: 'OperationInProgress',
      message: expect.stringContaining(`it waits for consumers until ${deadlineAt}`),
      details: { operationId: operation?.id },
    });
    expect(await consumerOf()).toMatchObject({ state: 'active' });
  });

  it('refuses a removal during a rotation that is under way as such', async () => {
    await registered(simulation);
    const id = await world.admitRotation();

    await expect(remove(world)).rejects.toMatchObject({
      message: expect.stringContaining(`rotate-key ${id} holds orders: it is under way`),
    });
  });

  it('refuses more consumers than a key policy holds, and changes nothing', async () => {
    let refused: unknown;
    let count = 0;
    for (; !refused && count < 400; count += 1) {
      const account = String(100_000_000_000 + count);
      const principal = `arn:aws:iam::${account}:role/${'r'.repeat(64)}`;
      const before = await world.key();
      refused = await register(world, `c${count}`, { principal, rights: ['encrypt', 'decrypt'] })
        .then((id) => simulation.run('update-access', id, 1))
        .then(() => null)
        .catch((error: unknown) => error);
      if (refused) expect(await world.key()).toEqual(before);
    }

    expect(refused).toMatchObject({ name: 'PolicyTooLarge', details: { limitBytes: 32_768 } });
    expect(count).toBeGreaterThan(20);
  });

  it('refuses to change a consumer that the caller has not seen as it is', async () => {
    await registered(simulation);
    const input = (expectedRevision: number | null) => ({
      key: 'orders',
      consumer: 'billing',
      expectedRevision,
      by: ALICE.id,
      decision: PERMIT,
      claim: { scope: `seen/${expectedRevision}`, bodyHash: 'body' },
      registration: aRegistration({ contact: 'x' }),
    });

    await expect(registerConsumer(world.deps, input(null))).rejects.toMatchObject({
      name: 'PreconditionRequired',
    });
    await expect(registerConsumer(world.deps, input(1))).rejects.toMatchObject({
      name: 'StaleRevision',
    });
  });

  it('answers a repeated request with its operation and starts nothing twice', async () => {
    const input = {
      key: 'orders',
      consumer: 'billing',
      expectedRevision: null,
      by: ALICE.id,
      decision: PERMIT,
      claim: { scope: 'once', bodyHash: 'body' },
      registration: aRegistration(),
    };
    const first = await registerConsumer(world.deps, input);
    await simulation.run('update-access', first.operationId, 1);

    expect(await registerConsumer(world.deps, input)).toEqual(first);

    const started = world.workflows.started.filter(({ kind }) => kind === 'update-access');
    expect(started).toHaveLength(1);
  });

  it('refuses an owner that the directory does not know', async () => {
    await expect(register(world, 'billing', { owner: 'nobody' })).rejects.toMatchObject({
      name: 'UnknownOwner',
    });
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])(
    'ends although its process died at call %i and its execution was lost',
    async (call) => {
      const id = await register(world);
      simulation.killAt({ call, phase: 'after', of: 'execution' });

      await simulation.run('update-access', id, 1);
      await simulation.settle();

      expect(await world.store.readOperation(id)).toMatchObject({ state: 'done' });
      expect((await consumerOf())?.state).toBe('active');
    },
  );
});

const waits = (waitSeconds: number) => ({ mode: 'wait' as const, waitSeconds, url: null });

describe('an AWS service bound to the ARN of a version', () => {
  let world: World;
  let simulation: Simulation;
  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    simulation = new Simulation(world);
    const rights = ['encrypt', 'decrypt'] as const;
    await registered(simulation, 'volumes', {
      kind: 'aws-service',
      rights,
      acknowledgement: waits(0),
    });
  });
  const encryptUnder = async (version: number) => {
    const { keyId } = await world.version(version);
    return world.vault.cryptoFor(BILLING).encrypt(keyId ?? '', new Uint8Array(4), {});
  };

  it('is bound to the current version when it does not say otherwise', async () => {
    const [consumer] = (await world.snapshot()).consumers;

    expect(consumer?.boundKeyArn).toBe((await world.version(1)).keyArn);
  });

  it('lets a rotation end with the old version still encrypting, and says so', async () => {
    const id = await world.admitRotation();
    await simulation.run('rotate-key', id, 1);

    expect(await world.store.readOperation(id)).toMatchObject({ state: 'done' });
    expect(await world.version(1)).toMatchObject({ state: 'active', substate: 'bound' });
    expect(await world.key()).toMatchObject({ currentVersion: 2, lease: null });
    await expect(encryptUnder(1)).resolves.toBeDefined();
  });

  it('restricts the old version once the service is declared moved', async () => {
    await simulation.run('rotate-key', await world.admitRotation(), 1);

    await registered(simulation, 'volumes', {
      kind: 'aws-service',
      rights: ['encrypt', 'decrypt'],
      acknowledgement: waits(0),
      moved: true,
    });

    const [consumer] = (await world.snapshot()).consumers;
    expect(consumer?.boundKeyArn).toBe((await world.version(2)).keyArn);
    expect(await world.version(1)).toMatchObject({
      state: 'deactivated',
      substate: null,
      policyTemplate: 'decrypt-only',
    });
    await expect(encryptUnder(1)).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(encryptUnder(2)).resolves.toBeDefined();
  });

  it('restricts it too when the service is removed', async () => {
    await simulation.run('rotate-key', await world.admitRotation(), 1);

    await simulation.run('update-access', await remove(world, 'volumes'), 1);

    expect(await world.version(1)).toMatchObject({ state: 'deactivated' });
  });

  it('cannot be bound to what is no version of the key', async () => {
    const patch = {
      kind: 'aws-service' as const,
      boundKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/other',
    };

    await expect(register(world, 'disks', patch)).rejects.toMatchObject({
      name: 'ValidationFailed',
      fields: [{ pointer: '/boundKeyArn' }],
    });
  });
});
