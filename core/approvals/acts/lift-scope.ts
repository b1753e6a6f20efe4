// SPDX-License-Identifier: Apache-2.0
// Act `scope.lift`: all keys that a scope has suspended may be used again. Those who decide see how long caches may still
// refuse them.
import { CACHE_SECONDS } from '../../keys/consumers.ts';
import { admitLift, type LiftScopeDeps, planLift } from '../../operations/lift-scope.ts';
import type { ScopeContainment } from '../../ports/scope-containments.ts';
import type { Act } from '../act.ts';

/** How many keys are suspended by it changes while it runs; the request is the same one. */
const basisOf = ({ id, scope, kind }: ScopeContainment) => ({ id, ...scope, containment: kind });

export const liftScopeAct: Act<LiftScopeDeps> = {
  action: 'scope.lift',

  async describe(deps, { operationId, parameters }) {
    const { row, keys, class: strictest } = await planLift(deps, operationId ?? '');
    const { kind, value } = row.scope;
    return {
      key: null,
      version: null,
      operationId: row.id,
      parameters: { ...parameters, cacheSeconds: CACHE_SECONDS },
      what: `Let ${keys} keys of ${kind} ${value} be used again, which ${row.id} suspended at ${row.startedAt}; caches may refuse them for ${CACHE_SECONDS} s more`,
      class: strictest,
      environment: null,
      blast: {
        consumers: 0,
        topOwners: kind === 'owner' ? [value] : [],
        lastUse: null,
        unreadable: null,
        undo: 'suspend the scope again',
        irreversible: false,
      },
      basis: basisOf(row),
    };
  },

  async execute(deps, approval, consume) {
    const id = approval.operationId ?? '';
    const { reason, requestedBy: by, rule } = approval;
    await admitLift(deps, {
      ...{ id, reason, by, approvalId: approval.id },
      decision: { effect: 'permit', rule: rule.name },
      approve: (row) => consume(basisOf(row), id),
    });
    // A schedule looks each minute.
    return [];
  },
};
