// SPDX-License-Identifier: Apache-2.0
// Time and ids of the running process.
import { ulid } from 'ulid';
import type { Clock, Ids } from '#core/ports/platform.ts';

export const systemClock: Clock = { now: () => new Date().toISOString() };

export const ulidIds: Ids = {
  operationId: () => `op_${ulid()}`,
  taskId: () => `task_${ulid()}`,
};
