// SPDX-License-Identifier: Apache-2.0
// Drills in memory.
import type { AuditRecord } from '#core/audit/chain.ts';
import type { DrillChange, DrillRecord, Drills } from '#core/drills/records.ts';
import { KeyturnError } from '#core/errors.ts';

export class MemoryDrillRows implements Drills {
  readonly #drills = new Map<string, DrillRecord>();
  /** Audit records of all drills, in the order in which they were written. */
  readonly audit: AuditRecord[] = [];

  async readDrill(id: string): Promise<DrillRecord | null> {
    return structuredClone(this.#drills.get(id) ?? null);
  }

  async listDrills(): Promise<readonly DrillRecord[]> {
    return structuredClone([...this.#drills.values()]);
  }

  async commitDrill({ expectedRevision, drill, audit }: DrillChange): Promise<void> {
    const found = this.#drills.get(drill.id)?.revision ?? null;
    if (found !== expectedRevision)
      throw new KeyturnError('RevisionConflict', `${drill.id} changed meanwhile`);
    this.#drills.set(drill.id, structuredClone(drill));
    this.audit.push(structuredClone(audit));
  }
}
