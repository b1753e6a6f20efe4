// SPDX-License-Identifier: Apache-2.0
// The adoption of a foreign key as a workflow, over the real use cases: what fails before the switch gives the key back
// as it was, and a process or execution that dies anywhere leaves a key that is adopted in the end, or not at all.
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '#core/contract/errors.ts';
import { KeyturnError } from '#core/errors.ts';
import { consolePolicy } from '#test/support/foreign-keys.ts';
import { type Death, Simulation } from '#test/support/simulation.ts';
import { aWorld, CONSUMER, type World } from '#test/support/world.ts';

const POLICY = consolePolicy(CONSUMER);
const ALIAS = 'alias/legacy-orders';

interface Scene {
  readonly simulation: Simulation;
  readonly world: World;
  readonly keyId: string;
}

async function readyToAdopt(visibilityCalls = 0): Promise<Scene> {
  const simulation = new Simulation(await aWorld({ visibilityCalls }));
  const { world } = simulation;
  const { keyId } = world.vault.addForeignKey(POLICY, [ALIAS]);
  await world.admitAdoption({ kmsKey: keyId, aliases: [ALIAS] });
  return { simulation, world, keyId };
}

const stored = ({ world, keyId }: Scene) =>
  world.vault.inspect().find((key) => key.keyId === keyId);

async function expectUsable({ world, keyId }: Scene): Promise<void> {
  const user = world.vault.cryptoFor(CONSUMER);
  const made = await user.encrypt(keyId, Buffer.from('x'), {});
  await expect(user.decrypt(made, {})).resolves.toMatchObject({ keyId });
}

async function expectAdopted(scene: Scene): Promise<void> {
  const { key, versions } = await scene.world.snapshot();
  expect(key).toMatchObject({ state: 'active', currentKeyId: scene.keyId, lease: null });
  expect(versions).toMatchObject([{ state: 'active', policyTemplate: 'active' }]);
  expect(stored(scene)).toMatchObject({ template: 'active', isRecorded: true, isTagged: true });
  expect(await scene.world.vault.aliasTarget(key.alias)).toBe(scene.keyId);
}

async function expectGivenBack(scene: Scene): Promise<void> {
  expect(stored(scene)).toMatchObject({
    policy: { template: 'original', document: POLICY },
    isTagged: false,
    isPendingDeletion: false,
  });
  expect(scene.world.vault.inspectAliases()).toMatchObject([{ alias: ALIAS, target: scene.keyId }]);
  expect(await scene.world.store.findRecordedKey(scene.keyId)).toBeNull();
  expect(await scene.world.key()).toMatchObject({ currentVersion: null, lease: null });
}

/** Makes a call of the step fail for good. */
function failAt({ simulation }: Scene, state: string, code: ErrorCode) {
  simulation.interrupt = ({ task, phase, method }) => {
    const isLedger = ['readKey', 'readOperation', 'commit'].includes(method);
    if (task === state && phase === 'before' && !isLedger)
      throw new KeyturnError(code, 'made to fail');
  };
}

