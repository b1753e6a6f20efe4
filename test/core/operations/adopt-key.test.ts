// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256Hex } from '#core/crypto/hashing.ts';
import { KeyturnError } from '#core/errors.ts';
import type { AdoptKeyInput } from '#core/operations/adopt-key.ts';
import { completeOperation } from '#core/operations/end-operation.ts';
import { releaseKey } from '#core/operations/release-key.ts';
import { applyAccess } from '#core/operations/update-access.ts';
import { verifyVersion } from '#core/operations/verify-version.ts';
import { consolePolicy, DEFAULT_POLICY } from '#test/support/foreign-keys.ts';
import {
  ADOPTION_STEPS,
  begin,
  ROTATION_STEPS,
  runSteps,
  withActiveKey,
} from '#test/support/steps.ts';
import { ALICE, aWorld, CONSUMER, KEY_STORE, PERMIT, type World } from '#test/support/world.ts';

const ALIAS = 'alias/legacy-orders';
/** Aliases that a key keeps when it is let go. */
const OURS = ['alias:alias/keyturn/local/orders', 'alias:alias/keyturn/local/orders/v1'];

describe('an adoption that is asked for', () => {
  let world: World;
  let kmsKey: string;
  beforeEach(async () => {
    world = await aWorld();
    kmsKey = world.vault.addForeignKey(consolePolicy(CONSUMER), [ALIAS]).keyId;
  });

  const adopt = (input: Partial<AdoptKeyInput> = {}) =>
    world.admitAdoption({ kmsKey, aliases: [ALIAS], ...input });
  const refusal = async (input: Partial<AdoptKeyInput> = {}) => {
    const error = await adopt(input).catch((cause: unknown) => cause);
    if (!(error instanceof KeyturnError)) throw new Error('it was admitted');
    expect(await world.store.readKey('orders')).toBeNull();
    expect(await world.store.findRecordedKey(kmsKey)).toBeNull();
    return { code: error.code, fields: error.fields };
  };

  it('claims name, version and KMS key in one transaction, and starts the workflow', async () => {
    const operationId = await adopt();

    const { key, versions, operation } = await world.snapshot();
    expect(operation).toMatchObject({ id: operationId, kind: 'adopt-key', state: 'running' });
    expect(key).toMatchObject({ state: 'pre-activation', tier: 'kms', legacyAliases: [ALIAS] });
    expect(versions).toMatchObject([
      {
        version: 1,
        keyId: kmsKey,
        policyTemplate: 'original',
        adoption: {
          policyDigest: sha256Hex(consolePolicy(CONSUMER)),
          isInKeyStore: true,
          original: null,
        },
      },
    ]);
    expect(await world.store.findRecordedKey(kmsKey)).toEqual({ name: 'orders', version: 1 });
    expect(await world.store.readOccupancy(KEY_STORE)).toEqual([
      { class: 'test', keys: 1, versions: 1 },
    ]);
    expect(world.workflows.started.at(-1)).toMatchObject({ kind: 'adopt-key', operationId });
    expect(await world.actions()).toEqual(['key.adoption-admitted']);
  });

  it('takes the roles of its policy as access, let in by the policy alone as before', async () => {
    await adopt();

    expect((await world.key()).access).toEqual([
      { principal: CONSUMER, rights: ['encrypt', 'decrypt'], isNamed: true },
    ]);
  });

  it('takes another access, and only whom the policy named is let in without IAM', async () => {
    const other = `${CONSUMER}-2`;
    const access = [
      { principal: CONSUMER, rights: ['encrypt', 'decrypt'] as const },
      { principal: other, rights: ['decrypt'] as const },
    ];
    await adopt({ access });

    expect((await world.key()).access).toEqual([{ ...access[0], isNamed: true }, access[1]]);
  });

  it('needs every loss accepted by name', async () => {
    expect(await refusal({ accept: [], aliases: [] })).toEqual({
      code: 'KeyNotAdoptable',
      fields: [
        { pointer: '/accept', detail: expect.stringMatching(/^must name "delegated": /) },
        { pointer: '/accept', detail: expect.stringMatching(`^must name "alias:${ALIAS}": `) },
      ],
    });
    await expect(
      adopt({ accept: ['delegated', `alias:${ALIAS}`], aliases: [] }),
    ).resolves.toBeDefined();
  });

  it('needs a role that would lose a right to be named, too', async () => {
    const access = [{ principal: CONSUMER, rights: ['decrypt'] as const }];
    const { fields } = await refusal({ access });

    expect(fields).toEqual([
      {
        pointer: '/accept',
        detail: `must name "access:${CONSUMER}": ${CONSUMER} could no longer encrypt`,
      },
    ]);
    await expect(
      adopt({ access, accept: ['delegated', `access:${CONSUMER}`] }),
    ).resolves.toBeDefined();
  });

  it('refuses what nothing can be accepted about', async () => {
    kmsKey = world.vault.addForeignKey('{"Statement":[]}').keyId;

    expect(await refusal({ aliases: [] })).toEqual({
      code: 'KeyNotAdoptable',
      fields: [{ pointer: '/kmsKey', detail: expect.stringMatching(/^not-delegated: /) }],
    });
  });

  it('refuses a KMS key that another adoption has claimed', async () => {
    await adopt();

    await expect(adopt({ name: 'others' })).rejects.toMatchObject({
      name: 'KeyNotAdoptable',
      fields: [{ pointer: '/kmsKey', detail: 'already-managed: it is version 1 of orders' }],
    });
    expect(await world.store.readKey('others')).toBeNull();
  });

  describe('of a key outside the key store', () => {
    beforeEach(() => {
      kmsKey = world.vault.addForeignKey(consolePolicy(CONSUMER), [], 'AWS_KMS').keyId;
    });
    const adoptAs = async (origin?: AdoptKeyInput['origin']) => {
      await adopt({ aliases: [], origin });
      await runSteps(world, await begin(world), ADOPTION_STEPS);
      await world.admitRotation();
      await runSteps(world, await begin(world), ROTATION_STEPS);
      return world.snapshot();
    };
    const written = () => world.vault.cryptoFor(CONSUMER).encrypt(kmsKey, Buffer.from('kept'), {});

    it('moves into it with the first rotation', async () => {
      const old = await written();
      const { key, versions } = await adoptAs();

      expect(key).toMatchObject({ keyStore: KEY_STORE, currentVersion: 2 });
      expect(key.currentKeyId).not.toBe(kmsKey);
      expect(versions[0]).toMatchObject({ keyId: kmsKey, policyTemplate: 'decrypt-only' });
      expect(await world.store.readOccupancy(KEY_STORE)).toEqual([
        { class: 'test', keys: 1, versions: 1 },
      ]);
      await expect(world.vault.cryptoFor(CONSUMER).decrypt(old, {})).resolves.toBeDefined();
    });

    it('is rotated in place when it is to stay of its origin', async () => {
      const old = await written();
      const { key, versions } = await adoptAs('AWS_KMS');

      expect(key).toMatchObject({ origin: 'AWS_KMS', currentVersion: 2, currentKeyId: kmsKey });
      expect(versions).toMatchObject([{ keyId: kmsKey }, { keyId: kmsKey, isInPlace: true }]);
      await expect(world.vault.cryptoFor(CONSUMER).decrypt(old, {})).resolves.toBeDefined();
      await expect(written()).resolves.toBeDefined();
    });

    it('goes on as no other origin', async () => {
      expect(await refusal({ aliases: [], origin: 'EXTERNAL' })).toEqual({
        code: 'ValidationFailed',
        fields: [{ pointer: '/origin', detail: 'must be AWS_CLOUDHSM or AWS_KMS' }],
      });
    });
  });

  it('takes a key back that was let go, under another name', async () => {
    await adopt();
    await runSteps(world, await begin(world), ADOPTION_STEPS);
    await releaseKey(world.deps, {
      key: 'orders',
      reason: null,
      by: ALICE.id,
      decision: PERMIT,
      claim: { scope: 'release', bodyHash: 'body' },
    });
    const input = await begin(world);
    await applyAccess(world.deps, input);
    await verifyVersion(world.deps, { ...input, check: 'access' });
    await completeOperation(world.deps, input);

    await adopt({ name: 'again', accept: ['delegated', ...OURS] });
    await runSteps(world, await begin(world, 'again'), ADOPTION_STEPS);

    expect(await world.key('again')).toMatchObject({ state: 'active', currentKeyId: kmsKey });
    expect(await world.store.findRecordedKey(kmsKey)).toEqual({ name: 'again', version: 1 });
    expect((await world.key()).releasedAt).not.toBeNull();
  });

  it('gives one of two that ask at the same time the KMS key', async () => {
    const both = await Promise.allSettled([adopt(), adopt({ name: 'others' })]);

    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find((one) => one.status === 'rejected')).toMatchObject({
      reason: { name: 'KeyNotAdoptable' },
    });
  });

  it.each([
    ['an alias of another key', 'alias/legacy-none', 'is no alias of this KMS key'],
    ['an alias that no role may move', 'alias/elsewhere', 'is not in the setting adoption.aliases'],
  ])('refuses %s', async (_what, alias, detail) => {
    kmsKey = world.vault.addForeignKey(DEFAULT_POLICY, ['alias/elsewhere']).keyId;

    expect(
      await refusal({ aliases: [alias], accept: ['delegated', 'alias:alias/elsewhere'] }),
    ).toEqual({
      code: 'ValidationFailed',
      fields: [{ pointer: '/aliases/0', detail: expect.stringContaining(detail) }],
    });
  });

  it.each([
    ['an unknown owner', { owner: 'nobody' }, 'UnknownOwner'],
    ['an unknown class', { class: 'none' }, 'ValidationFailed'],
    ['an environment of another stage', { environment: 'production' as const }, 'NotServedHere'],
  ])('refuses %s as the creation of a key does', async (_what, input, code) => {
    expect(await refusal(input)).toMatchObject({ code });
  });

  it('refuses a name that is taken', async () => {
    await withActiveKey(world);

    await expect(adopt()).rejects.toMatchObject({ name: 'KeyAlreadyExists' });
    expect(await world.store.findRecordedKey(kmsKey)).toBeNull();
  });

  it('is the same operation when it is asked for again, and refused with another body', async () => {
    const claim = { scope: 'adopt', bodyHash: 'body' };
    const input = { kmsKey, aliases: [ALIAS] };
    const first = await world.admitAdoption(input, claim);

    expect(await world.admitAdoption(input, claim)).toBe(first);
    await expect(world.admitAdoption(input, { ...claim, bodyHash: 'other' })).rejects.toMatchObject(
      { name: 'IdempotencyKeyReused' },
    );
    expect((await world.snapshot()).versions).toHaveLength(1);
  });
});
