// SPDX-License-Identifier: Apache-2.0
// Act `scope.revoke`: all keys of an owner, class, environment, application or host are stopped where nobody may do that alone, or too many
// were in one hour.
import { AskedScopeContainment } from '../../contract/containment.ts';
import { sha256Hex } from '../../crypto/hashing.ts';
import { KeyturnError } from '../../errors.ts';
import { later } from '../../operations/admit-operation.ts';
import { admitScope, type ContainScopeDeps } from '../../operations/contain-scope.ts';
import { type AskedScope, planScope, strictestOf } from '../../operations/plan-scope.ts';
import type { Act, ActStart } from '../act.ts';
import type { ApprovalParameters } from '../records.ts';

function askedOf(parameters: ApprovalParameters): AskedScope & { occurredAt: string | null } {
  const { scope: kind, value, ...rest } = AskedScopeContainment.parse(parameters);
  return { scope: { kind, value }, ...rest };
}

/** Who asks waits for the count of keys so long at most. */
const PATIENCE_SECONDS = 4;

/** Which keys a scope has changes by the hour; that makes the request no less urgent, and no other one. */
const basisOf = ({ scope, kind, mode }: AskedScope) => ({ ...scope, containment: kind, mode });

const startOf = (operationId: string): ActStart => ({
  kind: 'contain-scope',
  operationId,
  attempt: 1,
});

export const containScopeAct: Act<ContainScopeDeps> = {
  action: 'scope.revoke',

  async describe(deps, request) {
    const asked = askedOf(request.parameters);
    const { scope, kind } = asked;
    const until = later(deps.clock.now(), PATIENCE_SECONDS);
    const plan = await planScope(deps, asked, (found) => found === 0 || deps.clock.now() < until);
    if (plan.keys === 0)
      throw new KeyturnError(
        'TransitionForbidden',
        `nothing of ${scope.kind} ${scope.value} is left to contain`,
      );
    const isRevocation = kind === 'revocation';
    const of = `of ${scope.kind} ${scope.value}`;
    const keys = plan.isPartial
      ? `all keys ${of}, more than ${plan.keys},`
      : `all ${plan.keys} keys ${of}`;
    return {
      ...request,
      key: null,
      version: null,
      what: isRevocation
        ? `Revoke ${keys} for good: nobody encrypts or decrypts with them from then on`
        : `Suspend ${keys}: nobody encrypts or decrypts with them until that is lifted`,
      // The first in the order of priority: its quorum decides on all.
      class: strictestOf(deps.containmentRules, plan),
      environment: null,
      blast: {
        consumers: 0,
        topOwners: scope.kind === 'owner' ? [scope.value] : [],
        lastUse: null,
        unreadable: isRevocation ? 'what was encrypted, until it is re-encrypted' : null,
        undo: isRevocation ? null : 'lift the suspension of the scope, by approvals',
        irreversible: isRevocation,
      },
      basis: basisOf(asked),
    };
  },

  async execute(deps, approval, consume) {
    const asked = askedOf(approval.parameters);
    const { containment } = await admitScope(deps, {
      ...asked,
      reason: approval.reason ?? approval.what,
      isEmergency: false,
      by: approval.requestedBy,
      decision: { effect: 'permit', rule: approval.rule.name },
      claim: { scope: sha256Hex(`approval/${approval.id}`), bodyHash: approval.digest },
      approve: (id) => consume(basisOf(asked), id),
    });
    return [startOf(containment.id)];
  },

  async restart(_deps, { executedAs }) {
    return executedAs === null ? [] : [startOf(executedAs)];
  },
};
