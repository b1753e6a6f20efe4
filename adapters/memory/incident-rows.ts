// SPDX-License-Identifier: Apache-2.0
// Incidents in memory.
import type { AuditRecord } from '#core/audit/chain.ts';
import { KeyturnError } from '#core/errors.ts';
import type { IncidentChange, IncidentRecord, Incidents } from '#core/incidents/records.ts';

export class MemoryIncidentRows implements Incidents {
  readonly #incidents = new Map<string, IncidentRecord>();
  /** Audit records of all incidents, in the order in which they were written. */
  readonly audit: AuditRecord[] = [];

  async readIncident(id: string): Promise<IncidentRecord | null> {
    return structuredClone(this.#incidents.get(id) ?? null);
  }

  async listIncidents(): Promise<readonly IncidentRecord[]> {
    return structuredClone([...this.#incidents.values()]);
  }

  async commitIncident({ expectedRevision, incident, audit }: IncidentChange): Promise<void> {
    const found = this.#incidents.get(incident.id)?.revision ?? null;
    if (found !== expectedRevision)
      throw new KeyturnError('RevisionConflict', `${incident.id} changed meanwhile`);
    this.#incidents.set(incident.id, structuredClone(incident));
    this.audit.push(structuredClone(audit));
  }
}
