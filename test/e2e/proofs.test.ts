// SPDX-License-Identifier: Apache-2.0
// Keys that sign or authenticate on the running stack: the workload uses them at KMS by their alias, a rotation makes a
// new KMS key, and the old one verifies what it made and makes nothing more.
import {
  EncryptCommand,
  GenerateMacCommand,
  GetPublicKeyCommand,
  SignCommand,
  VerifyCommand,
  VerifyMacCommand,
} from '@aws-sdk/client-kms';
import { describe, expect, it } from 'vitest';
import { until } from '#scripts/local/waiting.ts';
import { ended, freshName, keyRequest, person, workload } from './scene.ts';

const Message = Buffer.from('a receipt');

async function made(keySpec: 'ECC_NIST_P256' | 'HMAC_256') {
  const alice = await person('alice');
  const name = freshName(keySpec.toLowerCase().replaceAll('_', '-'));
  const { body } = await alice.createKey({ ...keyRequest(name), origin: 'AWS_KMS', keySpec });
  expect(await ended(alice, body.operationId)).toMatchObject({ state: 'done' });
  const { kms } = await workload();
  return { alice, name, kms, alias: (await alice.getKey(name)).body.alias ?? '' };
}

async function rotated(alice: Awaited<ReturnType<typeof person>>, name: string) {
  const { body } = await alice.startRotation(name);
  expect(await ended(alice, body.operationId)).toMatchObject({ state: 'done' });
  const versions = (await alice.listVersions(name)).body.items;
  const idOf = (number: number) => versions.find(({ version }) => version === number)?.keyId ?? '';
  expect(idOf(1)).not.toBe(idOf(2));
  return { old: idOf(1), current: idOf(2) };
}

describe('a key that proves', () => {
  it('signs, and an old signature is verified by the version that made it alone', async () => {
    const { alice, name, kms, alias } = await made('ECC_NIST_P256');
    const by = (KeyId: string) =>
      ({ KeyId, Message, MessageType: 'RAW', SigningAlgorithm: 'ECDSA_SHA_256' }) as const;
    const { Signature } = await kms.send(new SignCommand(by(alias)));
    expect((await alice.getKey(name)).body).toMatchObject({
      keySpec: 'ECC_NIST_P256',
      usage: 'SIGN_VERIFY',
    });
    const { old, current } = await rotated(alice, name);

    const verified = await kms.send(new VerifyCommand({ ...by(old), Signature }));
    expect(verified.SignatureValid).toBe(true);
    expect((await kms.send(new GetPublicKeyCommand({ KeyId: old }))).PublicKey).toBeDefined();
    await expect(kms.send(new SignCommand(by(old)))).rejects.toThrow(/AccessDenied|not authorized/);
    await expect(kms.send(new VerifyCommand({ ...by(current), Signature }))).rejects.toMatchObject({
      name: 'KMSInvalidSignatureException',
    });
    const fresh = await kms.send(new SignCommand(by(alias)));
    expect(fresh.KeyId).toContain(current);
    // CloudTrail comes later than the call: that the old version still verifies is what keeps it from being retired.
    await until(
      async () =>
        (await alice.readUsage(name)).body.items.some(
          ({ version, encrypts, decrypts }) => version === 1 && encrypts > 0 && decrypts > 0,
        ),
      { timeoutSeconds: 60, what: 'the signature and its verification to be counted' },
    );
  });

  it('authenticates, and refuses to encrypt', async () => {
    const { alice, name, kms, alias } = await made('HMAC_256');
    const by = (KeyId: string) => ({ KeyId, Message, MacAlgorithm: 'HMAC_SHA_256' }) as const;
    const { Mac } = await kms.send(new GenerateMacCommand(by(alias)));
    await expect(
      kms.send(new EncryptCommand({ KeyId: alias, Plaintext: Message })),
    ).rejects.toMatchObject({ name: 'InvalidKeyUsageException' });
    const { api } = await workload();
    await expect(
      api.encrypt(name, { plaintext: Message.toString('base64') }),
    ).rejects.toMatchObject({ code: 'KeyNotUsable' });
    const { old } = await rotated(alice, name);

    expect((await kms.send(new VerifyMacCommand({ ...by(old), Mac }))).MacValid).toBe(true);
    await expect(kms.send(new GenerateMacCommand(by(old)))).rejects.toThrow(
      /AccessDenied|not authorized/,
    );
  });

  it('is refused where no such key can be', async () => {
    const alice = await person('alice');
    for (const patch of [{ keySpec: 'RSA_2048' }, { keySpec: 'HMAC_256', origin: 'EXTERNAL' }])
      await expect(
        alice.createKey({ ...keyRequest(freshName('none')), ...patch } as never),
      ).rejects.toMatchObject({ status: 400, code: 'ValidationFailed' });
  });
});
