// SPDX-License-Identifier: Apache-2.0
// Mass brakes in memory.
import type { AuditRecord } from '#core/audit/chain.ts';
import { KeyturnError } from '#core/errors.ts';
import {
  type BrakeChange,
  type BrakeRecord,
  type Brakes,
  ENDED_SHOWN,
} from '#core/ports/brakes.ts';
import type { ApprovalChange } from '#core/ports/ledger.ts';
import type { MemoryReviewRows } from './review-rows.ts';

export class MemoryBrakeRows implements Brakes {
  readonly #rows = new Map<string, BrakeRecord>();
  readonly #open: string[] = [];
  readonly #ended: string[] = [];
  readonly #commitApproval: (change: ApprovalChange) => Promise<void>;
  readonly #reviews: MemoryReviewRows | undefined;
  /** Audit records of all of them, in the order in which they were written. */
  readonly audit: AuditRecord[] = [];

  /** @param commitApproval writes an approval that a change uses up, or throws and nothing is written */
  constructor(
    commitApproval: (change: ApprovalChange) => Promise<void>,
    reviews?: MemoryReviewRows,
  ) {
    this.#commitApproval = commitApproval;
    this.#reviews = reviews;
  }

  async readBrake(id: string): Promise<BrakeRecord | null> {
    return structuredClone(this.#rows.get(id) ?? null);
  }

  async listOpenBrakes(): Promise<readonly BrakeRecord[]> {
    return this.#of(this.#open);
  }

  async listEndedBrakes(): Promise<readonly BrakeRecord[]> {
    return this.#of(this.#ended.slice(0, ENDED_SHOWN));
  }

  async commitBrake(change: BrakeChange): Promise<void> {
    const { expectedRevision, brake, approval, audit, isOpen } = change;
    if ((this.#rows.get(brake.id)?.revision ?? null) !== expectedRevision)
      throw new KeyturnError('RevisionConflict', `${brake.id} changed meanwhile`);
    if (approval) await this.#commitApproval(approval);
    this.#rows.set(brake.id, structuredClone(brake));
    this.#reviews?.put(change.review);
    if (isOpen === true) this.#open.push(brake.id);
    if (isOpen === false) {
      this.#open.splice(this.#open.indexOf(brake.id), 1);
      this.#ended.unshift(brake.id);
    }
    this.audit.push(structuredClone(audit));
  }

  #of(ids: readonly string[]): BrakeRecord[] {
    const found = ids.map((id) => this.#rows.get(id));
    return structuredClone(found.filter((one) => one !== undefined));
  }
}