describe('an adoption', () => {
  it('runs to its end, and the sweep finds nothing to remove', async () => {
    const scene = await readyToAdopt();
    await scene.simulation.runStarted();
    await scene.simulation.sweep();

    expect(scene.simulation.executions[0]).toMatchObject({
      workflow: 'adopt-key',
      status: 'SUCCEEDED',
    });
    await expectAdopted(scene);
  });

  it('rotates like a key of ours: what was written stays readable, the old version is restricted', async () => {
    const scene = await readyToAdopt();
    const { simulation, world, keyId } = scene;
    await simulation.runStarted();
    await world.admitRotation();
    await simulation.runStarted();

    expect(await world.key()).toMatchObject({ currentVersion: 2, lease: null });
    expect(stored(scene)).toMatchObject({ template: 'decrypt-only', isPendingDeletion: false });
    expect(await world.vault.aliasTarget(ALIAS)).not.toBe(keyId);
  });

  it.each(['AdoptVersion', 'VerifyVersion', 'NameVersion', 'OpenPolicy', 'ProbeOpen'])(
    'that fails for good at %s gives the key back, and its user never notices',
    async (state) => {
      const scene = await readyToAdopt();
      failAt(scene, state, 'AccessDenied');
      await scene.simulation.runStarted();

      expect(scene.simulation.executions.at(-1)).toMatchObject({
        status: 'FAILED',
        error: 'Compensated',
      });
      await expectGivenBack(scene);
      await expectUsable(scene);
    },
  );

  it.each(['SwitchAlias', 'ProbeAlias'])(
    'that fails at %s is parked, and ends later',
    async (state) => {
      const scene = await readyToAdopt();
      let isBroken = true;
      scene.simulation.interrupt = ({ task, phase, method }) => {
        const isLate = state === 'ProbeAlias' ? method === 'aliasTarget' : method === 'createAlias';
        if (isBroken && task === state && phase === 'before' && isLate)
          throw new KeyturnError('AccessDenied', 'made to fail');
      };
      await scene.simulation.runStarted();
      expect(scene.simulation.executions.at(-1)).toMatchObject({ error: 'Parked' });
      await expectUsable(scene);

      isBroken = false;
      await scene.simulation.settle();
      await expectAdopted(scene);
    },
  );

  /** Fails at the last probe, and while broken also at one call of the undoing. */
  async function undoingThatFails(state: string, method: string): Promise<Scene> {
    const scene = await readyToAdopt();
    let isBroken = true;
    scene.simulation.interrupt = (site) => {
      if (!isBroken || site.phase !== 'before') return;
      const isProbe = site.task === 'ProbeOpen' && site.method === 'hasPolicy';
      if (isProbe || (site.task === state && site.method === method))
        throw new KeyturnError('AccessDenied', 'made to fail');
    };
    await scene.simulation.runStarted();
    expect(scene.simulation.executions.at(-1)).toMatchObject({ error: 'Parked' });
    await expectUsable(scene);
    isBroken = false;
    await scene.simulation.settle();
    await expectUsable(scene);
    return scene;
  }

  it('whose policy cannot be put back is parked; taken up again, it ends adopted', async () => {
    await expectAdopted(await undoingThatFails('RestorePolicy', 'restorePolicy'));
  });

  it.each(['removeAlias', 'unmark'])(
    'whose undoing began and fails at %s only goes on to its end',
    async (method) => {
      const scene = await undoingThatFails('CompensateOperation', method);

      await expectGivenBack(scene);
      const { operationId } = await scene.world.version(1);
      expect(await scene.world.store.readOperation(operationId)).toMatchObject({
        state: 'compensated',
        cause: 'AccessDenied: made to fail',
      });
    },
  );
});

const undisturbed = await readyToAdopt();
await undisturbed.simulation.runStarted();
const CALLS = undisturbed.simulation.calls;

const undone = await readyToAdopt();
failAt(undone, 'ProbeOpen', 'AccessDenied');
await undone.simulation.runStarted();
const UNDOING_CALLS = undone.simulation.calls;

const DEATHS = (['process', 'execution'] as const).flatMap((of) =>
  (['before', 'after'] as const).map((phase): Omit<Death, 'call'> => ({ of, phase })),
);

describe('an adoption in which something dies', () => {
  it('makes calls enough for the matrix to mean something', () => {
    expect(CALLS).toBeGreaterThan(40);
    expect(UNDOING_CALLS).toBeGreaterThan(30);
  });

  it.each(DEATHS)('ends adopted wherever the $of dies, $phase a call', async ({ of, phase }) => {
    for (let call = 1; call <= CALLS; call += 1) {
      const scene = await readyToAdopt();
      scene.simulation.killAt({ call, phase, of });
      await scene.simulation.runStarted();
      await expectUsable(scene);
      await scene.simulation.settle();

      const at = `call ${call}: ${scene.simulation.log[call - 1]}`;
      expect(scene.simulation.hasDied, at).toBe(true);
      await expect(expectAdopted(scene), at).resolves.toBeUndefined();
    }
  });

  it.each(DEATHS)(
    'is undone wherever the $of dies, $phase a call, or adopted by a later attempt',
    async ({ of, phase }) => {
      for (let call = 1; call <= UNDOING_CALLS; call += 1) {
        const scene = await readyToAdopt();
        failAt(scene, 'ProbeOpen', 'AccessDenied');
        scene.simulation.killAt({ call, phase, of });
        await scene.simulation.runStarted();
        await expectUsable(scene);
        await scene.simulation.settle();

        const at = `call ${call}: ${scene.simulation.log[call - 1]}`;
        await expect(expectGivenBack(scene), at).resolves.toBeUndefined();
        await expectUsable(scene);
      }
    },
  );

  it('ends adopted also while KMS shows changes late', async () => {
    for (let call = 1; call <= CALLS; call += 3) {
      const scene = await readyToAdopt(4);
      scene.simulation.killAt({ call, phase: 'after', of: 'process' });
      await scene.simulation.runStarted();
      await scene.simulation.settle();

      await expect(expectAdopted(scene), `call ${call}`).resolves.toBeUndefined();
    }
  });
});
