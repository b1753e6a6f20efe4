// SPDX-License-Identifier: Apache-2.0
// Port of who makes data keys. It hands out wrapped ones only: no part of Keyturn but the data plane ever holds one
// in the clear.
import type { Context } from './key-vault.ts';

export interface DataKeyMaker {
  /**
   * A new AES-256 key, wrapped by the vault key under the context. Nothing is left behind when its record is lost.
   * @param keyStore where the vault key lies: cryptographic calls have one budget per key store
   * @throws KeyturnError as the vault's ports do
   */
  makeWrapped(
    keyId: string,
    context: Context,
    keyStore: string,
  ): Promise<{ readonly wrapped: Uint8Array; readonly keyArn: string }>;
}
