// SPDX-License-Identifier: Apache-2.0
// Who votes by which rules: what was deployed from the tables of `policies/`, once it was agreed on. The row is read
// each time, so an agreement holds everywhere from its instant on.
import type { ApprovalRule, Elector } from '#core/policies/approval-rules.ts';
import { type DecisionPolicy, inForce } from '#core/policies/decision-policy.ts';
import type { DecisionPolicies, Electorate } from '#core/ports/approvals.ts';
import type { Clock } from '#core/ports/platform.ts';

export class AgreedElectorate implements Electorate {
  readonly #deployed: DecisionPolicy;
  readonly #policies: DecisionPolicies;
  readonly #clock: Clock;

  constructor(deployed: DecisionPolicy, policies: DecisionPolicies, clock: Clock) {
    this.#deployed = deployed;
    this.#policies = policies;
    this.#clock = clock;
  }

  async people(): Promise<readonly Elector[]> {
    return (await this.#inForce()).people;
  }

  async rules(): Promise<readonly ApprovalRule[]> {
    return (await this.#inForce()).rules;
  }

  async quorums(): Promise<Readonly<Record<string, number>>> {
    return (await this.#inForce()).quorums;
  }

  async #inForce(): Promise<DecisionPolicy> {
    const record = await this.#policies.readDecisionPolicy();
    return inForce(record, this.#deployed, this.#clock.now());
  }
}
