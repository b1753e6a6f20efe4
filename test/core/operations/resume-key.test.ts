// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { containKey } from '#core/operations/contain-key.ts';
import { decrypt, encrypt } from '#core/operations/use-key.ts';
import { approvalOf, ask, execute, vote } from '#test/support/approvals.ts';
import { ExecutionLost, ProcessDied, Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, CONSUMER, PERMIT, type World } from '#test/support/world.ts';

const TEXT = new Uint8Array([1, 2, 3]);

describe('lifting a suspension', () => {
  let world: World;
  let simulation: Simulation;
  let claims = 0;
  const contain = (
    kind: 'suspension' | 'revocation',
    mode: 'hard' | 'locked',
    version: number | null = null,
  ) => {
    claims += 1;
    return containKey(world.deps, {
      key: 'orders',
      version,
      kind,
      mode,
      reason: 'odd use',
      occurredAt: null,
      isEmergency: false,
      by: ALICE.id,
      decision: PERMIT,
      claim: { scope: `contain/${claims}`, bodyHash: 'body' },
    });
  };
  const suspend = async (mode: 'hard' | 'locked') => {
    const { operationId } = await contain('suspension', mode);
    await simulation.run('revoke-key', operationId, 1);
  };
  const approved = async () => {
    const approval = await ask(world, 'key.lift-suspension', { key: 'orders' });
    await vote(world, approval, 'bob');
    await vote(world, approval, 'carol');
    return approval;
  };
  const lift = async () => {
    const approval = await approved();
    const { executedAs } = await execute(world, approval);
    await simulation.run('resume-key', executedAs ?? '', 1);
    return { approval, operationId: executedAs ?? '' };
  };
  const plane = () => ({
    ledger: world.store,
    crypto: world.vault.cryptoFor('use-key'),
    random: world.random,
  });
  const write = async () => (await encrypt(plane(), await world.key(), TEXT, {})).ciphertext;
  const read = async (text: Uint8Array) => decrypt(plane(), await world.key(), text, {});

  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    simulation = new Simulation(world);
  });

  it.each(['hard', 'locked'] as const)('gives every version back as it was (%s)', async (mode) => {
    const old = await write();
    await simulation.run('rotate-key', await world.admitRotation(), 1);
    const fresh = await write();
    const before = (await world.snapshot()).versions;
    await suspend(mode);
    expect(await world.key()).toMatchObject({ state: 'suspended' });
    expect((await world.snapshot()).versions.map(({ state }) => state)).toEqual([
      'deactivated',
      'suspended',
    ]);
    await lift();

    const { key, versions } = await world.snapshot();
    expect(key).toMatchObject({
      state: 'active',
      containment: null,
      containedVersions: [],
      lease: null,
    });
    expect(versions).toEqual(before.map((version) => ({ ...version, containment: null })));
    expect(world.vault.inspect().map(({ template, isDisabled }) => [template, isDisabled])).toEqual(
      [
        ['decrypt-only', false],
        ['active', false],
      ],
    );
    await expect(read(old)).resolves.toMatchObject({ version: 1 });
    await expect(read(fresh)).resolves.toMatchObject({ version: 2 });
    await expect(world.vault.cryptoFor(CONSUMER).decrypt(fresh, {})).resolves.toBeDefined();
  });

  it('denies on the data plane until KMS was seen to let it be used', async () => {
    const text = await write();
    await suspend('hard');
    const { executedAs } = await execute(world, await approved());
    simulation.whileWaiting = async () => {
      await expect(read(text)).rejects.toMatchObject({ name: 'KeyNotUsable' });
    };
    await simulation.run('resume-key', executedAs ?? '', 1);
    await expect(read(text)).resolves.toMatchObject({ version: 1 });
    expect((await world.actions()).slice(-5)).toEqual([
      'key.resume-admitted',
      'operation.begun',
      'suspension.lifted-at-kms',
      'suspension.probed',
      'key.resumed',
    ]);
  });

  it('lets a rotation go on that the suspension found half done', async () => {
    const rotation = await world.admitRotation();
    let done = false;
    simulation.interrupt = async ({ method, phase }) => {
      if (done || method !== 'moveAlias' || phase !== 'after') return;
      done = true;
      await contain('suspension', 'locked');
    };
    await simulation.run('rotate-key', rotation, 1);
    simulation.interrupt = () => {};
    expect(await world.store.readOperation(rotation)).toMatchObject({ state: 'parked' });
    await simulation.runStarted();
    await lift();
    await simulation.settle();

    expect(await world.store.readOperation(rotation)).toMatchObject({ state: 'done' });
    expect(await world.key()).toMatchObject({ state: 'active', currentVersion: 2, lease: null });
  });

  it('is refused for what is revoked, and for what is not suspended', async () => {
    const forbidden = { name: 'TransitionForbidden' };
    await expect(ask(world, 'key.lift-suspension', { key: 'orders' })).rejects.toMatchObject(
      forbidden,
    );
    await suspend('hard');
    const approval = await approved();
    const { operationId } = await contain('revocation', 'hard');
    await simulation.run('revoke-key', operationId, 1);

    expect((await execute(world, approval)).state).toBe('lapsed');
    await expect(ask(world, 'key.lift-suspension', { key: 'orders' })).rejects.toMatchObject(
      forbidden,
    );
    expect(await world.key()).toMatchObject({ state: 'compromised' });
  });

  it('loses against a revocation at every call of it', async () => {
    for (let at = 1; at < 200; at += 1) {
      world = await withActiveKey(await aWorld());
      simulation = new Simulation(world);
      const text = await write();
      await suspend('hard');
      const { executedAs } = await execute(world, await approved());
      let revoked = '';
      const first = simulation.calls;
      simulation.interrupt = async ({ number, phase }) => {
        if (number !== first + at || phase !== 'before' || revoked !== '') return;
        revoked = 'pending';
        revoked = (await contain('revocation', 'hard')).operationId;
      };
      await simulation.run('resume-key', executedAs ?? '', 1);
      if (revoked === '') return;
      simulation.interrupt = () => {};
      await simulation.run('revoke-key', revoked, 1);
      await simulation.settle();

      const { key, versions } = await world.snapshot();
      const why = simulation.log.at(at);
      expect(key, why).toMatchObject({ state: 'compromised', lease: null });
      expect(key.containment?.confirmedAt, why).not.toBeNull();
      expect(versions, why).toMatchObject([{ state: 'compromised' }]);
      expect(world.vault.inspect(), why).toMatchObject([
        { template: 'contained', isDisabled: true },
      ]);
      await expect(read(text), why).rejects.toMatchObject({ name: 'KeyNotUsable' });
    }
    throw new Error('it has more calls than were tried');
  });

  it('does not bring a version back that was revoked alone', async () => {
    await simulation.run('rotate-key', await world.admitRotation(), 1);
    await suspend('locked');
    const { operationId } = await contain('revocation', 'locked', 1);
    await simulation.run('revoke-key', operationId, 1);
    await lift();

    expect((await world.snapshot()).versions.map(({ state }) => state)).toEqual([
      'compromised',
      'active',
    ]);
    expect(await world.key()).toMatchObject({ state: 'active', containedVersions: [1] });
  });

  it.each(['process', 'execution'] as const)(
    'ends although its %s dies at any call',
    async (of) => {
      for (let call = 1; call < 100; call += 1) {
        world = await withActiveKey(await aWorld());
        simulation = new Simulation(world);
        const text = await write();
        await suspend('hard');
        const { executedAs } = await execute(world, await approved());
        simulation.killAt({ call, phase: 'after', of });
        await simulation.run('resume-key', executedAs ?? '', 1).catch((error: unknown) => {
          if (!(error instanceof ProcessDied) && !(error instanceof ExecutionLost)) throw error;
        });
        const hasDied = simulation.hasDied;
        await simulation.settle();
        await expect(read(text), `call ${call}`).resolves.toMatchObject({ version: 1 });
        if (!hasDied) return;
      }
      throw new Error('it has more calls than were tried');
    },
  );

  it('needs the quorum of the class, which the requester is no part of', async () => {
    await suspend('hard');
    const approval = await ask(world, 'key.lift-suspension', { key: 'orders' });
    expect(approval.what).toMatch(/caches may refuse it for 300 s more/);
    await vote(world, approval, 'bob');

    expect((await approvalOf(world, approval.id)).state).toBe('pending');
    expect((await execute(world, approval)).state).toBe('pending');
    expect(await world.key()).toMatchObject({ state: 'suspended' });
  });
});

