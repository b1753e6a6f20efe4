// SPDX-License-Identifier: Apache-2.0
// Key bytes of the vault in memory: AES-256-GCM with the encryption context as additional data, so that a bent
// ciphertext or another context does not open. For tests; nothing here protects anything real.
import { createHmac, randomBytes } from 'node:crypto';
import canonicalize from 'canonicalize';
import { IV_BYTES, open, seal } from '#core/crypto/aes-gcm.ts';
import { KeyturnError } from '#core/errors.ts';
import type { Context } from '#core/ports/key-vault.ts';

const KEY_ID_LENGTH = 36;
const KEY_ID = /^[0-9a-f-]{36}$/;

export class MemoryKeyMaterial {
  readonly #keyId: string;
  readonly #bytes = [randomBytes(32)];

  constructor(keyId: string) {
    this.#keyId = keyId;
  }

  /** The key id that a ciphertext begins with, or null for what is no ciphertext of ours. */
  static keyIdOf(ciphertext: Uint8Array): string | null {
    const keyId = Buffer.from(ciphertext).subarray(0, KEY_ID_LENGTH).toString('latin1');
    return KEY_ID.test(keyId) ? keyId : null;
  }

  /** Names what `seal` uses. */
  get currentId(): string {
    return idOf(this.#bytes.length - 1);
  }

  /** How many materials there are. */
  get count(): number {
    return this.#bytes.length;
  }

  /** New material: what the older wrote still opens. */
  rotate(): void {
    this.#bytes.push(randomBytes(32));
  }

  /** The material that wrote a ciphertext. */
  static materialIdOf(ciphertext: Uint8Array): string {
    return idOf(ciphertext[KEY_ID_LENGTH] ?? 0);
  }

  seal(plaintext: Uint8Array, context: Context): Uint8Array {
    const iv = randomBytes(IV_BYTES);
    const additional = additionalData(context);
    const index = this.#bytes.length - 1;
    const sealed = seal({ key: this.#keyAt(index), iv, additional }, plaintext);
    return Buffer.concat([Buffer.from(this.#keyId), Buffer.of(index), iv, sealed]);
  }

  /** @throws KeyturnError `CiphertextInvalid` */
  open(ciphertext: Uint8Array, context: Context): Uint8Array {
    const bytes = Buffer.from(ciphertext).subarray(KEY_ID_LENGTH + 1);
    const iv = bytes.subarray(0, IV_BYTES);
    try {
      const key = this.#keyAt(ciphertext[KEY_ID_LENGTH] ?? 0);
      const sealing = { key, iv, additional: additionalData(context) };
      return Uint8Array.from(open(sealing, bytes.subarray(IV_BYTES)));
    } catch (cause) {
      throw new KeyturnError('CiphertextInvalid', 'damaged, or another encryption context', {
        cause,
      });
    }
  }

  /** What stands for a signature or a code: nothing else in memory has the bytes. */
  prove(message: Uint8Array): Uint8Array {
    return createHmac('sha256', this.#keyAt(0)).update(message).digest();
  }

  #keyAt(index: number): Buffer {
    const found = this.#bytes[index];
    if (!found) throw new KeyturnError('CiphertextInvalid', 'no material of this number');
    return found;
  }
}

const idOf = (index: number) => `material-${index + 1}`;

function additionalData(context: Context): Buffer {
  return Buffer.from(canonicalize(context) ?? '');
}
