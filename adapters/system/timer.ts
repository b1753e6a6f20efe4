// SPDX-License-Identifier: Apache-2.0
import type { Pause } from '#core/ports/rate-budget.ts';

/** Waits of the running process. */
export const systemTimer: Pause = {
  pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};
