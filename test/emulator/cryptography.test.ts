// SPDX-License-Identifier: Apache-2.0
// Cryptographic operations of standard-store keys: contexts, blobs, limits, dry runs, signatures.
import { createPublicKey, verify as verifyOutside } from 'node:crypto';
import {
  CreateKeyCommand,
  DecryptCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  GenerateRandomCommand,
  GetPublicKeyCommand,
  type KMSClient,
  ReEncryptCommand,
  SignCommand,
  VerifyCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal, startEmulator, type TestEmulator } from './support.ts';

let emulator: TestEmulator;
let kms: KMSClient;
let keyId: string;
let otherKeyId: string;
let signingKeyId: string;

async function createKey(input: ConstructorParameters<typeof CreateKeyCommand>[0] = {}) {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand(input));
  return KeyMetadata?.KeyId ?? '';
}

beforeAll(async () => {
  emulator = await startEmulator();
  kms = emulator.kms();
  keyId = await createKey();
  otherKeyId = await createKey();
  signingKeyId = await createKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
});
afterAll(() => emulator.stop());

const plaintext = Buffer.from('secret');

async function encrypt(context?: Record<string, string>, key = keyId) {
  const { CiphertextBlob = new Uint8Array() } = await kms.send(
    new EncryptCommand({ KeyId: key, Plaintext: plaintext, EncryptionContext: context }),
  );
  return CiphertextBlob;
}

describe('encryption', () => {
  it('never gives the same ciphertext twice', async () => {
    expect(Buffer.from(await encrypt())).not.toEqual(Buffer.from(await encrypt()));
  });

  it('ignores the order of the encryption context', async () => {
    const CiphertextBlob = await encrypt({ a: '1', b: '2' });

    const opened = await kms.send(
      new DecryptCommand({ CiphertextBlob, EncryptionContext: { b: '2', a: '1' } }),
    );

    expect(Buffer.from(opened.Plaintext ?? [])).toEqual(plaintext);
  });

  it.each([
    [{ a: 'bc' }, { ab: 'c' }],
    [{ a: 'b', c: 'd' }, { a: 'bcd' }],
    [{ a: 'b' }, undefined],
    [undefined, { a: 'b' }],
    [{ a: 'b' }, { A: 'b' }],
  ])('does not open what was sealed with %j with %j', async (sealed, opened) => {
    const CiphertextBlob = await encrypt(sealed);

    const error = await refusal(
      kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: opened })),
    );

    expect(error.name).toBe('InvalidCiphertextException');
  });

  it('refuses a ciphertext changed in any part', async () => {
    const blob = Buffer.from(await encrypt());
    for (const at of [0, 3, 22, 30, 41, blob.length - 1]) {
      const changed = Buffer.from(blob);
      changed[at] = (changed[at] ?? 0) ^ 1;

      const error = await refusal(kms.send(new DecryptCommand({ CiphertextBlob: changed })));

      expect(error.name).toBe('InvalidCiphertextException');
    }
  });

  it('says IncorrectKeyException when KeyId is not the key of the ciphertext', async () => {
    const CiphertextBlob = await encrypt();

    const error = await refusal(
      kms.send(new DecryptCommand({ CiphertextBlob, KeyId: otherKeyId })),
    );

    expect(error).toEqual({
      name: 'IncorrectKeyException',
      message: 'The key ID in the request does not identify a CMK that can perform this operation.',
    });
  });

  it('takes 4,096 bytes and refuses one more without showing them', async () => {
    const largest = new EncryptCommand({ KeyId: keyId, Plaintext: Buffer.alloc(4096) });
    const tooLarge = new EncryptCommand({ KeyId: keyId, Plaintext: Buffer.alloc(4097) });

    expect((await kms.send(largest)).CiphertextBlob?.length).toBeLessThan(6144);
    expect(await refusal(kms.send(tooLarge))).toEqual({
      name: 'ValidationException',
      message:
        "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: " +
        'Member must have length less than or equal to 4096',
    });
  });

  it('re-encrypts under another key and context', async () => {
    const moved = await kms.send(
      new ReEncryptCommand({
        CiphertextBlob: await encrypt({ a: 'b' }),
        SourceEncryptionContext: { a: 'b' },
        DestinationKeyId: otherKeyId,
        DestinationEncryptionContext: { c: 'd' },
      }),
    );

    const opened = await kms.send(
      new DecryptCommand({
        CiphertextBlob: moved.CiphertextBlob,
        KeyId: otherKeyId,
        EncryptionContext: { c: 'd' },
      }),
    );
    expect(Buffer.from(opened.Plaintext ?? [])).toEqual(plaintext);
    expect(moved.SourceKeyId).toContain(keyId);
    expect(moved.KeyId).toContain(otherKeyId);
  });

  it('makes data keys whose sealed form opens to the plain one', async () => {
    const made = await kms.send(new GenerateDataKeyCommand({ KeyId: keyId, KeySpec: 'AES_256' }));
    const sealedOnly = await kms.send(
      new GenerateDataKeyWithoutPlaintextCommand({ KeyId: keyId, NumberOfBytes: 24 }),
    );

    const opened = await kms.send(new DecryptCommand({ CiphertextBlob: made.CiphertextBlob }));
    expect(opened.Plaintext).toEqual(made.Plaintext);
    expect(made.Plaintext?.length).toBe(32);
    expect(sealedOnly).not.toHaveProperty('Plaintext');
  });

  it('wants exactly one of NumberOfBytes and KeySpec for a data key', async () => {
    for (const size of [{}, { KeySpec: 'AES_256' as const, NumberOfBytes: 32 }]) {
      const error = await refusal(kms.send(new GenerateDataKeyCommand({ KeyId: keyId, ...size })));

      expect(error.name).toBe('ValidationException');
    }
  });

  it('makes random bytes up to 1,024', async () => {
    const { Plaintext } = await kms.send(new GenerateRandomCommand({ NumberOfBytes: 1024 }));

    expect(Plaintext?.length).toBe(1024);
    expect(await refusal(kms.send(new GenerateRandomCommand({ NumberOfBytes: 1025 })))).toEqual({
      name: 'ValidationException',
      message:
        "1 validation error detected: Value '1025' at 'numberOfBytes' failed to satisfy constraint: " +
        'Member must have value less than or equal to 1024',
    });
  });
});

