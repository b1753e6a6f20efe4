// SPDX-License-Identifier: Apache-2.0
// The pause of a stage in the metadata table: one row.
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { PauseChange, PauseRow, Pauses } from '#core/ports/pauses.ts';
import { auditItem, pauseAddress } from './items.ts';
import { TableRows } from './table-rows.ts';

export class DynamoDbPauseRows implements Pauses {
  readonly #rows: TableRows;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#rows = new TableRows(client, table);
  }

  async readPause(): Promise<PauseRow | null> {
    return this.#rows.get<PauseRow>(pauseAddress());
  }

  async commitPause({ expectedRevision, row, audit }: PauseChange): Promise<void> {
    await this.#rows.transact([
      this.#rows.guarded({ ...pauseAddress(), ...row }, expectedRevision),
      this.#rows.guarded(auditItem(audit), null),
    ]);
  }
}
