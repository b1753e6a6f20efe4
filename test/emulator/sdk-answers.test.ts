// SPDX-License-Identifier: Apache-2.0
// Every answer as the SDK's own schemas of the model have it: each member is known there and of its type. Members
// that the SDK would drop in silence are seen on the wire.
import {
  constants,
  createPublicKey,
  generateKeyPairSync,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import * as sdk from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roleArn } from './callers.ts';
import {
  createActiveCluster,
  KEY_STORE_PASSWORD,
  startEmulator,
  type TestEmulator,
  until,
  waitForKeyStore,
} from './support.ts';

const OPERATIONS = Object.keys(sdk)
  .filter((name) => name.endsWith('Command') && !name.startsWith('$'))
  .map((name) => name.slice(0, -'Command'.length))
  .sort();
/** Their keys cannot be made here, so that they have refusals only. */
const WITHOUT_ANSWERS = ['Decapsulate', 'Encapsulate'];

const answers = new Map<string, unknown[]>();
let emulator: TestEmulator;

/** A client that keeps what came over the wire. */
function recording(region: string): sdk.KMSClient {
  const kms = emulator.kms({ region });
  kms.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      const { body } = result.response as { body: AsyncIterable<Uint8Array> };
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      const name = String(context.commandName).replace(/Command$/, '');
      answers.set(name, [...(answers.get(name) ?? []), text === '' ? {} : JSON.parse(text)]);
      (result.response as { body: unknown }).body = Buffer.from(text);
      return result;
    },
    { step: 'deserialize', priority: 'low' },
  );
  return kms;
}

const SIMPLE: Readonly<Record<number, (value: unknown) => boolean>> = {
  0: (value) => typeof value === 'string',
  1: (value) => typeof value === 'number',
  2: (value) => typeof value === 'boolean',
  4: (value) => typeof value === 'number',
  21: (value) => typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value),
};
const LIST = 64;
const MAP = 128;

function simpleProblems(value: unknown, schema: number, at: string): string[] {
  if (schema >= MAP) {
    const pairs = Object.entries(value ?? {});
    return pairs.flatMap(([name, item]) => problems(item, schema - MAP, `${at}.${name}`));
  }
  if (schema >= LIST) {
    if (!Array.isArray(value)) return [`${at} is no list`];
    return value.flatMap((item, index) => problems(item, schema - LIST, `${at}.${index}`));
  }
  const fits = SIMPLE[schema];
  if (fits === undefined) return [`${at} has the unknown schema ${schema}`];
  return fits(value) ? [] : [`${at} is ${JSON.stringify(value)}`];
}

function structureProblems(value: unknown, schema: readonly unknown[], at: string): string[] {
  const [, , , , names, members] = schema as [0, 0, 0, 0, string[], unknown[]];
  return Object.entries(value ?? {}).flatMap(([name, item]) => {
    const index = names.indexOf(name);
    return index < 0
      ? [`${at}.${name} is not of the model`]
      : problems(item, members[index], `${at}.${name}`);
  });
}

/** Schemas are numbers for simple shapes, tuples that begin with their kind, and functions that answer one. */
function problems(value: unknown, schema: unknown, at: string): string[] {
  if (typeof schema === 'function') return problems(value, schema(), at);
  if (typeof schema === 'number') return simpleProblems(value, schema, at);
  if (schema === 'unit') return structureProblems(value, [3, '', '', 0, [], []], at);
  if (!Array.isArray(schema)) return [`${at} has no schema`];
  if (schema[0] === 3 && schema.length >= 6) return structureProblems(value, schema, at);
  if (schema[0] === 1 && schema.length === 5) {
    return Array.isArray(value)
      ? value.flatMap((item, index) => problems(item, schema[4], `${at}.${index}`))
      : [`${at} is no list`];
  }
  if (schema[0] === 0 && schema.length === 5) return problems(value, schema[4], at);
  return problems(value, schema[0], at);
}

const outputOf = (name: string): unknown => Reflect.get(sdk, `${name}$`)?.[5];

async function importOnce(kms: sdk.KMSClient): Promise<void> {
  const { KeyMetadata } = await kms.send(new sdk.CreateKeyCommand({ Origin: 'EXTERNAL' }));
  const KeyId = KeyMetadata?.KeyId ?? '';
  const { ImportToken, PublicKey = new Uint8Array() } = await kms.send(
    new sdk.GetParametersForImportCommand({
      KeyId,
      WrappingAlgorithm: 'RSAES_OAEP_SHA_256',
      WrappingKeySpec: 'RSA_2048',
    }),
  );
  const key = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
  const sealing = { key, oaepHash: 'sha256', padding: constants.RSA_PKCS1_OAEP_PADDING };
  const EncryptedKeyMaterial = publicEncrypt(sealing, randomBytes(32));
  const ValidTo = new Date(Date.now() + 86_400_000);
  await kms.send(
    new sdk.ImportKeyMaterialCommand({ KeyId, ImportToken, EncryptedKeyMaterial, ValidTo }),
  );
  await kms.send(new sdk.DescribeKeyCommand({ KeyId }));
  const IncludeKeyMaterial = 'ALL_KEY_MATERIAL';
  await kms.send(new sdk.ListKeyRotationsCommand({ KeyId, IncludeKeyMaterial }));
  await kms.send(new sdk.DeleteImportedKeyMaterialCommand({ KeyId }));
}

