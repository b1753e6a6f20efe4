// SPDX-License-Identifier: Apache-2.0
// Seals to people's own age keys (age-encryption.org/v1, X25519): they open a share with their own tool, and nothing of
// ours can.
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { KeyturnError } from '#core/errors.ts';
import type { ShareSealer } from '#core/ports/escrow.ts';

function encrypterFor(recipient: string): Encrypter {
  const encrypter = new Encrypter();
  try {
    encrypter.addRecipient(recipient);
  } catch (cause) {
    throw new KeyturnError('ValidationFailed', 'an age recipient (age1…) is not one', { cause });
  }
  return encrypter;
}

export const ageSealer: ShareSealer = {
  seal: async (plaintext, recipient) => encrypterFor(recipient).encrypt(plaintext),
  open: async (sealed, identity) => {
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    try {
      return await decrypter.decrypt(sealed);
    } catch {
      // Sealed to another key, or not as it was sealed: the caller names whose it is.
      return null;
    }
  },
  newIdentity: async () => {
    const identity = await generateX25519Identity();
    return { identity, recipient: await identityToRecipient(identity) };
  },
};
