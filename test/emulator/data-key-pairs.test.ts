// SPDX-License-Identifier: Apache-2.0
// GenerateDataKeyPair: pairs that OpenSSL takes, sealed under symmetric keys of the standard store only.
import {
  createPrivateKey,
  createPublicKey,
  sign as signOutside,
  verify as verifyOutside,
} from 'node:crypto';
import {
  CreateKeyCommand,
  DecryptCommand,
  GenerateDataKeyPairCommand,
  GenerateDataKeyPairWithoutPlaintextCommand,
  type KMSClient,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConnectedKeyStore, refusal, startEmulator, type TestEmulator } from './support.ts';

let emulator: TestEmulator;
let kms: KMSClient;

beforeAll(async () => {
  emulator = await startEmulator();
  kms = emulator.kms();
});
afterAll(() => emulator.stop());

it('signs with the private key of a data key pair what its public key verifies', async () => {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const made = await kms.send(
    new GenerateDataKeyPairCommand({ KeyId: KeyMetadata?.KeyId, KeyPairSpec: 'ECC_NIST_P256' }),
  );
  const der = Buffer.from(made.PrivateKeyPlaintext ?? []);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const signature = signOutside('sha256', Buffer.from('m'), privateKey);
  const publicKey = createPublicKey({
    key: Buffer.from(made.PublicKey ?? []),
    format: 'der',
    type: 'spki',
  });
  expect(verifyOutside('sha256', Buffer.from('m'), publicKey, signature)).toBe(true);
});

/** Bytes of the DER element that a buffer begins with (X.690 §8.1.3). */
function derLength(der: Buffer): number {
  const first = der.readUInt8(1);
  if (first < 0x80) return 2 + first;
  const count = first & 0x7f;
  return 2 + count + der.readUIntBE(2, count);
}

describe('data key pairs', () => {
  it.each([
    'RSA_2048',
    'ECC_NIST_P256',
    'ECC_NIST_P384',
    'ECC_NIST_P521',
    'ECC_SECG_P256K1',
    'ECC_NIST_EDWARDS25519',
  ] as const)('of %s are pairs for OpenSSL, sealed under the key', async (KeyPairSpec) => {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    const wanted = {
      KeyId: KeyMetadata?.KeyId,
      KeyPairSpec,
      EncryptionContext: { a: 'b' },
    };

    const made = await kms.send(new GenerateDataKeyPairCommand(wanted));
    const sealedOnly = await kms.send(new GenerateDataKeyPairWithoutPlaintextCommand(wanted));

    const der = Buffer.from(made.PrivateKeyPlaintext ?? []);
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const ofPrivate = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
    expect(ofPrivate).toEqual(Buffer.from(made.PublicKey ?? []));
    // Strict readers take no byte beside the key; OpenSSL takes them.
    expect(der.length).toBe(derLength(der));
    const opened = await kms.send(
      new DecryptCommand({
        CiphertextBlob: made.PrivateKeyCiphertextBlob,
        EncryptionContext: { a: 'b' },
      }),
    );
    expect(Buffer.from(opened.Plaintext ?? [])).toEqual(der);
    expect(sealedOnly).not.toHaveProperty('PrivateKeyPlaintext');
    expect(sealedOnly.PublicKey).not.toEqual(made.PublicKey);
  });

  it('are not made under custom-store or RSA keys, nor of SM2', async () => {
    const { keyStoreId } = await createConnectedKeyStore(emulator);
    const inStore = await kms.send(
      new CreateKeyCommand({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: keyStoreId }),
    );
    const standard = await kms.send(new CreateKeyCommand({}));
    const rsa = await kms.send(
      new CreateKeyCommand({ KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' }),
    );
    const attempts = [
      [inStore.KeyMetadata?.KeyId, 'ECC_NIST_P256', 'UnsupportedOperationException'],
      [rsa.KeyMetadata?.KeyId, 'ECC_NIST_P256', 'InvalidKeyUsageException'],
      [standard.KeyMetadata?.KeyId, 'SM2', 'UnsupportedOperationException'],
    ] as const;
    for (const [KeyId, KeyPairSpec, expected] of attempts) {
      const command = new GenerateDataKeyPairCommand({ KeyId, KeyPairSpec });
      expect((await refusal(kms.send(command))).name).toBe(expected);
    }
  });
});
