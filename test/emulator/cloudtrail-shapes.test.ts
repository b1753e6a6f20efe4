// SPDX-License-Identifier: Apache-2.0
// Events have the members of AWS's published samples.
// @see https://docs.aws.amazon.com/kms/latest/developerguide/understanding-kms-entries.html
import {
  CreateAliasCommand,
  CreateGrantCommand,
  CreateKeyCommand,
  DecryptCommand,
  DeleteAliasCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyPairCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  GetKeyPolicyCommand,
  type KMSClient,
  PutKeyPolicyCommand,
  ReEncryptCommand,
  ReplicateKeyCommand,
  RetireGrantCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
  UpdateAliasCommand,
  UpdatePrimaryRegionCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConnectedKeyStore, startEmulator, type TestEmulator, until } from './support.ts';
import { type Event, eventsOf, trail } from './trail.ts';

const DATE = expect.stringMatching(/^[A-Z][a-z]{2} \d{1,2}, \d{4}, \d{1,2}:\d\d:\d\d [AP]M$/);
const MATERIAL = expect.stringMatching(/^[0-9a-f]{64}$/);
const THERE = 'eu-west-1';
const Plaintext = Buffer.from('canary');
const symmetric = { encryptionAlgorithm: 'SYMMETRIC_DEFAULT' };

let emulator: TestEmulator;
let kms: KMSClient;
let ahead = 0;
beforeAll(async () => {
  emulator = await startEmulator({ clock: () => Date.now() + ahead });
  kms = emulator.kms();
});
afterAll(() => emulator.stop());

async function newKey(input = {}) {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand(input));
  return { KeyId: KeyMetadata?.KeyId ?? '', Arn: KeyMetadata?.Arn ?? '' };
}
const resource = (ARN: string) => ({ accountId: '000000000000', type: 'AWS::KMS::Key', ARN });
const aliasArn = (Arn: string, name: string) => Arn.replace(/key\/.*/, name);
async function only(work: () => Promise<unknown>): Promise<Event> {
  const [event = {}, ...more] = await eventsOf(emulator, work);
  expect(more).toEqual([]);
  return event;
}
async function sealed(KeyId: string) {
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext }));
  return { CiphertextBlob };
}
async function expiresLater(KeyId: string) {
  await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
}

describe('keys', () => {
  it('CreateKey has what was left out, and dates in words', async () => {
    const event = await only(() => newKey({ KeyUsage: 'SIGN_VERIFY', KeySpec: 'ECC_NIST_P256' }));

    expect(event).toMatchObject({
      requestParameters: {
        description: '',
        origin: 'AWS_KMS',
        bypassPolicyLockoutSafetyCheck: false,
        customerMasterKeySpec: 'ECC_NIST_P256',
        keySpec: 'ECC_NIST_P256',
        keyUsage: 'SIGN_VERIFY',
      },
      responseElements: {
        keyMetadata: {
          AWSAccountId: '000000000000',
          creationDate: DATE,
          keyState: 'Enabled',
          signingAlgorithms: ['ECDSA_SHA_256'],
        },
      },
    });
    expect(event['responseElements']).not.toHaveProperty('keyId');
  });

  it('ScheduleKeyDeletion has the date of the end', async () => {
    const { KeyId, Arn } = await newKey();

    expect(await only(() => expiresLater(KeyId))).toMatchObject({
      requestParameters: { keyId: KeyId, pendingWindowInDays: 7 },
      responseElements: { keyId: Arn, keyState: 'PendingDeletion', deletionDate: DATE },
      resources: [resource(Arn)],
    });
  });

  it('PutKeyPolicy shows the policy and answers nothing', async () => {
    const { KeyId } = await newKey();
    const { Policy } = await kms.send(new GetKeyPolicyCommand({ KeyId }));

    expect(await only(() => kms.send(new PutKeyPolicyCommand({ KeyId, Policy })))).toMatchObject({
      requestParameters: {
        keyId: KeyId,
        policyName: 'default',
        policy: Policy,
        bypassPolicyLockoutSafetyCheck: false,
      },
      responseElements: null,
    });
  });

  it('TagResource names the key that the API does not answer', async () => {
    const { KeyId, Arn } = await newKey();
    const Tags = [{ TagKey: 'Department', TagValue: 'IT' }];

    expect(await only(() => kms.send(new TagResourceCommand({ KeyId, Tags })))).toMatchObject({
      requestParameters: { keyId: KeyId, tags: [{ tagKey: 'Department', tagValue: 'IT' }] },
      responseElements: { keyId: Arn },
    });
  });

  it('grants have their id, and a retired one tells it apart from the request', async () => {
    const { KeyId, Arn } = await newKey();
    const grant = {
      KeyId,
      GranteePrincipal: 'arn:aws:iam::000000000000:role/reader',
      Operations: ['Decrypt' as const],
      Constraints: { EncryptionContextSubset: { tenant: 'a' } },
    };
    let GrantToken: string | undefined;
    const made = await only(async () => {
      ({ GrantToken } = await kms.send(new CreateGrantCommand(grant)));
    });
    const grantId = expect.stringMatching(/^[0-9a-f]{64}$/);

    expect(made).toMatchObject({
      requestParameters: { constraints: { encryptionContextSubset: { tenant: 'a' } } },
      responseElements: { grantId, keyId: Arn },
    });
    expect(made['responseElements']).not.toHaveProperty('grantToken');
    expect(await only(() => kms.send(new RetireGrantCommand({ GrantToken })))).toMatchObject({
      requestParameters: null,
      responseElements: { keyId: Arn },
      additionalEventData: { grantId },
      resources: [resource(Arn)],
    });
  });
});

