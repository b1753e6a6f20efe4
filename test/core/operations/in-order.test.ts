// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { inOrder } from '#core/operations/in-order.ts';

/** Runs that end when they are told to. */
function held<T>() {
  const ends = new Map<T, () => void>();
  const run = (item: T) =>
    new Promise<string>((resolve) => {
      ends.set(item, () => resolve(`done ${item}`));
    });
  return { run, begun: () => [...ends.keys()], end: (item: T) => ends.get(item)?.() };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('work in order', () => {
  it('has as many under way as it may, and tells in the order of the list', async () => {
    const work = held<number>();
    const told: string[] = [];
    const all = (async () => {
      for await (const [, outcome] of inOrder([1, 2, 3, 4], 2, () => true, work.run))
        told.push(outcome);
    })();
    await turn();
    expect(work.begun()).toEqual([1, 2]);
    work.end(2);
    await turn();
    expect(told).toEqual([]);
    work.end(1);
    await turn();
    expect(told).toEqual(['done 1', 'done 2']);
    expect(work.begun()).toEqual([1, 2, 3, 4]);
    work.end(4);
    work.end(3);
    await all;
    expect(told).toEqual(['done 1', 'done 2', 'done 3', 'done 4']);
  });

  it('begins the first whatever it is told, and no other when it may not', async () => {
    const begun: number[] = [];
    const run = async (item: number) => begun.push(item);
    for await (const _ of inOrder([1, 2, 3], 2, () => false, run));
    expect(begun).toEqual([1]);
  });

  it('waits for what is under way before it fails', async () => {
    let isOver = false;
    const run = async (item: number) => {
      if (item === 1) throw new Error('lost');
      await turn();
      isOver = true;
    };
    const all = async () => {
      for await (const _ of inOrder([1, 2], 2, () => true, run));
    };
    await expect(all()).rejects.toThrow('lost');
    expect(isOver).toBe(true);
  });

  it('has nothing to do with nothing', async () => {
    for await (const _ of inOrder(
      [],
      3,
      () => true,
      async () => 1,
    ))
      throw new Error('something');
  });
});
