// SPDX-License-Identifier: Apache-2.0
// Multi-Region keys: replicas with the primary's material and a life of their own, a new primary, and the end.
import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateKeyCommand,
  type CreateKeyCommandInput,
  DecryptCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  type KMSClient,
  ListKeyRotationsCommand,
  ListResourceTagsCommand,
  ReplicateKeyCommand,
  type ReplicateKeyCommandInput,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
  SignCommand,
  UpdatePrimaryRegionCommand,
  VerifyCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allow, clientOf, delegation, deny, startBehindGateway } from './callers.ts';
import { createConnectedKeyStore, refusal, type TestEmulator, until } from './support.ts';

const HOME = 'us-east-1';
const THERE = 'eu-west-1';
const DAY = 86_400_000;
let ahead = 0;
let emulator: TestEmulator;
const at = (region: string) => emulator.kms({ region });
let home: KMSClient;
let there: KMSClient;
beforeAll(async () => {
  emulator = await startBehindGateway();
  home = at(HOME);
  there = at(THERE);
});
afterAll(() => emulator.stop());

/** The clock that is set leaves signatures alone, and ends at once the keys whose time is over. */
async function pass(days: number) {
  ahead += days * DAY;
  await fetch(`${emulator.url}/_admin/clock`, {
    method: 'POST',
    headers: { 'x-admin-token': emulator.adminToken },
    body: JSON.stringify({ offsetSeconds: ahead / 1000 }),
  });
}

const arn = (region: string, keyId: string) => `arn:aws:kms:${region}:000000000000:key/${keyId}`;
const describeKey = async (kms: KMSClient, KeyId: string) =>
  (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata ?? { KeyId: undefined };
const reaches = (kms: KMSClient, KeyId: string, state: string) =>
  until(`the key is ${state}`, async () =>
    (await describeKey(kms, KeyId)).KeyState === state ? true : undefined,
  );
async function newPrimary(input: CreateKeyCommandInput = {}): Promise<string> {
  const { KeyMetadata } = await home.send(new CreateKeyCommand({ MultiRegion: true, ...input }));
  return KeyMetadata?.KeyId ?? '';
}
const replicate = (KeyId: string, more: Partial<ReplicateKeyCommandInput> = {}) =>
  home.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: THERE, ...more }));
async function newPair(input: CreateKeyCommandInput = {}): Promise<string> {
  const KeyId = await newPrimary(input);
  await replicate(KeyId);
  await reaches(there, KeyId, 'Enabled');
  return KeyId;
}
const encrypt = async (kms: KMSClient, KeyId: string) =>
  (await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('secret') }))).CiphertextBlob;
async function opens(kms: KMSClient, CiphertextBlob: Uint8Array | undefined) {
  const { Plaintext, KeyId } = await kms.send(new DecryptCommand({ CiphertextBlob }));
  return { text: Buffer.from(Plaintext ?? []).toString(), KeyId };
}

describe('a multi-Region key', () => {
  it('begins as a primary without replicas', async () => {
    const KeyId = await newPrimary();

    expect(KeyId).toMatch(/^mrk-[0-9a-f]{32}$/);
    expect(await describeKey(home, KeyId)).toMatchObject({
      Arn: arn(HOME, KeyId),
      MultiRegion: true,
      MultiRegionConfiguration: {
        MultiRegionKeyType: 'PRIMARY',
        PrimaryKey: { Arn: arn(HOME, KeyId), Region: HOME },
        ReplicaKeys: [],
      },
    });
    expect((await refusal(describeKey(there, KeyId))).name).toBe('NotFoundException');
  });

  it('is nothing for a custom key store', async () => {
    const { keyStoreId } = await createConnectedKeyStore(emulator);
    const input = { Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: keyStoreId } as const;

    expect((await refusal(newPrimary(input))).name).toBe('UnsupportedOperationException');
    const { KeyMetadata } = await home.send(new CreateKeyCommand(input));
    expect((await refusal(replicate(KeyMetadata?.KeyId ?? ''))).name).toBe(
      'UnsupportedOperationException',
    );
  });
});