describe('aliases are resources beside their keys', () => {
  it('when they are made, moved and deleted', async () => {
    const [first, second] = [await newKey(), await newKey()];
    const AliasName = 'alias/orders';
    const alias = resource(aliasArn(first.Arn, AliasName));
    const point = { AliasName, TargetKeyId: first.KeyId };

    expect(await only(() => kms.send(new CreateAliasCommand(point)))).toMatchObject({
      requestParameters: { aliasName: AliasName, targetKeyId: first.KeyId },
      responseElements: { keyId: first.Arn },
      resources: [resource(first.Arn), alias],
    });
    const move = { AliasName, TargetKeyId: second.KeyId };
    expect(await only(() => kms.send(new UpdateAliasCommand(move)))).toMatchObject({
      responseElements: { keyId: second.Arn },
      resources: [alias, resource(first.Arn), resource(second.Arn)],
    });
    expect(await only(() => kms.send(new DeleteAliasCommand({ AliasName })))).toMatchObject({
      responseElements: { keyId: second.Arn },
      resources: [alias, resource(second.Arn)],
    });
  });
});

describe('cryptography tells which material was used', () => {
  const blobOf = async (KeyId: string) => {
    const blob = await sealed(KeyId);
    return () => kms.send(new DecryptCommand(blob));
  };
  it.each([
    ['Decrypt', blobOf, symmetric],
    [
      'GenerateDataKey',
      (KeyId: string) => () => kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' })),
      { keySpec: 'AES_256' },
    ],
    [
      'GenerateDataKeyWithoutPlaintext',
      (KeyId: string) => () =>
        kms.send(new GenerateDataKeyWithoutPlaintextCommand({ KeyId, NumberOfBytes: 16 })),
      { numberOfBytes: 16 },
    ],
    [
      'GenerateDataKeyPair',
      (KeyId: string) => () =>
        kms.send(new GenerateDataKeyPairCommand({ KeyId, KeyPairSpec: 'ECC_NIST_P256' })),
      { keyPairSpec: 'ECC_NIST_P256' },
    ],
  ] as const)('%s', async (eventName, prepare, requestParameters) => {
    const { KeyId, Arn } = await newKey();
    const use = await prepare(KeyId);

    expect(await only(use)).toMatchObject({
      eventName,
      requestParameters,
      responseElements: null,
      additionalEventData: { keyMaterialId: MATERIAL },
      readOnly: true,
      resources: [resource(Arn)],
    });
  });

  it('ReEncrypt names both', async () => {
    const [from, to] = [await newKey(), await newKey()];
    const input = { ...(await sealed(from.KeyId)), DestinationKeyId: to.KeyId };

    expect(await only(() => kms.send(new ReEncryptCommand(input)))).toMatchObject({
      requestParameters: {
        sourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
        destinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
        destinationKeyId: to.KeyId,
      },
      additionalEventData: { sourceKeyMaterialId: MATERIAL, destinationKeyMaterialId: MATERIAL },
    });
  });
});

