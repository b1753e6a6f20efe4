// SPDX-License-Identifier: Apache-2.0
// Key bytes of the vault in memory: AES-256-GCM with the encryption context as additional data, so that a bent
// ciphertext or another context does not open. For tests; nothing here protects anything real.
import { randomBytes } from 'node:crypto';
import canonicalize from 'canonicalize';
import { IV_BYTES, open, seal } from '#core/crypto/aes-gcm.ts';
import { KeyturnError } from '#core/errors.ts';
import type { Context } from '#core/ports/key-vault.ts';

const KEY_ID_LENGTH = 36;
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
    const iv = randomBytes(IV_BYTES);
    const additional = additionalData(context);
    const sealed = seal({ key: this.#bytes, iv, additional }, plaintext);
    return Buffer.concat([Buffer.from(this.#keyId), iv, sealed]);
  }

  /** @throws KeyturnError `CiphertextInvalid` */
  open(ciphertext: Uint8Array, context: Context): Uint8Array {
    const bytes = Buffer.from(ciphertext).subarray(KEY_ID_LENGTH);
    const iv = bytes.subarray(0, IV_BYTES);
    const sealing = { key: this.#bytes, iv, additional: additionalData(context) };
    try {
      return Uint8Array.from(open(sealing, bytes.subarray(IV_BYTES)));
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
