// SPDX-License-Identifier: Apache-2.0
// Incidents in the metadata table: all in one partition, which one consistent query reads, for they are few.
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { IncidentChange, IncidentRecord, Incidents } from '#core/incidents/records.ts';
import * as items from './items.ts';
import { TableRows } from './table-rows.ts';

export class DynamoIncidentRows implements Incidents {
  readonly #rows: TableRows;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#rows = new TableRows(client, table);
  }

  async readIncident(id: string): Promise<IncidentRecord | null> {
    return this.#rows.get<IncidentRecord>(items.incidentAddress(id));
  }

  async listIncidents(): Promise<readonly IncidentRecord[]> {
    const rows = await this.#rows.query(items.INCIDENTS_PARTITION);
    return rows.map((row) => items.toRecord<IncidentRecord>(row));
  }

  async commitIncident({ expectedRevision, incident, audit }: IncidentChange): Promise<void> {
    const item = { ...items.incidentAddress(incident.id), ...incident };
    await this.#rows.transact([
      this.#rows.guarded(item, expectedRevision),
      this.#rows.put(items.auditItem(audit)),
    ]);
  }
}
