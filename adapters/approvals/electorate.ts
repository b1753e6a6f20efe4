// SPDX-License-Identifier: Apache-2.0
// Who votes by which rules, from the tables of `policies/`: what was reviewed and deployed is what holds.
import type { ApprovalRule, Elector } from '#core/policies/approval-rules.ts';
import type { Electorate } from '#core/ports/approvals.ts';

export class TableElectorate implements Electorate {
  readonly #people: readonly Elector[];
  readonly #rules: readonly ApprovalRule[];

  constructor(people: readonly Elector[], rules: readonly ApprovalRule[]) {
    this.#people = people;
    this.#rules = rules;
  }

  async people(): Promise<readonly Elector[]> {
    return this.#people;
  }

  async rules(): Promise<readonly ApprovalRule[]> {
    return this.#rules;
  }
}
