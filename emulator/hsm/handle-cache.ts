// SPDX-License-Identifier: Apache-2.0
// Handles of keys in use, least recently used out first. Finding an object by attribute costs time
// linear in the token's size, so a handle is looked up once.
import type { KeyHandle } from '#adapters/pkcs11/token.ts';

/** A bounded map from key id to handle. */
export class HandleCache {
  readonly #limit: number;
  readonly #evicted: (handle: KeyHandle) => void;
  readonly #handles = new Map<string, KeyHandle>();

  constructor(limit: number, evicted: (handle: KeyHandle) => void) {
    this.#limit = limit;
    this.#evicted = evicted;
  }

  /** The handle, which becomes the most recent, or undefined. */
  get(keyId: string): KeyHandle | undefined {
    const handle = this.#handles.get(keyId);
    if (handle === undefined) return undefined;
    this.#handles.delete(keyId);
    this.#handles.set(keyId, handle);
    return handle;
  }

  /** Adds a handle and drops the oldest beyond the limit. */
  set(keyId: string, handle: KeyHandle): void {
    this.#handles.set(keyId, handle);
    if (this.#handles.size <= this.#limit) return;
    const [oldest] = this.#handles;
    if (oldest === undefined) return;
    this.#handles.delete(oldest[0]);
    this.#evicted(oldest[1]);
  }

  /** Forgets all handles without telling the owner: they are void. */
  clear(): void {
    this.#handles.clear();
  }

  /** Takes a handle out without telling the owner. */
  take(keyId: string): KeyHandle | undefined {
    const handle = this.#handles.get(keyId);
    this.#handles.delete(keyId);
    return handle;
  }
}
