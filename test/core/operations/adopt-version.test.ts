// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import type { ErrorCode } from '#core/contract/errors.ts';
import { canonicalHash } from '#core/crypto/hashing.ts';
import { adoptVersion, restorePolicy } from '#core/operations/adopt-version.ts';
import { compensateOperation } from '#core/operations/end-operation.ts';
import type { StepInput } from '#core/operations/run-step.ts';
import { consolePolicy } from '#test/support/foreign-keys.ts';
import { ADOPTION_STEPS, begin, runSteps } from '#test/support/steps.ts';
import { aWorld, CONSUMER, KEY_STORE, type World } from '#test/support/world.ts';

const POLICY = consolePolicy(CONSUMER);
const ALIAS = 'alias/legacy-orders';
const FAILURE = { error: 'AccessDenied', cause: 'made to fail' };

describe('the adoption of a key', () => {
  let world: World;
  let keyId: string;
  let input: StepInput;
  beforeEach(async () => {
    world = await aWorld();
    keyId = world.vault.addForeignKey(POLICY, [ALIAS]).keyId;
    await world.admitAdoption({ kmsKey: keyId, aliases: [ALIAS] });
    input = await begin(world);
  });

  const stored = () => world.vault.inspect().find((key) => key.keyId === keyId);
  const runUpTo = (step?: string) => runSteps(world, input, ADOPTION_STEPS, step);
  const named = (code: ErrorCode) => expect.objectContaining({ name: code });
  const giveBack = async () => {
    await restorePolicy(world.deps, input);
    await compensateOperation(world.deps, { ...input, failure: FAILURE });
  };

  it('makes it version 1 of an active key, opened to whom it was open, and proven', async () => {
    await runUpTo();

    const { key, versions } = await world.snapshot();
    expect(key).toMatchObject({
      state: 'active',
      currentVersion: 1,
      currentKeyId: keyId,
      lease: null,
      nextRotationAt: expect.any(String),
    });
    expect(versions).toMatchObject([{ state: 'active', policyTemplate: 'active', substate: null }]);
    expect(await world.vault.aliasTarget(key.alias)).toBe(keyId);
    expect(await world.vault.aliasTarget(`${key.alias}/v1`)).toBe(keyId);
    expect(await world.vault.aliasTarget(ALIAS)).toBe(keyId);
    expect(stored()).toMatchObject({ template: 'active', isRecorded: true, isTagged: true });
    expect(await world.actions()).toContain('key.adopted');
  });

  it('lets its user encrypt and decrypt between any two steps', async () => {
    const user = world.vault.cryptoFor(CONSUMER);
    const old = await user.encrypt(keyId, Buffer.from('kept'), {});
    for (const step of ADOPTION_STEPS) {
      await step.run(world, input);
      const made = await user.encrypt(keyId, Buffer.from('new'), {});
      for (const ciphertext of [old, made])
        await expect(user.decrypt(ciphertext, {}), step.name).resolves.toBeDefined();
    }
  });

  it('keeps what the key was as evidence before it changes anything', async () => {
    const order: string[] = [];
    world.onCall = ({ method, phase }) => {
      if (phase === 'before' && ['store', 'mark'].includes(method)) order.push(method);
    };
    await runUpTo('VerifyVersion');

    expect(order).toEqual(['store', 'mark']);
    const { adoption } = await world.version(1);
    const document = JSON.parse(
      world.evidence.documents.get(adoption?.original?.object ?? '') ?? '',
    );
    expect(canonicalHash(document)).toBe(adoption?.original?.digest);
    expect(document).toMatchObject({
      keyId,
      key: { policy: POLICY, aliases: [ALIAS] },
      grants: [],
    });
    expect(document.key.tags).toEqual({ team: 'orders' });
  });

  it('changes nothing when the policy became another one meanwhile', async () => {
    world.vault.setForeignPolicy(keyId, consolePolicy(`${CONSUMER}-2`));

    await expect(adoptVersion(world.deps, input)).rejects.toEqual(named('KeyNotAdoptable'));
    expect(stored()).toMatchObject({ isTagged: false });
    expect(world.evidence.documents.size).toBe(0);
  });

  it('changes nothing when another Keyturn marked the key meanwhile', async () => {
    await world.vault.mark(keyId, {
      stage: 'other',
      name: 'x',
      version: 1,
      operationId: 'op_other',
    });

    await expect(adoptVersion(world.deps, input)).rejects.toEqual(named('KeyNotAdoptable'));
    await giveBack();
    expect(stored()).toMatchObject({ isTagged: true, provenance: { operationId: 'op_other' } });
  });

  it('does not take a key over whose deletion was scheduled meanwhile', async () => {
    const key = { ...(await world.vault.inspector().inspect(keyId)), state: 'PendingDeletion' };
    const inspector = { inspect: async () => key, listGrants: async () => [] };

    await expect(adoptVersion({ ...world.deps, inspector }, input)).rejects.toEqual(
      named('KeyNotAdoptable'),
    );
    expect(stored()).toMatchObject({ isTagged: false });
  });

  it('does each step once, and again without harm', async () => {
    for (const step of ADOPTION_STEPS.slice(0, -1)) {
      await step.run(world, input);
      const { versions } = await world.snapshot();
      const actions = await world.actions();
      await step.run(world, input);
      expect(await world.actions(), step.name).toEqual(actions);
      expect((await world.snapshot()).versions).toEqual(versions);
    }
  });

  it('marks the key when the attempt before died between record and mark', async () => {
    const { deps } = world;
    const marker = { mark: () => Promise.reject(new Error('died')), unmark: async () => {} };
    await expect(adoptVersion({ ...deps, marker }, input)).rejects.toThrow('died');
    expect(stored()).toMatchObject({ isTagged: false });

    await adoptVersion(deps, input);
    expect(stored()).toMatchObject({ isTagged: true, isRecorded: true });
    expect(world.evidence.documents.size).toBe(1);
  });

  describe('that is undone', () => {
    it.each(ADOPTION_STEPS.slice(0, -2).map(({ name }) => name))(
      'before %s gives the key back as it was',
      async (step) => {
        await runUpTo(step);
        await giveBack();

        expect(stored()).toMatchObject({
          policy: { template: 'original', document: POLICY },
          isTagged: false,
          isPendingDeletion: false,
        });
        expect(world.vault.inspectAliases()).toMatchObject([{ alias: ALIAS, target: keyId }]);
        const { key, versions } = await world.snapshot();
        expect(key).toMatchObject({ state: 'pre-activation', lease: null, legacyAliases: [] });
        expect(versions).toMatchObject([{ substate: 'given-back', policyTemplate: 'original' }]);
        expect(await world.store.findRecordedKey(keyId)).toBeNull();
        expect(await world.store.readOccupancy(KEY_STORE)).toEqual([
          { class: 'test', keys: 0, versions: 0 },
        ]);
      },
    );

    it('[INV-02] an adopted key is never disabled and never scheduled for deletion when its adoption is undone', async () => {
      const calls: string[] = [];
      world.onCall = ({ method, phase }) => void (phase === 'before' && calls.push(method));
      await runUpTo('SwitchAlias');
      await giveBack();

      expect(calls).toContain('unmark');
      expect(calls).not.toContain('scheduleDeletion');
      const user = world.vault.cryptoFor(CONSUMER);
      await expect(user.encrypt(keyId, Buffer.from('x'), {})).resolves.toBeDefined();
    });

    it('can be adopted again, also under the same name', async () => {
      await runUpTo('SwitchAlias');
      await giveBack();
      await world.admitAdoption({ kmsKey: keyId, aliases: [ALIAS] });
      await runSteps(world, await begin(world), ADOPTION_STEPS);

      expect(await world.key()).toMatchObject({ state: 'active', currentVersion: 2 });
      expect(await world.store.findRecordedKey(keyId)).toEqual({ name: 'orders', version: 2 });
    });

    it('does not put a policy back that the evidence does not prove', async () => {
      await runUpTo('SwitchAlias');
      const { adoption } = await world.version(1);
      const object = adoption?.original?.object ?? '';
      const text = world.evidence.documents.get(object) ?? '';
      world.evidence.documents.set(object, text.replace('kms:*', 'kms:X'));

      await expect(restorePolicy(world.deps, input)).rejects.toEqual(named('InternalError'));
      expect(stored()).toMatchObject({ template: 'active' });
    });

    it('is not undone behind the switch', async () => {
      await runUpTo('ProbeAlias');
      await restorePolicy(world.deps, input);

      expect(stored()).toMatchObject({ template: 'active' });
      await expect(compensateOperation(world.deps, { ...input, failure: FAILURE })).rejects.toEqual(
        named('TransitionForbidden'),
      );
    });
  });
});
