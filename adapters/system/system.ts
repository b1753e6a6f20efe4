// SPDX-License-Identifier: Apache-2.0
// Time, ids and randomness of the running process.
import { randomBytes } from 'node:crypto';
import { ulid } from 'ulid';
import type { Clock, Ids } from '#core/ports/platform.ts';

export const systemClock: Clock = { now: () => new Date().toISOString() };

export const ulidIds: Ids = {
  operationId: () => `op_${ulid()}`,
  taskId: () => `task_${ulid()}`,
  batchId: () => `bat_${ulid()}`,
  approvalId: () => `apr_${ulid()}`,
  escrowSetId: () => `esc_${ulid()}`,
  escrowSessionId: () => `ers_${ulid()}`,
};

/** Bytes from the operating system's generator. */
export const systemRandom = (bytes: number): Uint8Array => randomBytes(bytes);
