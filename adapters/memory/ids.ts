// SPDX-License-Identifier: Apache-2.0
// Ids that count: the first operation is `op_00000000000000000000000001`, in the form of a ULID.
import type { Ids } from '#core/ports/platform.ts';

export class CountingIds implements Ids {
  #operations = 0;
  #tasks = 0;
  #batches = 0;
  #approvals = 0;
  #escrowSets = 0;
  #escrowSessions = 0;

  operationId(): string {
    this.#operations += 1;
    return `op_${String(this.#operations).padStart(26, '0')}`;
  }

  taskId(): string {
    this.#tasks += 1;
    return `task_${String(this.#tasks).padStart(26, '0')}`;
  }

  batchId(): string {
    this.#batches += 1;
    return `bat_${String(this.#batches).padStart(26, '0')}`;
  }

  approvalId(): string {
    this.#approvals += 1;
    return `apr_${String(this.#approvals).padStart(26, '0')}`;
  }

  escrowSetId(): string {
    this.#escrowSets += 1;
    return `esc_${String(this.#escrowSets).padStart(26, '0')}`;
  }

  escrowSessionId(): string {
    this.#escrowSessions += 1;
    return `ers_${String(this.#escrowSessions).padStart(26, '0')}`;
  }
}
