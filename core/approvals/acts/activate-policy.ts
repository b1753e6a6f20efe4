// SPDX-License-Identifier: Apache-2.0
// Act `quorum.change`: another decision policy comes into force. Decided under the stricter of the old one and the new
// one, by people whom both let decide.
import {
  type ActivatePolicyDeps,
  activationBasis,
  requireActivation,
  schedulePolicy,
} from '../../operations/activate-policy.ts';
import {
  activeAt,
  electorsUnderBoth,
  inForce,
  stricterRule,
} from '../../policies/decision-policy.ts';
import { policyChanges } from '../../policies/policy-changes.ts';
import type { Act } from '../act.ts';

/** No class of keys: no quorum of a class ever stands in for a rule's own. */
const CLASS = 'decision-policy';
const ACTION = 'quorum.change';
/** Changes in the words of the request; all of them are at `GET /v1/decision-policy`. */
const SHOWN = 5;

function wordsFor(changes: readonly string[], digest: string): string {
  const more = changes.length - SHOWN;
  const rest = more > 0 ? `; and ${more} more, see "keyturn policy show"` : '';
  return `Change who decides, to policy ${digest.slice(0, 12)}: ${changes.slice(0, SHOWN).join('; ')}${rest}`;
}

export const activatePolicyAct: Act<ActivatePolicyDeps> = {
  action: ACTION,

  async describe(deps) {
    const { active, digest } = await requireActivation(deps);
    return {
      key: null,
      version: null,
      operationId: null,
      parameters: { from: active.digest, to: digest },
      what: wordsFor(policyChanges(active.policy, deps.deployed), digest),
      class: CLASS,
      environment: null,
      blast: {
        consumers: 0,
        topOwners: [],
        lastUse: null,
        unreadable: null,
        undo: `"keyturn policy withdraw", ${deps.activationDelaySeconds} s long; then another change like this`,
        irreversible: false,
      },
      basis: activationBasis(active.digest, digest),
    };
  },

  async decidedBy({ decisions, deployed, clock }) {
    const now = clock.now();
    const record = await decisions.readDecisionPolicy();
    const old = record ? activeAt(record, now).policy : inForce(null, deployed, now);
    return {
      rule: stricterRule(old, deployed, ACTION, CLASS),
      people: electorsUnderBoth(old, deployed, ACTION, CLASS),
    };
  },

  async execute(deps, approval, consume) {
    await schedulePolicy(deps, approval, (basis) => consume(basis, null));
    return [];
  },
};
