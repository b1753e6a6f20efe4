// SPDX-License-Identifier: Apache-2.0
// Act `brake.lift`: the roles that a mass brake holds may use keys at KMS again, as their own policies say.

import {
  admitBrakeLift,
  BRAKE_CLASS,
  type BrakeDeps,
  liftableBrake,
  scopeInWords,
} from '../../operations/admit-brake.ts';
import { countsOf } from '../../operations/enforce-brakes.ts';
import type { BrakeRecord } from '../../ports/brakes.ts';
import type { Act } from '../act.ts';
import { NO_BLAST } from '../blast-radius.ts';

/** How many roles have it changes while it holds; the request is the same one. */
const basisOf = ({ id, scope }: BrakeRecord) => ({ id, brake: scope.kind, value: scope.value });

export const liftBrakeAct: Act<BrakeDeps> = {
  action: 'brake.lift',

  async describe(deps, { operationId, parameters }) {
    const brake = await liftableBrake(deps, operationId ?? '');
    const { applied, already } = countsOf(brake);
    const roles = applied + already;
    return {
      key: null,
      version: null,
      operationId: brake.id,
      parameters,
      what: `Lift ${brake.id}, which has denied ${scopeInWords(brake.scope)} since ${brake.startedAt}: ${roles} roles use managed keys at KMS again`,
      class: BRAKE_CLASS,
      environment: null,
      blast: { ...NO_BLAST, consumers: roles, undo: 'apply a brake again' },
      basis: basisOf(brake),
    };
  },

  async execute(deps, approval, consume) {
    const id = approval.operationId ?? '';
    const { reason, requestedBy: by, rule } = approval;
    await admitBrakeLift(deps, {
      ...{ id, reason, by, approvalId: approval.id },
      decision: { effect: 'permit', rule: rule.name },
      approve: (brake) => consume(basisOf(brake), id),
    });
    return [];
  },
};
