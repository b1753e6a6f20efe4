// SPDX-License-Identifier: Apache-2.0
// Containments of scopes in the metadata table. What the data plane reads is one small row, kept in several equal copies:
// a partition serves 3,000 reads a second (DynamoDB developer guide, "Partitions and data distribution").
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type {
  ScopeChange,
  ScopeContainment,
  ScopeContainments,
  ScopeDenial,
  ScopeDenials,
} from '#core/ports/scope-containments.ts';
import * as items from './items.ts';
import { TableRows, type Write } from './table-rows.ts';

interface DenialsRow {
  readonly denials: readonly ScopeDenial[];
  readonly revision: number;
}

interface LiftsRow {
  readonly ids: readonly string[];
  readonly revision: number;
}

const address = (id: string): items.Item => items.scopeAddress(id);
const denialsAddress = (copy: number): items.Item => items.scopeDenialsAddress(copy);

export class DynamoDbScopeRows implements ScopeContainments {
  readonly #rows: TableRows;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#rows = new TableRows(client, table);
  }

  async readScope(id: string): Promise<ScopeContainment | null> {
    return this.#rows.get<ScopeContainment>(address(id));
  }

  async listRunning(): Promise<readonly ScopeContainment[]> {
    const denials = (await this.#denials(0))?.denials ?? [];
    const found = await Promise.all(
      denials.map(({ containment }) => this.readScope(containment.operationId)),
    );
    return found.filter((one) => one !== null);
  }

  async listLifting(): Promise<readonly ScopeContainment[]> {
    const ids = (await this.#lifts())?.ids ?? [];
    const found = await Promise.all(ids.map((id) => this.readScope(id)));
    return found.filter((one) => one !== null);
  }

  async readDenials(name: string): Promise<ScopeDenials> {
    const row = await this.#denials(items.denialCopyOf(name));
    return row ?? { denials: [], revision: null };
  }

  async commitScope(change: ScopeChange): Promise<void> {
    const { containment, expectedRevision, approval, audit, denial, isLifting, review } = change;
    const item = { ...address(containment.id), ...containment };
    await this.#rows.transact([
      this.#rows.guarded(item, expectedRevision),
      ...(review ? [this.#rows.guarded(items.reviewItem(review), null)] : []),
      ...(denial ? await this.#denialWrites(denial) : []),
      ...(isLifting === undefined ? [] : [await this.#liftWrite(containment.id, isLifting)]),
      ...(approval
        ? [
            this.#rows.guarded(items.approvalItem(approval.approval), approval.expectedRevision),
            this.#rows.guarded(items.auditItem(approval.audit), null),
          ]
        : []),
      this.#rows.guarded(items.auditItem(audit), null),
    ]);
  }

  async #denials(copy: number): Promise<DenialsRow | null> {
    return this.#rows.get<DenialsRow>(denialsAddress(copy));
  }

  async #lifts(): Promise<LiftsRow | null> {
    return this.#rows.get<LiftsRow>(items.scopeLiftsAddress());
  }

  async #liftWrite(id: string, isLifting: boolean): Promise<Write> {
    const before = await this.#lifts();
    const others = (before?.ids ?? []).filter((one) => one !== id);
    const row = {
      ids: isLifting ? [...others, id] : others,
      revision: (before?.revision ?? 0) + 1,
    };
    return this.#rows.guarded({ ...items.scopeLiftsAddress(), ...row }, before?.revision ?? null);
  }

  /** All copies, each guarded: they change together or not at all, so one tells what all hold. */
  async #denialWrites(change: NonNullable<ScopeChange['denial']>): Promise<Write[]> {
    const before = await this.#denials(0);
    const known = before?.denials ?? [];
    const denials =
      'add' in change
        ? [...known, change.add]
        : known.filter(({ containment }) => containment.operationId !== change.remove);
    const row = { denials, revision: (before?.revision ?? 0) + 1 };
    return Array.from({ length: items.SCOPE_DENIAL_COPIES }, (_, copy) =>
      this.#rows.guarded({ ...denialsAddress(copy), ...row }, before?.revision ?? null),
    );
  }
}
