// SPDX-License-Identifier: Apache-2.0
// Envelopes are signed in KMS and verified here, with the key that KMS publishes.
import { generateKeyPairSync, sign } from 'node:crypto';
import { GetPublicKeyCommand, type KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { describe, expect, it } from 'vitest';
import { KmsShareSigner } from '#adapters/kms/share-signer.ts';

const ARN = 'arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const MESSAGE = Buffer.from('an envelope');

/** KMS's two calls; `failures` of GetPublicKey come first. It signs the message whose digest it expects. */
function kms(failures = 0) {
  const calls: string[] = [];
  const send = async (command: unknown) => {
    calls.push(Object(command).constructor.name);
    if (command instanceof SignCommand) {
      expect(command.input).toMatchObject({
        KeyId: ARN,
        MessageType: 'DIGEST',
        SigningAlgorithm: 'ECDSA_SHA_256',
      });
      return { Signature: sign('sha256', MESSAGE, privateKey) };
    }
    expect(command).toBeInstanceOf(GetPublicKeyCommand);
    if (calls.filter((name) => name === 'GetPublicKeyCommand').length <= failures)
      throw Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
    return { PublicKey: publicKey.export({ format: 'der', type: 'spki' }) };
  };
  return { signer: new KmsShareSigner({ send } as unknown as KMSClient, ARN), calls };
}

describe('a signature of an envelope', () => {
  it('holds for its message alone', async () => {
    const { signer } = kms();
    const signature = await signer.sign(MESSAGE);

    expect(await signer.verify(MESSAGE, signature)).toBe(true);
    expect(await signer.verify(Buffer.from('an envelopE'), signature)).toBe(false);
    expect(await signer.verify(MESSAGE, '')).toBe(false);
  });

  it('has one spelling', async () => {
    const { signer } = kms();
    const signature = await signer.sign(MESSAGE);

    for (const other of [`${signature}=`, ` ${signature}`, `${signature.replaceAll('=', '')}\n`])
      expect(await signer.verify(MESSAGE, other), other).toBe(false);
  });

  it('is verified with a key that is read once, and again after a failure', async () => {
    const { signer, calls } = kms(1);
    const signature = await signer.sign(MESSAGE);

    await expect(signer.verify(MESSAGE, signature)).rejects.toMatchObject({ code: 'Throttled' });
    expect(await signer.verify(MESSAGE, signature)).toBe(true);
    expect(await signer.verify(MESSAGE, signature)).toBe(true);
    expect(calls).toEqual(['SignCommand', 'GetPublicKeyCommand', 'GetPublicKeyCommand']);
  });
});
