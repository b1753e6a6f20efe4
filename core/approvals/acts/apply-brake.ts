// SPDX-License-Identifier: Apache-2.0
// Act `brake.apply`: the roles of consumers are denied the use of managed keys at KMS, all of them or those of a scope.
import { AskedBrake } from '../../contract/brakes.ts';
import { sha256Hex } from '../../crypto/hashing.ts';
import {
  admitBrake,
  BRAKE_CLASS,
  type BrakeDeps,
  planBrake,
  requireRoles,
  requireUnprotected,
  scopeInWords,
} from '../../operations/admit-brake.ts';
import { later } from '../../operations/admit-operation.ts';
import type { BrakeScope } from '../../ports/brakes.ts';
import type { Act } from '../act.ts';
import { NO_BLAST } from '../blast-radius.ts';
import type { ApprovalParameters } from '../records.ts';

/** Who asks waits for the count of roles so long at most. */
const PATIENCE_SECONDS = 4;

function askedOf(parameters: ApprovalParameters): BrakeScope {
  const { scope: kind, value } = AskedBrake.parse(parameters);
  return { kind, value };
}

/** Whose roles they are changes by the hour; that makes the request no less urgent, and no other one. */
const basisOf = ({ kind, value }: BrakeScope) => ({ brake: kind, value });

export const applyBrakeAct: Act<BrakeDeps> = {
  action: 'brake.apply',

  async describe(deps, request) {
    const scope = askedOf(request.parameters);
    requireUnprotected(scope, deps);
    const until = later(deps.clock.now(), PATIENCE_SECONDS);
    const plan = await planBrake(deps, scope, (found) => found === 0 || deps.clock.now() < until);
    requireRoles(scope, plan);
    const roles = plan.isPartial ? `more than ${plan.roles}` : `${plan.roles}`;
    return {
      ...request,
      key: null,
      version: null,
      what: `Deny ${scopeInWords(scope)}, by now ${roles} roles, every use of managed keys at KMS, until that is lifted`,
      class: BRAKE_CLASS,
      environment: null,
      blast: { ...NO_BLAST, consumers: plan.roles, undo: 'lift the brake, by approvals' },
      basis: basisOf(scope),
    };
  },

  async execute(deps, approval, consume) {
    const scope = askedOf(approval.parameters);
    await admitBrake(deps, {
      scope,
      reason: approval.reason ?? approval.what,
      isEmergency: false,
      by: approval.requestedBy,
      decision: { effect: 'permit', rule: approval.rule.name },
      claim: { scope: sha256Hex(`approval/${approval.id}`), bodyHash: approval.digest },
      approve: (id) => consume(basisOf(scope), id),
    });
    // Its event has the policy put on, and a schedule each minute.
    return [];
  },
};
