// SPDX-License-Identifier: Apache-2.0
// The pause of a stage in memory.
import type { AuditRecord } from '#core/audit/chain.ts';
import { KeyturnError } from '#core/errors.ts';
import type { PauseChange, PauseRow, Pauses } from '#core/ports/pauses.ts';

export class MemoryPauseRows implements Pauses {
  #row: PauseRow | null = null;
  /** In the order in which they were written. */
  readonly audit: AuditRecord[] = [];

  async readPause(): Promise<PauseRow | null> {
    return structuredClone(this.#row);
  }

  async commitPause({ expectedRevision, row, audit }: PauseChange): Promise<void> {
    if ((this.#row?.revision ?? null) !== expectedRevision)
      throw new KeyturnError('RevisionConflict', 'the pause changed meanwhile');
    this.#row = structuredClone(row);
    this.audit.push(structuredClone(audit));
  }
}
