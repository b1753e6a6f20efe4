// SPDX-License-Identifier: Apache-2.0
// What a revoked version protects is read by nobody, then by the role of re-encryption alone and for as long as people
// said, and ends readable under the successor.
import { beforeEach, describe, expect, it } from 'vitest';
import { KeyturnError } from '#core/errors.ts';
import { type ContainKeyInput, containKey } from '#core/operations/contain-key.ts';
import { approvalOf, ask, execute, vote } from '#test/support/approvals.ts';
import { admit, read, register, runToEnd, write } from '#test/support/reencryption.ts';
import { ExecutionLost, ProcessDied, Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, CONSUMER, PERMIT, type World } from '#test/support/world.ts';

const HOURS = 24;
const REQUEST = { key: 'orders', version: 1, parameters: { hours: HOURS } };

describe('opening a revoked version for re-encryption', () => {
  let world: World;
  let simulation: Simulation;
  let claims = 0;
  const contain = async (input: Partial<ContainKeyInput> = {}) => {
    claims += 1;
    const { operationId } = await containKey(world.deps, {
      key: 'orders',
      version: 1,
      kind: 'revocation',
      mode: 'hard',
      reason: 'seen in a public log',
      occurredAt: null,
      withSuccessor: true,
      isEmergency: false,
      by: ALICE.id,
      decision: PERMIT,
      claim: { scope: `revoke/${claims}`, bodyHash: 'body' },
      ...input,
    });
    return operationId;
  };
  const compromise = async (mode: 'hard' | 'locked') =>
    simulation.run('revoke-key', await contain({ mode }), 1);
  const approved = async () => {
    const approval = await ask(world, 'version.open', REQUEST);
    for (const voter of ['bob', 'carol']) await vote(world, approval, voter);
    return approval;
  };
  const open = async () => {
    const { executedAs } = await execute(world, await approved());
    await simulation.run('update-access', executedAs ?? '', 1);
  };
  const dead = async () => {
    const { operationId } = await admit(world).then(async (start) => {
      await runToEnd(world, start);
      return start;
    });
    return world.progress.readDead(operationId, 100);
  };

  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    simulation = new Simulation(world);
    await register(world);
    await write(world, ['a', 'b']);
  });

  it.each(['hard', 'locked'] as const)(
    'lets it be re-encrypted, which nobody could before (%s)',
    async (mode) => {
      await compromise(mode);
      expect(await dead()).toHaveLength(2);
      await expect(read(world, 'a')).rejects.toBeInstanceOf(KeyturnError);

      await open();
      expect(await world.version(1)).toMatchObject({
        state: 'compromised',
        policyTemplate: 'contained',
        containment: { mode: 'locked', opening: { wasDisabled: mode === 'hard' } },
      });
      expect(world.vault.inspect()[0]).toMatchObject({ template: 'contained', isDisabled: false });
      // The application and the data plane stay out.
      await expect(read(world, 'a')).rejects.toMatchObject({ name: 'AccessDenied' });

      expect(await dead()).toEqual([]);
      for (const id of ['a', 'b'])
        expect(await read(world, id)).toEqual({ text: `secret of ${id}`, version: 2 });
      const { sources } = await world.snapshot();
      expect(sources[0]?.count).toMatchObject({ byVersion: { 2: 2 }, dead: 0 });
    },
  );

  it('ends by the clock, at KMS itself', async () => {
    await compromise('locked');
    await open();
    const { keyId } = await world.version(1);
    const sealed = world.sourceOf('archive').get('a')?.parts[0];
    const worker = world.vault.reEncryptorFor('reencrypt');
    const { currentKeyId } = await world.key();
    const move = () =>
      worker.reEncrypt(
        sealed?.ciphertext ?? new Uint8Array(),
        sealed?.context ?? {},
        currentKeyId ?? '',
      );
    expect(await move()).toMatchObject({ sourceKeyId: keyId });

    world.clock.advance(HOURS * 3600);
    await expect(move()).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(await dead()).toHaveLength(2);
  });

  it('is refused where there is nothing to open, or nowhere to re-encrypt to', async () => {
    const refused = { name: 'TransitionForbidden' };
    await expect(ask(world, 'version.open', REQUEST)).rejects.toMatchObject(refused);
    const operationId = await contain({ withSuccessor: false });
    await expect(ask(world, 'version.open', REQUEST)).rejects.toMatchObject(refused);
    await simulation.run('revoke-key', operationId, 1);
    await expect(ask(world, 'version.open', REQUEST)).rejects.toMatchObject(refused);
    await expect(ask(world, 'version.open', { ...REQUEST, version: 7 })).rejects.toMatchObject({
      name: 'KeyNotFound',
    });
  });

  it('is not done on what changed since people looked', async () => {
    await compromise('locked');
    const approval = await approved();
    await world.admitRotation();
    await simulation.runStarted();
    await execute(world, approval).catch(() => undefined);

    expect((await approvalOf(world, approval.id)).state).not.toBe('executed');
    expect((await world.version(1)).containment?.opening).toBeUndefined();
  });

  it('is closed by a stronger revocation, and does not outlive it', async () => {
    await compromise('locked');
    await open();
    const again = await contain({ mode: 'hard', withSuccessor: false });
    await simulation.run('revoke-key', again, 1);

    expect((await world.version(1)).containment?.opening).toBeUndefined();
    expect(world.vault.inspect()[0]).toMatchObject({ template: 'contained', isDisabled: true });
    expect(await dead()).toHaveLength(2);
  });

  it.each(['process', 'execution'] as const)(
    'ends although its %s dies at any call',
    async (of) => {
      for (let call = 1; call < 100; call += 1) {
        for (const phase of ['before', 'after'] as const) {
          world = await withActiveKey(await aWorld());
          simulation = new Simulation(world);
          await register(world);
          await write(world, ['a']);
          await compromise('hard');
          const { executedAs } = await execute(world, await approved());
          simulation.killAt({ call, phase, of });
          await simulation.run('update-access', executedAs ?? '', 1).catch((error: unknown) => {
            if (!(error instanceof ProcessDied) && !(error instanceof ExecutionLost)) throw error;
          });
          const hasDied = simulation.hasDied;
          await simulation.settle();

          const why = `${phase} ${call}`;
          expect((await world.key()).lease, why).toBeNull();
          await expect(
            world.vault
              .cryptoFor(CONSUMER)
              .encrypt((await world.version(1)).keyId ?? '', new Uint8Array([1]), {}),
            why,
          ).rejects.toMatchObject({ name: 'AccessDenied' });
          expect(await dead(), why).toEqual([]);
          if (!hasDied) return;
        }
      }
      throw new Error('it has more calls than were tried');
    },
    60_000,
  );
});
