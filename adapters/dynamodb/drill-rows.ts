// SPDX-License-Identifier: Apache-2.0
// Drills in the metadata table: all in one partition, which one consistent query reads, for they are few.
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { DrillChange, DrillRecord, Drills } from '#core/drills/records.ts';
import * as items from './items.ts';
import { TableRows } from './table-rows.ts';

export class DynamoDrillRows implements Drills {
  readonly #rows: TableRows;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#rows = new TableRows(client, table);
  }

  async readDrill(id: string): Promise<DrillRecord | null> {
    return this.#rows.get<DrillRecord>(items.drillAddress(id));
  }

  async listDrills(): Promise<readonly DrillRecord[]> {
    const rows = await this.#rows.query(items.DRILLS_PARTITION);
    return rows.map((row) => items.toRecord<DrillRecord>(row));
  }

  async commitDrill({ expectedRevision, drill, audit }: DrillChange): Promise<void> {
    const item = { ...items.drillAddress(drill.id), ...drill };
    await this.#rows.transact([
      this.#rows.guarded(item, expectedRevision),
      this.#rows.put(items.auditItem(audit)),
    ]);
  }
}
