// SPDX-License-Identifier: Apache-2.0
// Mass brakes in the metadata table: a row each, and one that lists those that hold and those that ended last.
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import {
  type BrakeChange,
  type BrakeRecord,
  type Brakes,
  ENDED_SHOWN,
} from '#core/ports/brakes.ts';
import * as items from './items.ts';
import { TableRows, type Write } from './table-rows.ts';

interface ListRow {
  readonly open: readonly string[];
  readonly ended: readonly string[];
  readonly revision: number;
}

export class DynamoDbBrakeRows implements Brakes {
  readonly #rows: TableRows;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#rows = new TableRows(client, table);
  }

  async readBrake(id: string): Promise<BrakeRecord | null> {
    return this.#rows.get<BrakeRecord>(items.brakeAddress(id));
  }

  async listOpenBrakes(): Promise<readonly BrakeRecord[]> {
    return this.#of((await this.#list())?.open ?? []);
  }

  async listEndedBrakes(): Promise<readonly BrakeRecord[]> {
    return this.#of((await this.#list())?.ended ?? []);
  }

  async commitBrake(change: BrakeChange): Promise<void> {
    const { brake, expectedRevision, approval, audit, isOpen, review } = change;
    const item = { ...items.brakeAddress(brake.id), ...brake };
    await this.#rows.transact([
      this.#rows.guarded(item, expectedRevision),
      ...(review ? [this.#rows.guarded(items.reviewItem(review), null)] : []),
      ...(isOpen === undefined ? [] : [await this.#listWrite(brake.id, isOpen)]),
      ...(approval
        ? [
            this.#rows.guarded(items.approvalItem(approval.approval), approval.expectedRevision),
            this.#rows.guarded(items.auditItem(approval.audit), null),
          ]
        : []),
      this.#rows.guarded(items.auditItem(audit), null),
    ]);
  }

  async #list(): Promise<ListRow | null> {
    return this.#rows.get<ListRow>(items.brakesAddress());
  }

  async #of(ids: readonly string[]): Promise<BrakeRecord[]> {
    const found = await Promise.all(ids.map((id) => this.readBrake(id)));
    return found.filter((one) => one !== null);
  }

  async #listWrite(id: string, isOpen: boolean): Promise<Write> {
    const before = await this.#list();
    const open = (before?.open ?? []).filter((one) => one !== id);
    const ended = before?.ended ?? [];
    const row = {
      open: isOpen ? [...open, id] : open,
      ended: isOpen ? ended : [id, ...ended].slice(0, ENDED_SHOWN),
      revision: (before?.revision ?? 0) + 1,
    };
    return this.#rows.guarded({ ...items.brakesAddress(), ...row }, before?.revision ?? null);
  }
}
