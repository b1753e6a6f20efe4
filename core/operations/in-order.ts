// SPDX-License-Identifier: Apache-2.0
// Work on a list of which some items are under way at once, and whose outcomes come in the order of the list.

/**
 * Begins items while `mayBegin` says so, the first always, and yields each with its outcome in their order: behind the last
 * one that was yielded nothing was left out.
 * @param atOnce items under way at once, 1 and up
 * @throws what `run` throws, once everything that was begun has ended
 */
export async function* inOrder<T, R>(
  items: readonly T[],
  atOnce: number,
  mayBegin: () => boolean,
  run: (item: T) => Promise<R>,
): AsyncGenerator<readonly [T, R]> {
  const underWay: Promise<readonly [T, R]>[] = [];
  const waiting = items.values();
  let hasBegun = false;
  const begin = () => {
    if (hasBegun && !mayBegin()) return;
    const next = waiting.next();
    if (next.done) return;
    hasBegun = true;
    underWay.push(run(next.value).then((outcome) => [next.value, outcome] as const));
  };
  try {
    for (let left = atOnce; left > 0; left -= 1) begin();
    for (let first = underWay.shift(); first; first = underWay.shift()) {
      const done = await first;
      begin();
      yield done;
    }
  } finally {
    await Promise.allSettled(underWay);
  }
}
