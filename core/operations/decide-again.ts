// SPDX-License-Identifier: Apache-2.0
// Every change is decided on a record that was read and committed on its revision. Who was overtaken reads and decides again.
import { isError } from '../errors.ts';

/**
 * Does a piece of work that reads, decides and commits, again when the commit lost a race.
 * @param tries 1 and up
 * @throws KeyturnError `RevisionConflict` after so many lost races, and whatever else the work throws
 */
export async function decidingAgain<T>(tries: number, work: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await work();
    } catch (error) {
      if (tried >= tries || !isError(error, 'RevisionConflict')) throw error;
    }
  }
}

/**
 * Does what a request asks for once, however often it is sent, also at the same time.
 * @param find what the same request did before; null: nothing yet
 * @param work as for {@link unlessDone}
 * @throws KeyturnError what `find` and `work` throw
 */
export async function doingOnce<T>(
  find: () => Promise<T | null>,
  work: () => Promise<T>,
): Promise<T> {
  return (await find()) ?? unlessDone(find, work);
}

/**
 * The later part of {@link doingOnce}. What refuses the work may be what the same request did meanwhile, such as a name that
 * is taken now or a lease: it is looked for before the refusal is thrown.
 * @param work commits what `find` finds together with all that it does
 * @throws KeyturnError what `find` and `work` throw
 */
export async function unlessDone<T>(
  find: () => Promise<T | null>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const done = await find();
    if (done !== null) return done;
    throw error;
  }
}
