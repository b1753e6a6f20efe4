// SPDX-License-Identifier: Apache-2.0
// HMAC keys: every spec, and AWS's refusals.
import { createHmac } from 'node:crypto';
import {
  CreateKeyCommand,
  DescribeKeyCommand,
  GenerateMacCommand,
  GetPublicKeyCommand,
  type KeySpec,
  type KMSClient,
  type MacAlgorithmSpec,
  SignCommand,
  VerifyMacCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal, startEmulator, type TestEmulator } from './support.ts';

let emulator: TestEmulator;
let kms: KMSClient;

beforeAll(async () => {
  emulator = await startEmulator();
  kms = emulator.kms();
});
afterAll(() => emulator.stop());

async function keyOf(KeySpec: KeySpec): Promise<string> {
  const command = new CreateKeyCommand({ KeySpec, KeyUsage: 'GENERATE_VERIFY_MAC' });
  return (await kms.send(command)).KeyMetadata?.KeyId ?? '';
}

describe('HMAC keys', () => {
  const Message = Buffer.from('a message');

  it.each(['224', '256', '384', '512'] as const)(
    'of %s bits make and verify MACs',
    async (bits) => {
      const KeyId = await keyOf(`HMAC_${bits}`);
      const MacAlgorithm: MacAlgorithmSpec = `HMAC_SHA_${bits}`;

      const { Mac = new Uint8Array() } = await kms.send(
        new GenerateMacCommand({ KeyId, Message, MacAlgorithm }),
      );

      expect(Mac.length).toBe(Number(bits) / 8);
      const verify = { KeyId, Message, MacAlgorithm, Mac };
      expect((await kms.send(new VerifyMacCommand(verify))).MacValid).toBe(true);
      for (const wrong of [Mac.subarray(1), createHmac('sha256', 'k').update('x').digest()]) {
        const error = await refusal(kms.send(new VerifyMacCommand({ ...verify, Mac: wrong })));
        expect(error.name).toBe('KMSInvalidMacException');
      }
      const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
      expect(KeyMetadata?.MacAlgorithms).toEqual([MacAlgorithm]);
    },
  );

  it('refuse other algorithms, other usages, a dry run, and have no public key', async () => {
    const KeyId = await keyOf('HMAC_384');
    const mac = { KeyId, Message, MacAlgorithm: 'HMAC_SHA_384' } as const;
    const other = new GenerateMacCommand({ ...mac, MacAlgorithm: 'HMAC_SHA_256' });

    expect(await refusal(kms.send(other))).toEqual({
      name: 'InvalidKeyUsageException',
      message: 'Algorithm HMAC_SHA_256 is incompatible with key spec HMAC_384.',
    });
    const sign = new SignCommand({ KeyId, Message, SigningAlgorithm: 'ECDSA_SHA_256' });
    expect((await refusal(kms.send(sign))).message).toMatch(
      /key usage is GENERATE_VERIFY_MAC which is not valid for Sign\.$/,
    );
    const dry = await refusal(kms.send(new GenerateMacCommand({ ...mac, DryRun: true })));
    expect(dry.name).toBe('DryRunOperationException');
    const publicKey = await refusal(kms.send(new GetPublicKeyCommand({ KeyId })));
    expect(publicKey.name).toBe('UnsupportedOperationException');
  });
});
