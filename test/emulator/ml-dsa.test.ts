// SPDX-License-Identifier: Apache-2.0
// ML-DSA keys sign and verify as FIPS 204 says, survive a restart, and go with their multi-Region key.
import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateKeyCommand,
  type CreateKeyCommandInput,
  DescribeKeyCommand,
  GetPublicKeyCommand,
  type KMSClient,
  ReplicateKeyCommand,
  SignCommand,
  type SignCommandInput,
  VerifyCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { refusal, startEmulator, type TestEmulator, until } from './support.ts';

const Message = Buffer.from('a message');
const SigningAlgorithm = 'ML_DSA_SHAKE_256';
const dataFolder = mkdtempSync(join(tmpdir(), 'keyturn-test-'));
let emulator: TestEmulator;
let kms: KMSClient;
const begin = async () => {
  emulator = await startEmulator({ dataFolder });
  kms = emulator.kms();
};
beforeAll(begin);
afterAll(async () => {
  await emulator.stop();
  rmSync(dataFolder, { recursive: true, force: true });
});

async function newKey(input: CreateKeyCommandInput = { KeySpec: 'ML_DSA_44' }): Promise<string> {
  const { KeyMetadata } = await kms.send(
    new CreateKeyCommand({ KeyUsage: 'SIGN_VERIFY', ...input }),
  );
  return KeyMetadata?.KeyId ?? '';
}
async function publicKeyOf(KeyId: string, client = kms) {
  const { PublicKey } = await client.send(new GetPublicKeyCommand({ KeyId }));
  return createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' });
}
async function sign(KeyId: string, more: Partial<SignCommandInput> = {}, client = kms) {
  const input = { KeyId, Message, SigningAlgorithm, ...more } as const;
  return Buffer.from((await client.send(new SignCommand(input))).Signature ?? []);
}

it.each([
  ['ML_DSA_44', 'ml-dsa-44', 2420],
  ['ML_DSA_65', 'ml-dsa-65', 3309],
  ['ML_DSA_87', 'ml-dsa-87', 4627],
] as const)('%s signs what its public key verifies outside', async (KeySpec, type, bytes) => {
  const KeyId = await newKey({ KeySpec });
  const publicKey = await publicKeyOf(KeyId);
  const Signature = await sign(KeyId);
  const checked = { KeyId, Message, Signature, SigningAlgorithm } as const;

  expect(publicKey.asymmetricKeyType).toBe(type);
  expect(Signature).toHaveLength(bytes);
  expect(verify(null, Message, publicKey, Signature)).toBe(true);
  expect(await kms.send(new VerifyCommand(checked))).toMatchObject({ SignatureValid: true });
  const other = new VerifyCommand({ ...checked, Message: Buffer.from('another message') });
  expect((await refusal(kms.send(other))).name).toBe('KMSInvalidSignatureException');
  const short = new VerifyCommand({ ...checked, Signature: Signature.subarray(1) });
  expect((await refusal(kms.send(short))).name).toBe('KMSInvalidSignatureException');
  const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
  expect(KeyMetadata).toMatchObject({ KeySpec, SigningAlgorithms: [SigningAlgorithm] });
  expect(KeyMetadata).not.toHaveProperty('CurrentKeyMaterialId');
});

it('refuses other algorithms, digests, and what it cannot do', async () => {
  const KeyId = await newKey();
  const signing = async (more: Partial<SignCommandInput>) =>
    (await refusal(sign(KeyId, more))).name;

  expect(await signing({ SigningAlgorithm: 'ECDSA_SHA_256' })).toBe('InvalidKeyUsageException');
  expect(await signing({ MessageType: 'DIGEST' })).toBe('ValidationException');
  expect(await signing({ MessageType: 'EXTERNAL_MU', Message: Buffer.alloc(64) })).toBe(
    'UnsupportedOperationException',
  );
  const external = newKey({ KeySpec: 'ML_DSA_44', Origin: 'EXTERNAL' });
  expect((await refusal(external)).name).toBe('UnsupportedOperationException');
});

it('is the same key after a restart and in another Region', async () => {
  const KeyId = await newKey({ KeySpec: 'ML_DSA_65', MultiRegion: true });
  const before = await publicKeyOf(KeyId);
  await emulator.stop();
  await begin();
  const there = emulator.kms({ region: 'eu-west-1' });
  await kms.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: 'eu-west-1' }));
  await until('the replica is there', async () => {
    const { KeyMetadata } = await there.send(new DescribeKeyCommand({ KeyId }));
    return KeyMetadata?.Enabled === true ? true : undefined;
  });

  for (const client of [kms, there]) {
    expect((await publicKeyOf(KeyId, client)).equals(before)).toBe(true);
    expect(verify(null, Message, before, await sign(KeyId, {}, client))).toBe(true);
  }
});
