// SPDX-License-Identifier: Apache-2.0
// Aliases from before an adoption: they lead where the key's own alias leads, through rotations and back.
import { beforeEach, describe, expect, it } from 'vitest';
import { probeAlias, switchAlias } from '#core/operations/place-alias.ts';
import { planRotation } from '#core/operations/plan-rotation.ts';
import { rollBack } from '#core/operations/roll-back.ts';
import { consolePolicy } from '#test/support/foreign-keys.ts';
import { ADOPTION_STEPS, begin, ROTATION_STEPS, runSteps } from '#test/support/steps.ts';
import { aWorld, CONSUMER, PERMIT, WAITS, type World } from '#test/support/world.ts';

const ALIAS = 'alias/legacy-orders';
const SECOND = 'alias/legacy-orders-2';

describe('the legacy aliases of an adopted key', () => {
  let world: World;
  let adopted: string;
  beforeEach(async () => {
    world = await aWorld();
    adopted = world.vault.addForeignKey(consolePolicy(CONSUMER), [ALIAS, SECOND]).keyId;
    await world.admitAdoption({ kmsKey: adopted, aliases: [ALIAS, SECOND] });
    await runSteps(world, await begin(world), ADOPTION_STEPS);
  });

  const targets = async () => {
    const { alias } = await world.key();
    return Promise.all([alias, ALIAS, SECOND].map((one) => world.vault.aliasTarget(one)));
  };
  const rotatingUpTo = async (step?: string) => {
    await world.admitRotation();
    const input = await begin(world);
    await runSteps(world, input, ROTATION_STEPS, step);
    return input;
  };

  it('move with the switch; who encrypts by one keeps working, and so does what was encrypted', async () => {
    const user = world.vault.cryptoFor(CONSUMER);
    const old = await user.encrypt(adopted, Buffer.from('kept'), {});
    await rotatingUpTo();

    const { currentKeyId } = await world.key();
    expect(currentKeyId).not.toBe(adopted);
    expect(await targets()).toEqual([currentKeyId, currentKeyId, currentKeyId]);
    const by = (await world.vault.aliasTarget(ALIAS)) ?? '';
    await expect(user.encrypt(by, Buffer.from('new'), {})).resolves.toBeDefined();
    await expect(user.decrypt(old, {})).resolves.toBeDefined();
    await expect(user.encrypt(adopted, Buffer.from('x'), {})).rejects.toMatchObject({
      name: 'AccessDenied',
    });
  });

  it('are in the plan, with every call to KMS for them', async () => {
    const budget = { share: 0.5, quotas: {} };
    const plan = await planRotation({ ...world.deps, hsmType: 'hsm2m.medium', budget }, 'orders');
    const planned = new Map(plan.kmsCalls.map(({ call, count }) => [call, count]));
    const made = { aliasTarget: 0, moveAlias: 0 };
    world.onCall = ({ phase, method }) => {
      if (phase === 'before' && (method === 'aliasTarget' || method === 'moveAlias'))
        made[method] += 1;
    };
    await rotatingUpTo();

    expect(plan.aliases.filter(({ act }) => act === 'move').map(({ alias }) => alias)).toEqual([
      (await world.key()).alias,
      ALIAS,
      SECOND,
    ]);
    expect(made).toEqual({
      aliasTarget: planned.get('DescribeKey'),
      moveAlias: planned.get('UpdateAlias'),
    });
  });

  it('move again with the next rotation', async () => {
    await rotatingUpTo();
    await rotatingUpTo();

    const { currentKeyId, currentVersion } = await world.key();
    expect(currentVersion).toBe(3);
    expect(await targets()).toEqual([currentKeyId, currentKeyId, currentKeyId]);
  });

  it('are moved by the attempt that follows one which died in the middle of the switch', async () => {
    const input = await rotatingUpTo('SwitchAlias');
    const move = world.vault.moveAlias.bind(world.vault);
    let moves = 0;
    const dying = {
      ...aliasesOf(world),
      moveAlias: async (...request: Parameters<typeof move>) => {
        moves += 1;
        if (moves === 2) throw new Error('died');
        return move(...request);
      },
    };
    await expect(switchAlias({ ...world.deps, aliases: dying }, input)).rejects.toThrow('died');
    await switchAlias(world.deps, input);
    await runSteps(world, input, ROTATION_STEPS);

    const { currentKeyId } = await world.key();
    expect(await targets()).toEqual([currentKeyId, currentKeyId, currentKeyId]);
  });

  it('keep an operation open until KMS shows each on the new version', async () => {
    const input = await rotatingUpTo('ProbeAlias');
    const stale = {
      ...aliasesOf(world),
      aliasTarget: async (alias: string) =>
        alias === SECOND ? adopted : world.vault.aliasTarget(alias),
    };

    await expect(probeAlias({ ...world.deps, aliases: stale }, input)).rejects.toMatchObject({
      name: 'ProbeNotYetConclusive',
      message: expect.stringContaining(SECOND),
    });
  });

  it('go back with a rotation that goes back', async () => {
    await rotatingUpTo('ProbeAlias');
    const { operation } = await world.snapshot();
    await rollBack(
      { ...world.deps, waits: WAITS },
      { operationId: operation?.id ?? '', reason: 'errors', by: 'usr_alice', decision: PERMIT },
    );
    await runSteps(world, await begin(world), ROTATION_STEPS);

    expect(await targets()).toEqual([adopted, adopted, adopted]);
    expect(await world.key()).toMatchObject({ currentVersion: 1, lease: null });
  });

  it('stop a rotation before its switch when somebody took one away', async () => {
    const { keyId } = world.vault.addForeignKey(consolePolicy(CONSUMER));
    await world.vault.moveAlias(SECOND, keyId);
    const input = await rotatingUpTo('SwitchAlias');

    await expect(switchAlias(world.deps, input)).rejects.toMatchObject({
      name: 'AliasTaken',
      message: expect.stringContaining(SECOND),
    });
    expect((await world.version(2)).substate).toBe('next');
    expect(await targets()).toEqual([adopted, adopted, keyId]);
  });

  it('are not made again when their owner removed them', async () => {
    const gone = {
      ...aliasesOf(world),
      aliasTarget: async (alias: string) =>
        alias === SECOND ? null : world.vault.aliasTarget(alias),
    };
    const input = await rotatingUpTo('SwitchAlias');
    await switchAlias({ ...world.deps, aliases: gone }, input);

    const moved = world.vault.inspectAliases().find(({ alias }) => alias === SECOND);
    expect(moved?.target).toBe(adopted);
    expect(await world.vault.aliasTarget(ALIAS)).toBe((await world.key()).currentKeyId);
  });
});

function aliasesOf({ vault }: World) {
  return {
    aliasTarget: vault.aliasTarget.bind(vault),
    createAlias: vault.createAlias.bind(vault),
    moveAlias: vault.moveAlias.bind(vault),
  };
}