describe('dry runs', () => {
  it('end in DryRunOperationException and give nothing away', async () => {
    const CiphertextBlob = await encrypt();
    const message = Buffer.from('m');
    const commands = [
      new EncryptCommand({ KeyId: keyId, Plaintext: plaintext, DryRun: true }),
      new DecryptCommand({ CiphertextBlob, DryRun: true }),
      new GenerateDataKeyCommand({ KeyId: keyId, KeySpec: 'AES_256', DryRun: true }),
      new ReEncryptCommand({ CiphertextBlob, DestinationKeyId: otherKeyId, DryRun: true }),
      new SignCommand({
        KeyId: signingKeyId,
        Message: message,
        SigningAlgorithm: 'ECDSA_SHA_256',
        DryRun: true,
      }),
    ];
    for (const command of commands) {
      const error = await refusal(kms.send(command as EncryptCommand));

      expect(error).toEqual({
        name: 'DryRunOperationException',
        message: 'The request would have succeeded, but the DryRun option is set.',
      });
    }
  });
});

describe('signing', () => {
  const Message = Buffer.from('a message');
  const SigningAlgorithm = 'ECDSA_SHA_256';

  it('gives signatures that verify in KMS and outside of it', async () => {
    const { Signature = new Uint8Array() } = await kms.send(
      new SignCommand({ KeyId: signingKeyId, Message, SigningAlgorithm }),
    );
    const { PublicKey = new Uint8Array() } = await kms.send(
      new GetPublicKeyCommand({ KeyId: signingKeyId }),
    );

    const key = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
    expect(verifyOutside('sha256', Message, key, Signature)).toBe(true);
    const verified = await kms.send(
      new VerifyCommand({ KeyId: signingKeyId, Message, SigningAlgorithm, Signature }),
    );
    expect(verified.SignatureValid).toBe(true);
  });

  it('says KMSInvalidSignatureException for a signature of something else or that is none', async () => {
    const { Signature = new Uint8Array() } = await kms.send(
      new SignCommand({ KeyId: signingKeyId, Message, SigningAlgorithm }),
    );
    const attempts = [
      { Message: Buffer.from('another'), Signature },
      { Message, Signature: Buffer.from('no signature') },
    ];
    for (const attempt of attempts) {
      const error = await refusal(
        kms.send(new VerifyCommand({ KeyId: signingKeyId, SigningAlgorithm, ...attempt })),
      );

      expect(error.name).toBe('KMSInvalidSignatureException');
    }
  });

  it('refuses keys of the other usage, both ways', async () => {
    const wrongSign = await refusal(
      kms.send(new SignCommand({ KeyId: keyId, Message, SigningAlgorithm })),
    );
    const wrongEncrypt = await refusal(encrypt(undefined, signingKeyId));

    expect(wrongSign.name).toBe('InvalidKeyUsageException');
    expect(wrongEncrypt.message).toMatch(
      /key usage is SIGN_VERIFY which is not valid for Encrypt\.$/,
    );
  });

  it('refuses the public key of a symmetric key', async () => {
    const error = await refusal(kms.send(new GetPublicKeyCommand({ KeyId: keyId })));

    expect(error.name).toBe('UnsupportedOperationException');
  });

  it('refuses a digest of the wrong length and an algorithm of another key spec', async () => {
    const shortDigest = new SignCommand({
      KeyId: signingKeyId,
      Message,
      MessageType: 'DIGEST',
      SigningAlgorithm,
    });
    const otherAlgorithm = new SignCommand({
      KeyId: signingKeyId,
      Message,
      SigningAlgorithm: 'ECDSA_SHA_384',
    });

    expect((await refusal(kms.send(shortDigest))).name).toBe('ValidationException');
    expect((await refusal(kms.send(otherAlgorithm))).message).toBe(
      'Algorithm ECDSA_SHA_384 is incompatible with key spec ECC_NIST_P256.',
    );
  });
});