describe('ReplicateKey', () => {
  it('makes a key of its own with the same material', async () => {
    const KeyId = await newPrimary({
      Description: 'first',
      Tags: [{ TagKey: 'a', TagValue: '1' }],
    });
    const before = await encrypt(home, KeyId);

    const made = await replicate(KeyId, {
      Description: 'second',
      Tags: [{ TagKey: 'b', TagValue: '2' }],
      Policy: JSON.stringify({ Statement: [delegation], Id: 'of-the-replica' }),
    });

    expect(made.ReplicaKeyMetadata).toMatchObject({
      Arn: arn(THERE, KeyId),
      KeyState: 'Creating',
      Description: 'second',
      MultiRegionConfiguration: {
        MultiRegionKeyType: 'REPLICA',
        PrimaryKey: { Region: HOME },
        ReplicaKeys: [{ Arn: arn(THERE, KeyId), Region: THERE }],
      },
    });
    expect(made.ReplicaKeyMetadata).not.toHaveProperty('CurrentKeyMaterialId');
    expect(made.ReplicaTags).toEqual([{ TagKey: 'b', TagValue: '2' }]);
    expect((await refusal(encrypt(there, KeyId))).name).toBe('KMSInvalidStateException');
    await reaches(there, KeyId, 'Enabled');
    expect(await opens(there, before)).toEqual({ text: 'secret', KeyId: arn(THERE, KeyId) });
    expect(await opens(home, await encrypt(there, KeyId))).toMatchObject({ text: 'secret' });
    const { Policy = '' } = await there.send(new GetKeyPolicyCommand({ KeyId }));
    expect(JSON.parse(Policy)).toMatchObject({ Id: 'of-the-replica' });
    const { Tags } = await home.send(new ListResourceTagsCommand({ KeyId }));
    expect(Tags).toEqual([{ TagKey: 'a', TagValue: '1' }]);
    expect((await describeKey(home, KeyId)).MultiRegionConfiguration?.ReplicaKeys).toHaveLength(1);
  });

  it('refuses a second replica, single-Region keys, replicas, disabled keys and Regions that are none', async () => {
    const KeyId = await newPair();
    const single = (await home.send(new CreateKeyCommand({}))).KeyMetadata?.KeyId ?? '';
    const nameOf = async (sending: Promise<unknown>) => (await refusal(sending)).name;

    expect(await nameOf(replicate(KeyId))).toBe('AlreadyExistsException');
    expect(await nameOf(replicate(KeyId, { ReplicaRegion: HOME }))).toBe('AlreadyExistsException');
    expect(await nameOf(replicate(KeyId, { ReplicaRegion: 'eu-nowhere-1' }))).toBe(
      'UnsupportedOperationException',
    );
    expect(await nameOf(replicate(KeyId, { ReplicaRegion: 'here' }))).toBe('ValidationException');
    expect(await nameOf(replicate(single))).toBe('UnsupportedOperationException');
    const ofReplica = new ReplicateKeyCommand({ KeyId, ReplicaRegion: 'eu-west-2' });
    // Recorded from AWS, small letters and all.
    expect(await refusal(there.send(ofReplica))).toEqual({
      name: 'UnsupportedOperationException',
      message: `${arn(THERE, KeyId)} is not a multi-region primary key.`,
    });
    await home.send(new DisableKeyCommand({ KeyId }));
    expect(await nameOf(home.send(ofReplica))).toBe('DisabledException');
  });

  it('leaves states apart: a disabled primary has a replica at work', async () => {
    const KeyId = await newPair();
    const ciphertext = await encrypt(home, KeyId);
    await home.send(new DisableKeyCommand({ KeyId }));

    expect((await refusal(encrypt(home, KeyId))).name).toBe('DisabledException');
    expect(await opens(there, ciphertext)).toMatchObject({ text: 'secret' });
  });

  it.each([
    ['ECC_NIST_P256', 'ECDSA_SHA_256'],
    ['ECC_NIST_EDWARDS25519', 'ED25519_SHA_512'],
  ] as const)(
    'what one %s key signs, the other verifies, also when one is gone',
    async (KeySpec, SigningAlgorithm) => {
      const KeyId = await newPair({ KeySpec, KeyUsage: 'SIGN_VERIFY' });
      const signing = { KeyId, SigningAlgorithm, Message: Buffer.from('m') };

      const { Signature } = await there.send(new SignCommand(signing));
      await there.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
      await pass(8);

      const verifying = new VerifyCommand({ ...signing, Signature });
      expect((await home.send(verifying)).SignatureValid).toBe(true);
      expect((await home.send(new SignCommand(signing))).Signature?.length).toBeGreaterThan(0);
      expect((await describeKey(home, KeyId)).MultiRegionConfiguration?.ReplicaKeys).toEqual([]);
    },
  );
});

