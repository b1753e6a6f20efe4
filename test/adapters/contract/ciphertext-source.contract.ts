// SPDX-License-Identifier: Apache-2.0
// What every source must do: hand each item out once, in one shard, page by page, and replace it only while it is what
// was read.
import { beforeEach, describe, expect, it } from 'vitest';
import type { CiphertextSource, SourceItem } from '#core/ports/ciphertext-source.ts';

/** A source, and its store as the application sees it. */
export interface SourceScene {
  readonly source: CiphertextSource;
  /** @param context is `{ item: id }`, or the source needs none */
  readonly put: (id: string, text: string, context?: Record<string, string>) => Promise<void>;
  readonly remove: (id: string) => Promise<void>;
  readonly get: (id: string) => Promise<string | undefined>;
}

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

/** Runs the contract on a kind of source. */
export function describeSource(name: string, open: (shards: number) => Promise<SourceScene>): void {
  async function all({ source }: SourceScene, shard: number, limit: number): Promise<SourceItem[]> {
    const found: SourceItem[] = [];
    for (let cursor: string | null = null; ; ) {
      const page = await source.readPage(shard, cursor, limit);
      expect(page.items.length).toBeLessThanOrEqual(limit);
      found.push(...page.items);
      cursor = page.cursor;
      if (cursor === null) return found;
    }
  }

  async function only(scene: SourceScene): Promise<SourceItem> {
    const [item] = await all(scene, 0, 10);
    if (!item) throw new Error('no item');
    return item;
  }

  describe(`source ${name}`, () => {
    let scene: SourceScene;
    beforeEach(async () => {
      scene = await open(1);
    });

    it('hands every item out once, in one shard, with its context', async () => {
      const split = await open(3);
      const ids = Array.from({ length: 11 }, (_, index) => `item-${index}`);
      for (const id of ids) await split.put(id, `old ${id}`, { item: id });

      const found = (await Promise.all([0, 1, 2].map((shard) => all(split, shard, 2)))).flat();

      const texts = found.map((item) => {
        const [part] = 'parts' in item ? item.parts : [];
        const text = Buffer.from(part?.ciphertext ?? []).toString();
        expect(part?.context).toEqual({ item: text.replace('old ', '') });
        return text;
      });
      expect(texts.sort()).toEqual(ids.map((id) => `old ${id}`).sort());
      expect(new Set(found.map(({ id }) => id)).size).toBe(ids.length);
      // Not every store knows without listing all.
      expect([ids.length, null]).toContain(await split.source.estimate());
    });

    it('has an end when it is empty', async () => {
      expect(await all(scene, 0, 10)).toEqual([]);
    });

    it('replaces an item that is what was read, and only once', async () => {
      await scene.put('a', 'old');
      const item = await only(scene);

      expect(await scene.source.replace(item, { ciphertexts: [bytes('new')] })).toBe(true);
      expect(await scene.get('a')).toBe('new');
      expect(await scene.source.replace(item, { ciphertexts: [bytes('newer')] })).toBe(false);
      expect(await scene.get('a')).toBe('new');
    });

    it('leaves what was written meanwhile, and what is gone', async () => {
      await scene.put('a', 'old');
      const item = await only(scene);
      await scene.put('a', 'of the application');

      expect(await scene.source.replace(item, { ciphertexts: [bytes('new')] })).toBe(false);
      expect(await scene.get('a')).toBe('of the application');
      await scene.remove('a');
      expect(await scene.source.replace(item, { ciphertexts: [bytes('new')] })).toBe(false);
      expect(await scene.get('a')).toBeUndefined();
    });
  });
}
