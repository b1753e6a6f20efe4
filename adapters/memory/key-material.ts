// SPDX-License-Identifier: Apache-2.0
// Key bytes of the vault in memory: AES-256-GCM with the encryption context as additional data, so that a bent
// ciphertext or another context does not open. For tests; nothing here protects anything real.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import canonicalize from 'canonicalize';
import { KeyturnError } from '#core/errors.ts';
import type { Context } from '#core/ports/key-vault.ts';

const KEY_ID_LENGTH = 36;
const IV_LENGTH = 12;
const TAG_LENGTH = 16;
const KEY_ID = /^[0-9a-f-]{36}$/;

export class MemoryKeyMaterial {
  readonly #keyId: string;
  readonly #bytes = randomBytes(32);

  constructor(keyId: string) {
    this.#keyId = keyId;
  }

  /** The key id that a ciphertext begins with, or null for what is no ciphertext of ours. */
  static keyIdOf(ciphertext: Uint8Array): string | null {
    const keyId = Buffer.from(ciphertext).subarray(0, KEY_ID_LENGTH).toString('latin1');
    return KEY_ID.test(keyId) ? keyId : null;
  }

  seal(plaintext: Uint8Array, context: Context): Uint8Array {
    const iv = randomBytes(IV_LENGTH);
    const cipher = createCipheriv('aes-256-gcm', this.#bytes, iv);
    cipher.setAAD(additionalData(context));
    const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    return Buffer.concat([Buffer.from(this.#keyId), iv, cipher.getAuthTag(), body]);
  }

  /** @throws KeyturnError `CiphertextInvalid` */
  open(ciphertext: Uint8Array, context: Context): Uint8Array {
    const bytes = Buffer.from(ciphertext).subarray(KEY_ID_LENGTH);
    const iv = bytes.subarray(0, IV_LENGTH);
    const tag = bytes.subarray(IV_LENGTH, IV_LENGTH + TAG_LENGTH);
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#bytes, iv);
      decipher.setAAD(additionalData(context));
      decipher.setAuthTag(tag);
      const opened = decipher.update(bytes.subarray(IV_LENGTH + TAG_LENGTH));
      return Uint8Array.from([...opened, ...decipher.final()]);
    } catch (cause) {
      throw new KeyturnError('CiphertextInvalid', 'damaged, or another encryption context', {
        cause,
      });
    }
  }
}

function additionalData(context: Context): Buffer {
  return Buffer.from(canonicalize(context) ?? '');
}