describe('rotation', () => {
  const status = (kms: KMSClient, KeyId: string) =>
    kms.send(new GetKeyRotationStatusCommand({ KeyId }));

  it('is decided on the primary, and its materials are those of all', async () => {
    const KeyId = await newPair();
    const first = await encrypt(there, KeyId);
    const onReplica = there.send(new EnableKeyRotationCommand({ KeyId }));
    expect((await refusal(onReplica)).name).toBe('UnsupportedOperationException');
    expect((await refusal(there.send(new RotateKeyOnDemandCommand({ KeyId })))).name).toBe(
      'UnsupportedOperationException',
    );

    await home.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 90 }));
    expect(await status(there, KeyId)).toMatchObject({
      KeyRotationEnabled: true,
      RotationPeriodInDays: 90,
    });
    await pass(91);

    const { CurrentKeyMaterialId: rotated } = await describeKey(there, KeyId);
    expect((await describeKey(home, KeyId)).CurrentKeyMaterialId).toBe(rotated);
    const { Rotations } = await there.send(new ListKeyRotationsCommand({ KeyId }));
    expect(Rotations?.map(({ KeyMaterialId }) => KeyMaterialId)).toEqual([rotated]);
    expect(await opens(home, await encrypt(there, KeyId))).toMatchObject({ text: 'secret' });
    expect(await opens(there, first)).toMatchObject({ text: 'secret' });
  });

  it('goes on under a new primary', async () => {
    const KeyId = await newPair();
    await home.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 90 }));
    const command = new UpdatePrimaryRegionCommand({ KeyId, PrimaryRegion: THERE });
    await home.send(command);
    await reaches(there, KeyId, 'Enabled');
    const before = (await describeKey(home, KeyId)).CurrentKeyMaterialId;

    await pass(91);

    const after = (await describeKey(home, KeyId)).CurrentKeyMaterialId;
    expect(after).not.toBe(before);
    expect((await describeKey(there, KeyId)).CurrentKeyMaterialId).toBe(after);
  });
});

describe('UpdatePrimaryRegion', () => {
  const move = (kms: KMSClient, KeyId: string, PrimaryRegion: string) =>
    kms.send(new UpdatePrimaryRegionCommand({ KeyId, PrimaryRegion }));

  it('swaps the roles; the keys are Updating for a moment and can be used meanwhile', async () => {
    const KeyId = await newPair();

    await move(home, KeyId, THERE);

    expect((await describeKey(home, KeyId)).KeyState).toBe('Updating');
    expect(await opens(there, await encrypt(home, KeyId))).toMatchObject({ text: 'secret' });
    expect((await refusal(home.send(new DisableKeyCommand({ KeyId })))).name).toBe(
      'KMSInvalidStateException',
    );
    await reaches(home, KeyId, 'Enabled');
    for (const kms of [home, there]) {
      expect((await describeKey(kms, KeyId)).MultiRegionConfiguration).toMatchObject({
        MultiRegionKeyType: kms === home ? 'REPLICA' : 'PRIMARY',
        PrimaryKey: { Arn: arn(THERE, KeyId), Region: THERE },
        ReplicaKeys: [{ Arn: arn(HOME, KeyId), Region: HOME }],
      });
    }
    await there.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: 'eu-west-2' }));
    await home.send(new DisableKeyCommand({ KeyId }));
    await home.send(new EnableKeyCommand({ KeyId }));
  });

  it('refuses Regions without a replica, the same Region, and replicas', async () => {
    const KeyId = await newPair();
    const nameOf = async (sending: Promise<unknown>) => (await refusal(sending)).name;

    expect(await nameOf(move(home, KeyId, 'eu-west-3'))).toBe('NotFoundException');
    expect(await nameOf(move(home, KeyId, HOME))).toBe('UnsupportedOperationException');
    expect(await nameOf(move(there, KeyId, THERE))).toBe('UnsupportedOperationException');
    await there.send(new DisableKeyCommand({ KeyId }));
    expect(await nameOf(move(home, KeyId, THERE))).toBe('DisabledException');
  });
});

