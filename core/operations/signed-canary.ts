// SPDX-License-Identifier: Apache-2.0
// The canary of a key that signs or authenticates, in the form of an encrypted one: the message, and the proof of it.
// Reading it is verifying it, so every check and probe of a version holds for these keys as it stands: another context
// is another message, and its proof must be refused.
import { canonicalText } from '../crypto/hashing.ts';
import { KeyturnError, precondition } from '../errors.ts';
import { KEY_SPEC_TABLE, specOf } from '../keys/key-specs.ts';
import type { KeyRecord } from '../keys/records.ts';
import type { Context, CryptoUser, Prover, ProvingKey } from '../ports/key-vault.ts';

/** Bytes of the message that a canary begins with. */
const MESSAGE_BYTES = 32;
/** A canary's signature proves nothing else, as long as consumers sign nothing that begins like this (decision 22). */
const DOMAIN = 'keyturn canary v1\n';

function signedMessage(message: Uint8Array, context: Context): Uint8Array {
  return Buffer.concat([Buffer.from(`${DOMAIN}${canonicalText(context)}\n`), message]);
}

/** What the checks use to make and to read canaries of the key. */
export function canaryUserOf(
  { crypto, prover }: { readonly crypto: CryptoUser; readonly prover: Prover },
  key: Pick<KeyRecord, 'keySpec'>,
): CryptoUser {
  const { usage, algorithm } = KEY_SPEC_TABLE[specOf(key)];
  if (usage === 'ENCRYPT_DECRYPT' || algorithm === null) return crypto;
  const by = (keyId: string): ProvingKey => ({ keyId, usage, algorithm });
  return {
    encrypt: async (keyId, message, context) => {
      precondition(message.length === MESSAGE_BYTES, 'a canary has a message of 32 bytes');
      const proof = await prover.prove(by(keyId), signedMessage(message, context));
      return Buffer.concat([message, proof]);
    },
    decrypt: async (canary, context, keyId) => {
      precondition(keyId, 'a canary is verified by the key that it should be of');
      const plaintext = canary.slice(0, MESSAGE_BYTES);
      const proof = canary.slice(MESSAGE_BYTES);
      if (await prover.holds(by(keyId), signedMessage(plaintext, context), proof))
        return { plaintext, keyId };
      throw new KeyturnError('CiphertextInvalid', 'the key did not make this proof');
    },
  };
}
