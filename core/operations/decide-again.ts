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