describe('the end of a primary', () => {
  it('waits for its replicas, and can be called off', async () => {
    const KeyId = await newPair();
    const answer = await home.send(
      new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 8 }),
    );
    expect(answer).toMatchObject({ KeyState: 'PendingReplicaDeletion', PendingWindowInDays: 8 });
    expect(answer.DeletionDate).toBeUndefined();
    const waiting = await describeKey(home, KeyId);
    expect(waiting).toMatchObject({ PendingDeletionWindowInDays: 8 });
    expect((await refusal(encrypt(home, KeyId))).message).toContain('is pending replica deletion.');
    await pass(9);
    expect((await describeKey(home, KeyId)).KeyState).toBe('PendingReplicaDeletion');
    await home.send(new CancelKeyDeletionCommand({ KeyId }));
    expect((await describeKey(home, KeyId)).KeyState).toBe('Disabled');

    await home.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 8 }));
    await there.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
    await pass(7);
    const begun = await describeKey(home, KeyId);
    expect(begun.KeyState).toBe('PendingDeletion');
    expect(begun.DeletionDate?.getTime()).toBeGreaterThan(Date.now() + ahead + 7.9 * DAY);
    await pass(9);
    expect((await refusal(describeKey(home, KeyId))).name).toBe('NotFoundException');
  });
});

describe('authorization', () => {
  it('knows what a key is among its related keys, and where it is to go', async () => {
    const KeyId = await newPair();
    const may = (Action: string, StringEquals: object) =>
      clientOf(emulator, 'replicator', {
        identityPolicies: [
          allow(Action, { Condition: { StringEquals } }),
          allow(['kms:CreateKey', 'kms:PutKeyPolicy'], {
            Condition: { Bool: { 'kms:MultiRegion': 'true' } },
          }),
        ],
      });
    const to = (ReplicaRegion: string) => new ReplicateKeyCommand({ KeyId, ReplicaRegion });
    const near = may('kms:ReplicateKey', { 'kms:ReplicaRegion': 'eu-west-2' });
    const own = may('kms:ReplicateKey', { 'kms:MultiRegionKeyType': 'REPLICA' });
    const moving = may('kms:UpdatePrimaryRegion', { 'kms:PrimaryRegion': 'eu-west-2' });
    const move = new UpdatePrimaryRegionCommand({ KeyId, PrimaryRegion: THERE });

    expect((await refusal(near.send(to('eu-west-3')))).name).toBe('AccessDeniedException');
    expect((await refusal(own.send(to('eu-west-2')))).name).toBe('AccessDeniedException');
    expect((await refusal(moving.send(move))).name).toBe('AccessDeniedException');
    await near.send(to('eu-west-2'));
  });

  it('asks in the Region of the replica too', async () => {
    const KeyId = await newPrimary();
    const role = clientOf(emulator, 'half', {
      identityPolicies: [allow('kms:*'), deny('kms:CreateKey')],
    });

    const refused = await refusal(
      role.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: THERE })),
    );

    expect(refused).toMatchObject({ name: 'AccessDeniedException' });
    expect((await refusal(describeKey(there, KeyId))).name).toBe('NotFoundException');
  });
});

it('aliases of a replica are its own', async () => {
  const KeyId = await newPair();
  const command = new CreateAliasCommand({ AliasName: 'alias/replica-only', TargetKeyId: KeyId });
  await there.send(command);

  expect((await describeKey(there, 'alias/replica-only')).KeyId).toBe(KeyId);
  expect((await refusal(describeKey(home, 'alias/replica-only'))).name).toBe('NotFoundException');
});