async function keyStoreOnce(kms: sdk.KMSClient): Promise<void> {
  const { clusterId, trustAnchor } = await createActiveCluster(emulator);
  const { CustomKeyStoreId = '' } = await kms.send(
    new sdk.CreateCustomKeyStoreCommand({
      CustomKeyStoreName: 'store',
      CloudHsmClusterId: clusterId,
      TrustAnchorCertificate: trustAnchor,
      KeyStorePassword: KEY_STORE_PASSWORD,
    }),
  );
  await kms.send(
    new sdk.UpdateCustomKeyStoreCommand({ CustomKeyStoreId, NewCustomKeyStoreName: 'renamed' }),
  );
  await kms.send(new sdk.ConnectCustomKeyStoreCommand({ CustomKeyStoreId }));
  await waitForKeyStore(kms, CustomKeyStoreId, 'CONNECTED');
  await kms.send(new sdk.GenerateRandomCommand({ NumberOfBytes: 9, CustomKeyStoreId }));
  await kms.send(new sdk.DisconnectCustomKeyStoreCommand({ CustomKeyStoreId }));
  await waitForKeyStore(kms, CustomKeyStoreId, 'DISCONNECTED');
  await kms.send(new sdk.DeleteCustomKeyStoreCommand({ CustomKeyStoreId }));
}

async function newKey(kms: sdk.KMSClient, input: sdk.CreateKeyCommandInput = {}): Promise<string> {
  return (await kms.send(new sdk.CreateKeyCommand(input))).KeyMetadata?.KeyId ?? '';
}

async function encryptionOnce(kms: sdk.KMSClient, KeyId: string): Promise<void> {
  const { CiphertextBlob } = await kms.send(
    new sdk.EncryptCommand({ KeyId, Plaintext: Buffer.from('x') }),
  );
  await kms.send(new sdk.DecryptCommand({ CiphertextBlob }));
  await kms.send(new sdk.ReEncryptCommand({ CiphertextBlob, DestinationKeyId: KeyId }));
  await kms.send(new sdk.GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }));
  await kms.send(new sdk.GenerateDataKeyWithoutPlaintextCommand({ KeyId, KeySpec: 'AES_128' }));
  const pair = { KeyId, KeyPairSpec: 'ECC_NIST_P256' } as const;
  await kms.send(new sdk.GenerateDataKeyPairCommand(pair));
  await kms.send(new sdk.GenerateDataKeyPairWithoutPlaintextCommand(pair));
  await kms.send(new sdk.GetKeyLastUsageCommand({ KeyId }));
}