describe('two Regions', () => {
  it('ReplicateKey shows the new key, UpdatePrimaryRegion is written in both', async () => {
    const { KeyId, Arn } = await newKey({ MultiRegion: true });
    const there = Arn.replace('us-east-1', THERE);
    const replicate = new ReplicateKeyCommand({ KeyId, ReplicaRegion: THERE });
    const made = await only(() => kms.send(replicate));

    expect(made).toMatchObject({
      requestParameters: {
        keyId: KeyId,
        replicaRegion: THERE,
        bypassPolicyLockoutSafetyCheck: false,
        description: '',
      },
      responseElements: {
        replicaKeyMetadata: {
          aWSAccountId: '000000000000',
          arn: there,
          creationDate: DATE,
          keyState: 'Creating',
        },
        replicaPolicy: expect.stringContaining('kms:*'),
      },
    });
    ahead += 1000;
    const update = new UpdatePrimaryRegionCommand({ KeyId, PrimaryRegion: THERE });
    const [here, elsewhere] = await eventsOf(emulator, () => kms.send(update));
    const requestParameters = { keyId: KeyId, primaryRegion: THERE };
    expect(here).toMatchObject({
      awsRegion: 'us-east-1',
      requestParameters,
      responseElements: { keyId: Arn },
    });
    expect(elsewhere).toMatchObject({
      awsRegion: THERE,
      requestParameters,
      responseElements: { keyId: there },
      resources: [resource(there)],
    });
    expect(elsewhere?.['requestID']).toBe(here?.['requestID']);
  });
});

describe('what KMS does by itself', () => {
  const ofService = { eventType: 'AwsServiceEvent', requestParameters: null, readOnly: false };
  const seen = (eventName: string, Arn: string) =>
    until(eventName, async () =>
      (await trail(emulator, '?limit=1000')).events.find((event) => {
        const [used] = (event['resources'] ?? []) as { ARN: string }[];
        return event['eventName'] === eventName && used?.ARN === Arn;
      }),
    );

  it('RotateKey tells the materials before and after', async () => {
    const { KeyId, Arn } = await newKey();
    await kms.send(new RotateKeyOnDemandCommand({ KeyId }));
    ahead += 1000;
    await sealed(KeyId);

    expect(await seen('RotateKey', Arn)).toMatchObject({
      ...ofService,
      userIdentity: { accountId: '000000000000', invokedBy: 'AWS Internal' },
      responseElements: null,
      serviceEventDetails: {
        rotationType: 'ON_DEMAND',
        keyOrigin: 'AWS_KMS',
        previousKeyMaterialId: MATERIAL,
        currentKeyMaterialId: MATERIAL,
      },
    });
  });

  it('DeleteKey comes when the waiting period ends; of a key store it tells where the key was', async () => {
    const { keyStoreId, clusterId } = await createConnectedKeyStore(emulator);
    const standard = await newKey();
    const stored = await newKey({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: keyStoreId });
    const used = await only(() => sealed(stored.KeyId));
    for (const { KeyId } of [standard, stored]) await expiresLater(KeyId);
    const offsetSeconds = 8 * 86_400;
    await fetch(`${emulator.url}/_admin/clock`, {
      method: 'POST',
      headers: { 'x-admin-token': emulator.adminToken },
      body: JSON.stringify({ offsetSeconds }),
    });

    const inStore = { customKeyStoreId: keyStoreId };
    expect(used).toMatchObject({
      additionalEventData: { ...inStore, backingKeyId: stored.KeyId },
    });
    const deleted = await seen('DeleteKey', standard.Arn);
    expect(deleted).toMatchObject({ ...ofService, responseElements: { keyId: standard.Arn } });
    expect(deleted).not.toHaveProperty('additionalEventData');
    expect(await seen('DeleteKey', stored.Arn)).toMatchObject({
      ...ofService,
      additionalEventData: {
        ...inStore,
        clusterId,
        backingKeysDeletionStatus: expect.stringContaining('"deletionStatus":"SUCCESS"'),
      },
    });
  });
});