describe('acts that stop a key by quorum', () => {
  it('revoke at once, and the workflow has KMS follow', async () => {
    const world = await withActiveKey(await aWorld());
    const simulation = new Simulation(world);
    const parameters = { kind: 'revocation', mode: null, occurredAt: null };
    const approval = await ask(world, 'key.revoke', { key: 'orders', parameters });
    await vote(world, approval, 'bob');
    await vote(world, approval, 'carol');
    const { executedAs } = await execute(world, approval);

    expect(await world.key()).toMatchObject({ state: 'compromised' });
    await simulation.run('revoke-key', executedAs ?? '', 1);
    expect((await world.key()).containment?.confirmedAt).not.toBeNull();
    expect(world.vault.inspect()).toMatchObject([{ template: 'contained' }]);
  });

  it('close the review of an emergency, once', async () => {
    const world = await withActiveKey(await aWorld());
    const { operationId } = await containKey(world.deps, {
      key: 'orders',
      version: null,
      kind: 'suspension',
      mode: 'hard',
      reason: 'alone at night',
      occurredAt: null,
      isEmergency: true,
      by: ALICE.id,
      decision: PERMIT,
      claim: { scope: 'alone', bodyHash: 'body' },
    });
    const review = await ask(world, 'break-glass.review', { key: 'orders', operationId });
    await expect(vote(world, review, 'alice')).rejects.toMatchObject({ name: 'NotEligible' });
    await vote(world, review, 'bob');
    expect((await world.key()).openReviews).toHaveLength(1);
    await vote(world, review, 'carol');
    expect((await execute(world, review)).state).toBe('executed');

    const key = await world.key();
    expect(key.openReviews).toEqual([]);
    expect(key).toMatchObject({ state: 'suspended' });
    expect(await world.actions()).toContain('break-glass.reviewed');
  });
});
