// SPDX-License-Identifier: Apache-2.0
// Puts the policy of the mass brake on roles, as was decided, takes it off, and looks whether it is there. The one function that
// may change a role, and that one policy is all that it may. Only the rule of its events and the schedule may invoke it.
import { z } from 'zod';
import { IamRoleBrake } from '#adapters/iam/role-brake.ts';
import { systemClock } from '#adapters/system/system.ts';
import { METRICS } from '#core/contract/metrics.ts';
import { enforceBrakes } from '#core/operations/enforce-brakes.ts';
import { counter } from '../shared/counting.ts';
import { environmentOf } from '../shared/environment.ts';
import { logger } from '../shared/logging.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { brakeRows, iamClient, ledger } from '../shared/wiring.ts';

const environment = environmentOf('apply-brakes');
const countOpen = counter(METRICS.brakeIncomplete);
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  brakes: brakeRows(environment.TABLE_NAME),
  roleBrake: new IamRoleBrake(iamClient(), environment.BRAKE_POLICY_ARN),
  protectedRoles: environment.PROTECTED_ROLES,
  account: environment.ACCOUNT_ID,
  clock: systemClock,
};
/** Of the 60 s that it may run; IAM publishes no rates, and the client backs off when it is told to. */
const LOOK = { seconds: 40, atOnce: 4 };

export const handler = stepHandler(z.unknown(), async () => {
  const { brakes, open } = await enforceBrakes(deps, LOOK);
  if (open > 0) {
    logger.error('roles are not as their brakes say; "keyturn brake show" names them', { open });
    countOpen(open);
  }
  return { brakes, open };
});
