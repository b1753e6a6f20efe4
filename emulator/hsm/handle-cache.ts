// SPDX-License-Identifier: Apache-2.0
// Handles of keys in use. Finding an object by attribute costs time linear in the token's size, and unwrapping
// one costs more than an encryption, so both are done once. When it is full, one entry chosen at random goes:
// a caller that walks over more keys than fit in turn would find none of them if the least recently used went.
import type { KeyHandle } from '#adapters/pkcs11/token.ts';

interface Entry {
  readonly handle: KeyHandle;
  /** Where the id stands in the list. */
  place: number;
}

/** A bounded map from key id to handle; every method takes constant time. */
export class HandleCache {
  readonly #limit: () => number;
  readonly #evicted: (handle: KeyHandle) => void;
  readonly #entries = new Map<string, Entry>();
  readonly #ids: string[] = [];

  /** The limit may change; the cache follows with the handles that come. */
  constructor(limit: () => number, evicted: (handle: KeyHandle) => void) {
    this.#limit = limit;
    this.#evicted = evicted;
  }

  /** How many handles there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** The handle, or undefined. */
  get(keyId: string): KeyHandle | undefined {
    return this.#entries.get(keyId)?.handle;
  }

  /** Adds or replaces a handle; beyond the limit another one goes, and its owner is told. */
  set(keyId: string, handle: KeyHandle): void {
    const known = this.#entries.get(keyId);
    if (known === undefined) this.#makeRoom();
    const place = known?.place ?? this.#ids.push(keyId) - 1;
    this.#entries.set(keyId, { handle, place });
  }

  /** Forgets all handles without telling the owner: they are void. */
  clear(): void {
    this.#entries.clear();
    this.#ids.length = 0;
  }

  /** Takes a handle out without telling the owner. */
  take(keyId: string): KeyHandle | undefined {
    const entry = this.#entries.get(keyId);
    if (entry === undefined) return undefined;
    this.#entries.delete(keyId);
    const last = this.#ids.pop();
    const moved = last === undefined ? undefined : this.#entries.get(last);
    if (last === undefined || moved === undefined) return entry.handle;
    moved.place = entry.place;
    this.#ids[entry.place] = last;
    return entry.handle;
  }

  /** Two at most, so that no call pays for a limit that fell. */
  #makeRoom(): void {
    for (let left = 2; left > 0 && this.#entries.size >= this.#limit(); left -= 1) this.#evict();
  }

  #evict(): void {
    const keyId = this.#ids[Math.floor(Math.random() * this.#ids.length)];
    const handle = keyId === undefined ? undefined : this.take(keyId);
    if (handle !== undefined) this.#evicted(handle);
  }
}
