// SPDX-License-Identifier: Apache-2.0
// What the vault must do for keys that sign or authenticate: the suite runs once per spec, over memory and over the key
// endpoint, whose material is real.
import { beforeEach, describe, expect, it } from 'vitest';
import { KEY_SPECS } from '#core/contract/vocabulary.ts';
import { encrypts, KEY_SPEC_TABLE } from '#core/keys/key-specs.ts';
import { canaryUserOf } from '#core/operations/signed-canary.ts';
import type {
  CryptoUser,
  KeyCreator,
  PolicyWriter,
  Prover,
  ProvingKey,
} from '#core/ports/key-vault.ts';

export interface ProofsUnderTest {
  readonly keys: KeyCreator;
  readonly policies: PolicyWriter;
  /** Of the role of `verify-version`. */
  readonly prover: Prover;
  readonly crypto: CryptoUser;
  /** Of a role of the account that is named nowhere but in the key's access. */
  readonly proverOf: (role: string) => Prover;
}

const ROLE = 'arn:aws:iam::000000000000:role/receipts-api';
const READER = 'arn:aws:iam::000000000000:role/receipts-reader';
const ACCESS = [
  { principal: ROLE, rights: ['encrypt', 'decrypt'] },
  { principal: READER, rights: ['decrypt'] },
] as const;
const MESSAGE = new Uint8Array(32).fill(7);
let runs = 0;

export function describeProofs(title: string, open: () => Promise<ProofsUnderTest>): void {
  const specs = KEY_SPECS.filter((keySpec) => !encrypts({ keySpec }));
  describe.each(specs)(`${title}: spec %s`, (keySpec) => {
    let vault: ProofsUnderTest;
    let key: ProvingKey;
    beforeEach(async () => {
      vault = await open();
      runs += 1;
      const operationId = `op_${String(runs).padStart(26, '8')}`;
      const { usage, algorithm } = KEY_SPEC_TABLE[keySpec];
      if (usage === 'ENCRYPT_DECRYPT' || algorithm === null) throw new Error('it proves nothing');
      const { keyId } = await vault.keys.createKey(
        { origin: 'AWS_KMS', keyStoreId: null, spec: { keySpec, usage } },
        { stage: 'local', name: `proofs-${runs}`, version: 1, operationId },
      );
      key = { keyId, usage, algorithm };
    });
    const canary = () => canaryUserOf(vault, { keySpec });

    it('gives its canary back, under the same context alone, and unbent alone', async () => {
      const made = await canary().encrypt(key.keyId, MESSAGE, { 'keyturn:canary': 'a/v1' });
      const read = (bytes: Uint8Array, context: string) =>
        canary().decrypt(bytes, { 'keyturn:canary': context }, key.keyId);

      expect(Buffer.from((await read(made, 'a/v1')).plaintext)).toEqual(Buffer.from(MESSAGE));
      await expect(read(made, 'a/other')).rejects.toMatchObject({ code: 'CiphertextInvalid' });
      const bent = Uint8Array.from(made);
      bent[0] = 8;
      await expect(read(bent, 'a/v1')).rejects.toMatchObject({ code: 'CiphertextInvalid' });
    });

    it('proves for its writers, and is verified by its readers, once it is open', async () => {
      const [writer, reader] = [vault.proverOf(ROLE), vault.proverOf(READER)];
      await expect(writer.prove(key, MESSAGE)).rejects.toMatchObject({ code: 'AccessDenied' });
      await vault.policies.applyPolicy(key.keyId, 'active', ACCESS);
      const proof = await writer.prove(key, MESSAGE);

      expect(await reader.holds(key, MESSAGE, proof)).toBe(true);
      expect(await reader.holds(key, new Uint8Array(32).fill(9), proof)).toBe(false);
      await expect(reader.prove(key, MESSAGE)).rejects.toMatchObject({ code: 'AccessDenied' });
    });

    it('verifies only when it is replaced, and does nothing when it is contained', async () => {
      await vault.policies.applyPolicy(key.keyId, 'active', ACCESS);
      const writer = vault.proverOf(ROLE);
      const proof = await writer.prove(key, MESSAGE);
      await vault.policies.applyPolicy(key.keyId, 'decrypt-only', ACCESS);

      expect(await writer.holds(key, MESSAGE, proof)).toBe(true);
      for (const prover of [writer, vault.prover])
        await expect(prover.prove(key, MESSAGE)).rejects.toMatchObject({ code: 'AccessDenied' });
      await vault.policies.applyPolicy(key.keyId, 'contained', []);
      await expect(writer.holds(key, MESSAGE, proof)).rejects.toMatchObject({
        code: 'AccessDenied',
      });
    });

    it('encrypts nothing', async () => {
      const context = { 'keyturn:canary': 'a/v1' };
      await expect(vault.crypto.encrypt(key.keyId, MESSAGE, context)).rejects.toMatchObject({
        code: 'KeyNotUsable',
      });
    });
  });
}
