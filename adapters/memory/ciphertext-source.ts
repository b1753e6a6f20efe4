// SPDX-License-Identifier: Apache-2.0
// A source in memory: items by id, in the order of their ids, shard by remainder. For tests and simulation.
import type {
  CiphertextSource,
  Replacement,
  SealedPart,
  SourceItem,
  SourcePage,
} from '#core/ports/ciphertext-source.ts';

/** An item as an application wrote it. */
export interface StoredItem {
  readonly parts: readonly SealedPart[];
}

/** Stable, so that an item keeps its shard whatever is written beside it. */
function shardOf(id: string, shards: number): number {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return sum % shards;
}

export class MemoryCiphertextSource implements CiphertextSource {
  readonly #items = new Map<string, StoredItem>();
  readonly #shards: number;

  constructor(shards = 1) {
    this.#shards = shards;
  }

  /** Writes an item, as an application does. */
  put(id: string, item: StoredItem): void {
    this.#items.set(id, item);
  }

  /** Deletes an item, as an application does. */
  remove(id: string): void {
    this.#items.delete(id);
  }

  get(id: string): StoredItem | undefined {
    return this.#items.get(id);
  }

  get ids(): readonly string[] {
    return [...this.#items.keys()];
  }

  async readPage(shard: number, cursor: string | null, limit: number): Promise<SourcePage> {
    const ids = [...this.#items.keys()]
      .sort()
      .filter((id) => shardOf(id, this.#shards) === shard)
      .filter((id) => cursor === null || id > cursor);
    const page = ids.slice(0, limit);
    return {
      items: page.map((id) => ({ id, parts: this.#items.get(id)?.parts ?? [] })),
      cursor: ids.length > limit ? (page.at(-1) ?? null) : null,
    };
  }

  async replace(item: SourceItem, replacement: Replacement): Promise<boolean> {
    if (!('parts' in item) || !('ciphertexts' in replacement)) return false;
    const stored = this.#items.get(item.id);
    const isSame = stored?.parts.every(
      (part, index) => part.ciphertext === item.parts[index]?.ciphertext,
    );
    if (!stored || !isSame) return false;
    const parts = stored.parts.map((part, index) => ({
      ...part,
      ciphertext: replacement.ciphertexts[index] ?? part.ciphertext,
    }));
    this.#items.set(item.id, { parts });
    return true;
  }

  async estimate(): Promise<number | null> {
    return this.#items.size;
  }
}
