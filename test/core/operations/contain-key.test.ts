// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { KeyturnError } from '#core/errors.ts';
import { type ContainKeyInput, containKey } from '#core/operations/contain-key.ts';
import { decrypt, encrypt } from '#core/operations/use-key.ts';
import { register } from '#test/support/consumers.ts';
import { ExecutionLost, ProcessDied, Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, CONSUMER, KEY_STORE_ID, PERMIT, type World } from '#test/support/world.ts';

const TEXT = new Uint8Array([1, 2, 3]);

describe('containing a key', () => {
  let world: World;
  let simulation: Simulation;
  let claims = 0;
  const contain = (input: Partial<ContainKeyInput> = {}) => {
    claims += 1;
    return containKey(world.deps, {
      key: 'orders',
      version: null,
      kind: 'revocation',
      mode: 'hard',
      reason: 'seen in a public log',
      occurredAt: null,
      isEmergency: false,
      by: ALICE.id,
      decision: PERMIT,
      claim: { scope: `contain/${claims}`, bodyHash: 'body' },
      ...input,
    });
  };
  const confirm = async (input: Partial<ContainKeyInput> = {}) => {
    const { operationId } = await contain(input);
    await simulation.run('revoke-key', operationId, 1);
    return operationId;
  };
  const plane = () => ({
    ledger: world.store,
    crypto: world.vault.cryptoFor('use-key'),
    random: world.random,
  });
  const write = async () => (await encrypt(plane(), await world.key(), TEXT, {})).ciphertext;
  const read = async (ciphertext: Uint8Array) =>
    decrypt(plane(), await world.key(), ciphertext, {});
  const direct = (version: number, ciphertext: Uint8Array) =>
    world
      .version(version)
      .then(({ keyId }) => world.vault.cryptoFor(CONSUMER).decrypt(ciphertext, {}, keyId ?? ''));
  const rotate = async () => {
    await simulation.run('rotate-key', await world.admitRotation(), 1);
  };

  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    simulation = new Simulation(world);
  });

  describe.each(['hard', 'locked'] as const)('for good, %s', (mode) => {
    it('denies every version on the data plane and at KMS before it returns', async () => {
      const old = await write();
      await rotate();
      const fresh = await write();
      const { kms } = await contain({ mode });

      expect(kms).toBe('accepted');
      await expect(write()).rejects.toMatchObject({ name: 'KeyNotUsable' });
      for (const [version, text] of [
        [1, old],
        [2, fresh],
      ] as const) {
        await expect(read(text)).rejects.toMatchObject({ name: 'KeyNotUsable' });
        await expect(direct(version, text)).rejects.toBeInstanceOf(KeyturnError);
      }
      expect(await world.key()).toMatchObject({
        state: 'compromised',
        containment: { kind: 'revocation', mode, confirmedAt: null },
        containedVersions: [2, 1],
      });
    });

    it('is revoked only after KMS was seen to refuse in two steps', async () => {
      const operationId = await confirm({ mode });

      const { key, versions } = await world.snapshot();
      expect(key.containment?.confirmedAt).not.toBeNull();
      expect(key.lease).toBeNull();
      expect(versions).toMatchObject([
        { state: 'compromised', policyTemplate: 'contained', containment: { mode } },
      ]);
      expect((await world.actions()).slice(-7)).toEqual([
        'key.revoking',
        'operation.begun',
        'containment.enforced',
        'containment.repeated',
        'containment.probed',
        'containment.probed',
        'key.revoked',
      ]);
      expect(await world.store.readOperation(operationId)).toMatchObject({ state: 'done' });
      expect(world.vault.inspect()).toMatchObject([
        { template: 'contained', isDisabled: mode === 'hard' },
      ]);
    });
  });

  it('[INV-12] what is contained is refused from the moment that it is recorded', async () => {
    const text = await write();
    let isRecorded = false;
    world.onCall = ({ method, phase }) => {
      // Nothing behind the commit has an effect: the denial alone has to hold.
      if (isRecorded) throw new KeyturnError('DependencyUnavailable', 'everything is down');
      if (method === 'commit' && phase === 'after') isRecorded = true;
    };
    await contain().catch(() => undefined);
    expect(isRecorded).toBe(true);
    await expect(read(text)).rejects.toMatchObject({ name: 'KeyNotUsable' });
    await expect(write()).rejects.toMatchObject({ name: 'KeyNotUsable' });
  });

  it('lets nobody read what is locked: not the role of re-encryption either, until people open it', async () => {
    const old = await write();
    await confirm({ mode: 'locked' });

    await expect(world.vault.cryptoFor('reencrypt').decrypt(old, {})).rejects.toMatchObject({
      name: 'AccessDenied',
    });
    await expect(direct(1, old)).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('is not revoked while the key store is out of reach, and then is', async () => {
    world.onCall = ({ method, phase }) => {
      if (phase === 'before' && ['disable', 'applyPolicy'].includes(method))
        throw new KeyturnError('DependencyUnavailable', 'KMS timed out');
    };
    const { operationId, kms } = await contain();
    expect(kms).toBe('pending');
    await expect(write()).rejects.toMatchObject({ name: 'KeyNotUsable' });

    world.onCall = () => {};
    world.vault.setConnected(KEY_STORE_ID, false);
    await simulation.run('revoke-key', operationId, 1);
    // Locked by its policy it answers AccessDenied; so it is proven although the store is away.
    world.vault.setConnected(KEY_STORE_ID, true);
    await simulation.settle();
    expect((await world.key()).containment?.confirmedAt).not.toBeNull();
    expect(await world.store.readOperation(operationId)).toMatchObject({ state: 'done' });
  });

  it('never takes an outage for a refusal', async () => {
    const { operationId } = await contain({ kind: 'suspension', mode: 'hard' });
    const { keyId } = await world.version(1);
    // As if DisableKey had been lost on the way, with the store away.
    await world.vault.enable(keyId ?? '');
    world.vault.setConnected(KEY_STORE_ID, false);
    simulation.interrupt = ({ method, phase }) => {
      return phase === 'after' && method === 'disable'
        ? world.vault.enable(keyId ?? '')
        : undefined;
    };
    await simulation.run('revoke-key', operationId, 1);

    expect((await world.key()).containment?.confirmedAt).toBeNull();
    expect(await world.store.readOperation(operationId)).toMatchObject({ state: 'parked' });
  });

  it('sees late answers of KMS through: no state before its proof', async () => {
    world = await aWorld({ visibilityCalls: 7 });
    simulation = new Simulation(world);
    await world.admitKey();
    await simulation.runStarted();
    const text = await write();
    const { operationId } = await contain();
    const tries: boolean[] = [];
    simulation.whileWaiting = async () => {
      const isConfirmed = (await world.key()).containment?.confirmedAt != null;
      const isAllowed = await direct(1, text).then(
        () => true,
        () => false,
      );
      tries.push(isConfirmed && isAllowed);
    };
    await simulation.run('revoke-key', operationId, 1);
    await simulation.settle();
    expect((await world.key()).containment?.confirmedAt).not.toBeNull();
    expect(tries.length).toBeGreaterThan(1);
    expect(tries).not.toContain(true);
  });

  it('is one operation for any number of calls, and the stronger one wins', async () => {
    const first = await contain({ kind: 'suspension', mode: 'locked' });
    expect(await contain({ kind: 'suspension', mode: 'locked' })).toMatchObject({
      operationId: first.operationId,
      isNew: false,
    });
    const second = await contain({ mode: 'hard' });
    expect(second.isNew).toBe(true);
    expect(await contain({ mode: 'locked' })).toMatchObject({ operationId: second.operationId });
    await expect(contain({ kind: 'suspension' })).rejects.toMatchObject({
      name: 'TransitionForbidden',
    });
    expect(await world.store.readOperation(first.operationId)).toMatchObject({
      state: 'compensated',
    });
    await simulation.runStarted();
    expect(await world.version(1)).toMatchObject({
      state: 'compromised',
      containment: { before: { state: 'active', policyTemplate: 'active' } },
    });
  });

  it('answers a repeated Idempotency-Key with the same operation', async () => {
    const claim = { scope: 'same', bodyHash: 'b' };
    const { operationId } = await contain({ claim });
    expect(await contain({ claim })).toMatchObject({ operationId, isNew: false });
    await expect(contain({ claim: { scope: 'same', bodyHash: 'c' } })).rejects.toMatchObject({
      name: 'IdempotencyKeyReused',
    });
  });

  it.each(['before', 'after'] as const)(
    'wins against a rotation at every call of it, %s its effect',
    async (phase) => {
      for (let at = 1; at < 200; at += 1) {
        world = await withActiveKey(await aWorld());
        simulation = new Simulation(world);
        const text = await write();
        let operationId = '';
        simulation.interrupt = async (site) => {
          if (site.number !== at || site.phase !== phase || operationId !== '') return;
          operationId = 'pending';
          operationId = (await contain({ mode: 'locked' })).operationId;
        };
        const rotation = await world.admitRotation();
        await simulation.run('rotate-key', rotation, 1);
        if (operationId === '') return;
        simulation.interrupt = () => {};
        await simulation.run('revoke-key', operationId, 1);
        await simulation.settle();

        const { key, versions } = await world.snapshot();
        const why = `${phase} call ${at}: ${simulation.log[at - 1]}`;
        expect(key.containment?.confirmedAt, why).not.toBeNull();
        expect(key.lease, why).toBeNull();
        expect(
          versions.map(({ state }) => state),
          why,
        ).not.toContain('active');
        expect(await world.store.readOperation(rotation), why).not.toMatchObject({
          state: 'running',
        });
        await expect(read(text), why).rejects.toMatchObject({ name: 'KeyNotUsable' });
        await expect(direct(1, text), why).rejects.toBeInstanceOf(KeyturnError);
        for (const { template } of world.vault.inspect())
          expect(['contained', 'pre-activation'], why).toContain(template);
      }
      throw new Error('the rotation has more calls than were tried');
    },
    120_000,
  );

  it.each(['process', 'execution'] as const)(
    'ends although its %s dies at any call',
    async (of) => {
      for (let call = 1; call < 100; call += 1) {
        for (const phase of ['before', 'after'] as const) {
          world = await withActiveKey(await aWorld());
          simulation = new Simulation(world);
          const { operationId } = await contain();
          simulation.killAt({ call, phase, of });
          await simulation.run('revoke-key', operationId, 1).catch((error: unknown) => {
            if (!(error instanceof ProcessDied) && !(error instanceof ExecutionLost)) throw error;
          });
          const hasDied = simulation.hasDied;
          await simulation.settle();
          expect((await world.key()).containment?.confirmedAt, `${phase} ${call}`).not.toBeNull();
          if (!hasDied) return;
        }
      }
      throw new Error('it has more calls than were tried');
    },
    60_000,
  );

  describe('one version', () => {
    it('leaves the others as they are', async () => {
      const old = await write();
      await rotate();
      const fresh = await write();
      await confirm({ version: 1 });

      await expect(read(old)).rejects.toBeInstanceOf(KeyturnError);
      await expect(read(fresh)).resolves.toMatchObject({ version: 2 });
      expect(await world.key()).toMatchObject({ state: 'active', containedVersions: [1] });
      expect(await world.version(1)).toMatchObject({ state: 'compromised' });
    });

    it('hands the key back to a rotation that leads away from it', async () => {
      const old = await write();
      const rotation = await world.admitRotation();
      const { operationId } = await contain({ version: 1, mode: 'locked' });
      await simulation.run('rotate-key', rotation, 1);
      await expect(write()).rejects.toMatchObject({ name: 'KeyNotUsable' });
      await simulation.run('revoke-key', operationId, 1);
      await simulation.settle();

      expect(await world.store.readOperation(rotation)).toMatchObject({ state: 'done' });
      expect(await world.key()).toMatchObject({ state: 'active', currentVersion: 2, lease: null });
      expect(await world.version(1)).toMatchObject({ state: 'compromised' });
      await expect(read(await write())).resolves.toMatchObject({ version: 2 });
      await expect(direct(1, old)).rejects.toMatchObject({ name: 'AccessDenied' });
    });

    it('is refused for a version that there is not', async () => {
      await expect(contain({ version: 7 })).rejects.toMatchObject({ name: 'TransitionForbidden' });
    });
  });

  it('takes the wrapped data keys of the key with it', async () => {
    await world.admitKey({ name: 'rows', tier: 'data', parent: 'orders' });
    await simulation.runStarted();
    const sealed = await encrypt(plane(), await world.key('rows'), TEXT, {});
    await contain();

    await expect(
      decrypt(plane(), await world.key('rows'), sealed.ciphertext, {}),
    ).rejects.toMatchObject({ name: 'KeyNotUsable' });
    await expect(encrypt(plane(), await world.key('rows'), TEXT, {})).rejects.toMatchObject({
      name: 'KeyNotUsable',
    });
  });

  it('takes in no consumer meanwhile', async () => {
    await confirm({ kind: 'suspension' });
    await expect(register(world)).rejects.toMatchObject({ name: 'TransitionForbidden' });
  });
});
