// SPDX-License-Identifier: Apache-2.0
// How long a rotation of a class waits for its consumers, and what becomes of it when some do not answer.
import { z } from 'zod';

export const AcknowledgementPolicy = z.strictObject({
  /** From telling the consumers to the deadline; at most 30 days. */
  windowSeconds: z.int().min(1).max(2_592_000),
  /**
   * `abort`: the rotation is undone and the old version stays in use. `extend`: the window once more, so many times,
   * then `abort`. `wait-for-force`: it waits on until everybody answered or a quorum forces it.
   */
  onDeadline: z.enum(['abort', 'extend', 'wait-for-force']),
  maxExtensions: z.int().min(0).max(10).default(0),
});
export type AcknowledgementPolicy = z.infer<typeof AcknowledgementPolicy>;

/** What holds for a class that says nothing: a day, then the rotation is undone. */
export const DEFAULT_ACKNOWLEDGEMENT: AcknowledgementPolicy = {
  windowSeconds: 86_400,
  onDeadline: 'abort',
  maxExtensions: 0,
};
