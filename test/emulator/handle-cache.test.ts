// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { HandleCache } from '#emulator/hsm/handle-cache.ts';

const handle = (number: number) => Buffer.from([number]);

describe('a full cache of handles', () => {
  it('gives one handle back to its owner for each that it takes in', () => {
    const evicted: Buffer[] = [];
    const cache = new HandleCache(
      () => 3,
      (old) => evicted.push(old),
    );
    for (let number = 0; number < 10; number += 1) cache.set(`key ${number}`, handle(number));

    const kept = Array.from({ length: 10 }, (_, number) => cache.get(`key ${number}`));
    const all = [...evicted, ...kept.filter((found) => found !== undefined)];
    expect(evicted).toHaveLength(7);
    expect(all.map(([number]) => number).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('still finds some of the keys that a caller walks over in turn', () => {
    const cache = new HandleCache(
      () => 50,
      () => undefined,
    );
    let found = 0;
    for (let round = 0; round < 20; round += 1) {
      for (let number = 0; number < 100; number += 1) {
        if (cache.get(`key ${number}`) === undefined) cache.set(`key ${number}`, handle(number));
        else found += 1;
      }
    }
    // The least recently used one would always be the next one asked for: none would be found.
    expect(found).toBeGreaterThan(100);
  });

  it('follows a limit that fell, two handles at a time', () => {
    let limit = 6;
    let evicted = 0;
    const counted = () => {
      evicted += 1;
    };
    const cache = new HandleCache(() => limit, counted);
    for (let number = 0; number < 6; number += 1) cache.set(`key ${number}`, handle(number));
    limit = 2;
    for (let number = 6; number < 9; number += 1) cache.set(`key ${number}`, handle(number));
    expect({ evicted, size: cache.size }).toEqual({ evicted: 6, size: 3 });
    cache.set('one more', handle(9));
    expect(cache.size).toBe(2);
  });

  it('keeps the others when one is taken out, whichever it is', () => {
    for (const gone of [0, 1, 2]) {
      const cache = new HandleCache(
        () => 3,
        () => expect.unreachable('nothing is too much'),
      );
      for (const number of [0, 1, 2]) cache.set(`key ${number}`, handle(number));
      expect(cache.take(`key ${gone}`)).toEqual(handle(gone));
      cache.set('another', handle(9));
      const left = [0, 1, 2].filter((number) => cache.get(`key ${number}`) !== undefined);
      expect(left).toEqual([0, 1, 2].filter((number) => number !== gone));
      expect(cache.get('another')).toEqual(handle(9));
    }
  });

  it('replaces a handle without a word', () => {
    const cache = new HandleCache(
      () => 1,
      () => expect.unreachable('nothing is too much'),
    );
    cache.set('key', handle(1));
    cache.set('key', handle(2));
    expect(cache.get('key')).toEqual(handle(2));
    cache.clear();
    expect(cache.take('key')).toBeUndefined();
  });
});