async function otherKindsOnce(kms: sdk.KMSClient): Promise<void> {
  const Message = Buffer.from('m');
  const signer = await newKey(kms, { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
  const signing = { KeyId: signer, Message, SigningAlgorithm: 'ECDSA_SHA_256' } as const;
  const { Signature } = await kms.send(new sdk.SignCommand(signing));
  await kms.send(new sdk.VerifyCommand({ ...signing, Signature }));
  await kms.send(new sdk.GetPublicKeyCommand({ KeyId: signer }));
  await kms.send(new sdk.DescribeKeyCommand({ KeyId: signer }));
  const KeyId = await newKey(kms, { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' });
  const mac = { KeyId, Message, MacAlgorithm: 'HMAC_SHA_256' } as const;
  const { Mac } = await kms.send(new sdk.GenerateMacCommand(mac));
  await kms.send(new sdk.VerifyMacCommand({ ...mac, Mac }));
  const agreeing = await newKey(kms, { KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' });
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const PublicKey = publicKey.export({ format: 'der', type: 'spki' });
  const agreement = { KeyId: agreeing, KeyAgreementAlgorithm: 'ECDH', PublicKey } as const;
  await kms.send(new sdk.DeriveSharedSecretCommand(agreement));
}

async function managementOnce(kms: sdk.KMSClient, KeyId: string): Promise<void> {
  const other = await newKey(kms, { Tags: [{ TagKey: 'a', TagValue: '1' }] });
  const AliasName = 'alias/one';
  await kms.send(new sdk.CreateAliasCommand({ AliasName, TargetKeyId: KeyId }));
  await kms.send(new sdk.UpdateAliasCommand({ AliasName, TargetKeyId: other }));
  await kms.send(new sdk.ListAliasesCommand({}));
  await kms.send(new sdk.DeleteAliasCommand({ AliasName }));
  await kms.send(new sdk.ListKeysCommand({ Limit: 1 }));
  const Tags = [{ TagKey: 'b', TagValue: '2' }];
  await kms.send(new sdk.TagResourceCommand({ KeyId, Tags }));
  await kms.send(new sdk.ListResourceTagsCommand({ KeyId }));
  await kms.send(new sdk.UntagResourceCommand({ KeyId, TagKeys: ['b'] }));
  await kms.send(new sdk.UpdateKeyDescriptionCommand({ KeyId, Description: 'd' }));
  const { Policy } = await kms.send(new sdk.GetKeyPolicyCommand({ KeyId }));
  await kms.send(new sdk.PutKeyPolicyCommand({ KeyId, Policy }));
  await kms.send(new sdk.ListKeyPoliciesCommand({ KeyId }));
  await kms.send(new sdk.DisableKeyCommand({ KeyId: other }));
  await kms.send(new sdk.EnableKeyCommand({ KeyId: other }));
  await kms.send(new sdk.ScheduleKeyDeletionCommand({ KeyId: other }));
  await kms.send(new sdk.DescribeKeyCommand({ KeyId: other }));
  await kms.send(new sdk.CancelKeyDeletionCommand({ KeyId: other }));
}

async function grantsOnce(kms: sdk.KMSClient, KeyId: string): Promise<void> {
  const RetiringPrincipal = roleArn('keeper');
  const toRole = { GranteePrincipal: roleArn('reader'), RetiringPrincipal };
  const Constraints = { EncryptionContextSubset: { a: 'b' } };
  const Operations: sdk.GrantOperation[] = ['Decrypt'];
  const grant = { KeyId, Operations, Name: 'one', Constraints, ...toRole };
  const { GrantToken } = await kms.send(new sdk.CreateGrantCommand(grant));
  const { GrantId } = await kms.send(
    new sdk.CreateGrantCommand({
      KeyId,
      Operations,
      GranteeServicePrincipal: 'backup.amazonaws.com',
      RetiringServicePrincipal: 'backup.amazonaws.com',
      Constraints: { SourceArn: 'arn:aws:backup:us-east-1:000000000000:vault/one' },
    }),
  );
  await kms.send(new sdk.ListGrantsCommand({ KeyId }));
  await kms.send(new sdk.ListRetirableGrantsCommand({ RetiringPrincipal }));
  await kms.send(new sdk.RetireGrantCommand({ GrantToken }));
  await kms.send(new sdk.RevokeGrantCommand({ KeyId, GrantId }));
}

async function rotationOnce(kms: sdk.KMSClient, KeyId: string): Promise<void> {
  await kms.send(new sdk.EnableKeyRotationCommand({ KeyId }));
  await kms.send(new sdk.RotateKeyOnDemandCommand({ KeyId }));
  await kms.send(new sdk.GetKeyRotationStatusCommand({ KeyId }));
  await until('the rotation is over', async () => {
    const { Rotations } = await kms.send(new sdk.ListKeyRotationsCommand({ KeyId }));
    return Rotations?.length === 1 ? true : undefined;
  });
  await kms.send(new sdk.DisableKeyRotationCommand({ KeyId }));
}

async function regionsOnce(kms: sdk.KMSClient): Promise<void> {
  const KeyId = await newKey(kms, { MultiRegion: true });
  const ReplicaRegion = 'eu-west-1';
  await kms.send(new sdk.ReplicateKeyCommand({ KeyId, ReplicaRegion, Description: 'there' }));
  const there = recording(ReplicaRegion);
  await until('the replica is there', async () => {
    const { KeyMetadata } = await there.send(new sdk.DescribeKeyCommand({ KeyId }));
    return KeyMetadata?.KeyState === 'Enabled' ? true : undefined;
  });
  await kms.send(new sdk.UpdatePrimaryRegionCommand({ KeyId, PrimaryRegion: ReplicaRegion }));
}

beforeAll(async () => {
  emulator = await startEmulator();
  const kms = recording('us-east-1');
  const KeyId = await newKey(kms);
  await encryptionOnce(kms, KeyId);
  await otherKindsOnce(kms);
  await managementOnce(kms, KeyId);
  await grantsOnce(kms, KeyId);
  await rotationOnce(kms, KeyId);
  await importOnce(kms);
  await keyStoreOnce(kms);
  await regionsOnce(kms);
});
afterAll(() => emulator.stop());

it('every operation that can be answered was answered', () => {
  const missing = OPERATIONS.filter((name) => !answers.has(name));

  expect(missing).toEqual(WITHOUT_ANSWERS);
});

it('the check sees a member of another type, and one that is not of the model', () => {
  const wrong = {
    KeyMetadata: { KeyId: 5, Nope: 1, MultiRegionConfiguration: { ReplicaKeys: [{ Arn: 1 }] } },
  };

  expect(problems(wrong, outputOf('DescribeKey'), 'DescribeKey')).toHaveLength(3);
});

describe.each(OPERATIONS.filter((name) => !WITHOUT_ANSWERS.includes(name)))('%s', (name) => {
  it('answers members of the model, each of its type', () => {
    const found = (answers.get(name) ?? []).flatMap((answer) =>
      problems(answer, outputOf(name), name),
    );

    expect(found).toEqual([]);
  });
});
