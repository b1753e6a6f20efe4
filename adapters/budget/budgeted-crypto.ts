// SPDX-License-Identifier: Apache-2.0
// Encrypt and Decrypt in one key store, within the rate that its HSMs give to all of its keys together.
import type { Context, CryptoUser } from '#core/ports/key-vault.ts';
import type { RateBudget } from '#core/ports/rate-budget.ts';
import { metered } from './budgeted-vault.ts';

export class BudgetedCryptoUser implements CryptoUser {
  readonly #inner: CryptoUser;
  readonly #budget: RateBudget;
  readonly #keyStore: string;

  constructor(inner: CryptoUser, budget: RateBudget, keyStoreId: string) {
    this.#inner = inner;
    this.#budget = budget;
    this.#keyStore = keyStoreId;
  }

  #within<T>(call: () => Promise<T>): Promise<T> {
    const request = { call: 'CryptographicInKeyStore', lane: 'routine' } as const;
    return metered(this.#budget, { ...request, keyStore: this.#keyStore }, call);
  }

  encrypt(keyId: string, plaintext: Uint8Array, context: Context): Promise<Uint8Array> {
    return this.#within(() => this.#inner.encrypt(keyId, plaintext, context));
  }

  decrypt(ciphertext: Uint8Array, context: Context, keyId?: string) {
    return this.#within(() => this.#inner.decrypt(ciphertext, context, keyId));
  }
}
