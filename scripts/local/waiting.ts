// SPDX-License-Identifier: Apache-2.0
// Waiting for a condition instead of for a time.
import { setTimeout as pause } from 'node:timers/promises';

/** How long to wait, how often to look, and what to say when it was in vain. */
export interface Patience {
  readonly timeoutSeconds: number;
  readonly pollMilliseconds?: number;
  readonly what: string;
}

/** Calls `probe` until it returns something other than undefined or false. @throws Error when time is up */
export async function until<T>(
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutSeconds, pollMilliseconds = 50, what }: Patience,
): Promise<T> {
  const deadline = performance.now() + timeoutSeconds * 1000;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeoutSeconds} s in vain for ${what}`);
    }
    await pause(pollMilliseconds);
  }
}
