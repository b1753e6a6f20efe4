// SPDX-License-Identifier: Apache-2.0
// Keys outside of the CloudHSM key store on the running stack: KMS rotates the one in place, the other gets other
// imported material, and what was written before opens by the API and by KMS itself.
import { DecryptCommand, EncryptCommand } from '@aws-sdk/client-kms';
import { describe, expect, it } from 'vitest';
import { ended, freshName, keyRequest, person, workload } from './scene.ts';

describe.each(['AWS_KMS', 'EXTERNAL'] as const)('a key of origin %s', (origin) => {
  it('is made, rotated, and opens what its first version wrote', async () => {
    const alice = await person('alice');
    const { api, kms } = await workload();
    const name = freshName(origin.toLowerCase().replace('_', '-'));
    const { body } = await alice.createKey({ ...keyRequest(name), origin });
    expect(await ended(alice, body.operationId)).toMatchObject({ state: 'done' });
    const plaintext = Buffer.from('kept').toString('base64');
    const byApi = (await api.encrypt(name, { plaintext })).body;
    const alias = (await alice.getKey(name)).body.alias ?? '';
    const byKms = await kms.send(
      new EncryptCommand({ KeyId: alias, Plaintext: Buffer.from('kept directly') }),
    );

    const rotation = await alice.startRotation(name);
    expect(await ended(alice, rotation.body.operationId)).toMatchObject({ state: 'done' });

    const [first, second] = (await alice.listVersions(name)).body.items
      .slice()
      .sort((a, b) => a.version - b.version);
    expect((await alice.getKey(name)).body).toMatchObject({ origin, currentVersion: 2 });
    expect(second?.isInPlace).toBe(origin === 'AWS_KMS');
    expect(second?.keyId === first?.keyId).toBe(origin === 'AWS_KMS');
    expect((await api.decrypt(name, { ciphertext: byApi.ciphertext })).body).toEqual({
      plaintext,
      version: 1,
    });
    expect((await api.encrypt(name, { plaintext })).body.version).toBe(2);
    const { Plaintext } = await kms.send(
      new DecryptCommand({ CiphertextBlob: byKms.CiphertextBlob }),
    );
    expect(Buffer.from(Plaintext ?? []).toString()).toBe('kept directly');
  });
});
