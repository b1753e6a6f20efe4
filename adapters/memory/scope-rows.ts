// SPDX-License-Identifier: Apache-2.0
// Containments of scopes in memory.
import type { AuditRecord } from '#core/audit/chain.ts';
import { KeyturnError } from '#core/errors.ts';
import type { ApprovalChange } from '#core/ports/ledger.ts';
import type {
  ScopeChange,
  ScopeContainment,
  ScopeContainments,
  ScopeDenial,
  ScopeDenials,
} from '#core/ports/scope-containments.ts';
import type { MemoryReviewRows } from './review-rows.ts';

export class MemoryScopeRows implements ScopeContainments {
  readonly #rows = new Map<string, ScopeContainment>();
  readonly #commitApproval: (change: ApprovalChange) => Promise<void>;
  readonly #lifting = new Set<string>();
  #denials: readonly ScopeDenial[] = [];
  /** Changes of what is denied; null: none yet. */
  denialsRevision: number | null = null;
  /** Audit records of all of them, in the order in which they were written. */
  readonly audit: AuditRecord[] = [];

  readonly #reviews: MemoryReviewRows | undefined;

  /** @param commitApproval writes an approval that a change uses up, or throws and nothing is written */
  constructor(
    commitApproval: (change: ApprovalChange) => Promise<void>,
    reviews?: MemoryReviewRows,
  ) {
    this.#commitApproval = commitApproval;
    this.#reviews = reviews;
  }

  async readScope(id: string): Promise<ScopeContainment | null> {
    return structuredClone(this.#rows.get(id) ?? null);
  }

  async listRunning(): Promise<readonly ScopeContainment[]> {
    return structuredClone([...this.#rows.values()].filter(({ state }) => state === 'running'));
  }

  async listLifting(): Promise<readonly ScopeContainment[]> {
    const rows = [...this.#lifting].map((id) => this.#rows.get(id));
    return structuredClone(rows.filter((row) => row !== undefined));
  }

  async readDenials(_name: string): Promise<ScopeDenials> {
    return structuredClone({ denials: this.#denials, revision: this.denialsRevision });
  }

  async commitScope(change: ScopeChange): Promise<void> {
    const { expectedRevision, containment, denial, approval, audit } = change;
    const found = this.#rows.get(containment.id)?.revision ?? null;
    if (found !== expectedRevision)
      throw new KeyturnError('RevisionConflict', `${containment.id} changed meanwhile`);
    if (approval) await this.#commitApproval(approval);
    this.#rows.set(containment.id, structuredClone(containment));
    this.#reviews?.put(change.review);
    if (denial) {
      this.#denials = changedDenials(this.#denials, denial);
      this.denialsRevision = (this.denialsRevision ?? 0) + 1;
    }
    if (change.isLifting === true) this.#lifting.add(containment.id);
    if (change.isLifting === false) this.#lifting.delete(containment.id);
    this.audit.push(structuredClone(audit));
  }
}

function changedDenials(
  denials: readonly ScopeDenial[],
  change: NonNullable<ScopeChange['denial']>,
): readonly ScopeDenial[] {
  if ('add' in change) return [...denials, structuredClone(change.add)];
  return denials.filter(({ containment }) => containment.operationId !== change.remove);
}
