// SPDX-License-Identifier: Apache-2.0
// Does what was approved, once: admissions only, so its role reaches the table and starts workflows, and no key.
// Only the workflow `approve` may invoke it.
import { z } from 'zod';
import { systemClock, ulidIds } from '#adapters/system/system.ts';
import { type ActDeps, actOf } from '#core/approvals/acts/all.ts';
import { executeApproved } from '#core/operations/execute-approved.ts';
import { CLASSES } from '#policies/classes.ts';
import { CONTAINMENT_RULES } from '#policies/containment-rules.ts';
import { environmentOf } from '../shared/environment.ts';
import { stepHandler } from '../shared/step-handler.ts';
import {
  brakeRows,
  deployedDecisions,
  electorate,
  keyUseLog,
  ledger,
  roleGroups,
  scopeRows,
  startSlots,
  voteVerifier,
  workflows,
} from '../shared/wiring.ts';

const environment = environmentOf('execute-approved');
const table = ledger(environment.TABLE_NAME);
const deps = {
  ledger: table,
  approvals: table,
  elevations: table,
  passkeys: table,
  passkeySite: environment.PASSKEYS,
  roleGroups: roleGroups(),
  electorate: electorate(environment.STAGE, table),
  verifier: voteVerifier(environment.STAGE, environment.PEOPLE, environment.PASSKEYS, table),
  decisions: table,
  deployed: deployedDecisions(environment.STAGE),
  activationDelaySeconds: environment.ACTIVATION_DELAY_SECONDS,
  clock: systemClock,
  ids: ulidIds,
  slots: startSlots(environment.TABLE_NAME),
  containmentRules: CONTAINMENT_RULES,
  scopes: scopeRows(environment.TABLE_NAME),
  brakes: brakeRows(environment.TABLE_NAME),
  account: environment.ACCOUNT_ID,
  protectedRoles: environment.PROTECTED_ROLES,
  kmsBudget: environment.KMS_BUDGET,
  classes: CLASSES,
  uses: keyUseLog(environment.TABLE_NAME),
  // It reaches no key: what the vault said of the last use is in the request.
  lastUses: null,
  waits: { settleSeconds: environment.SETTLE_SECONDS, bakeSeconds: environment.BAKE_SECONDS },
  workflows: workflows({
    'rotate-key': environment.ROTATE_KEY_ARN,
    'rotate-data-key': environment.ROTATE_DATA_KEY_ARN,
    'update-access': environment.UPDATE_ACCESS_ARN,
    'destroy-key': environment.DESTROY_KEY_ARN,
    'revoke-key': environment.REVOKE_KEY_ARN,
    'contain-scope': environment.CONTAIN_SCOPE_ARN,
    'resume-key': environment.RESUME_KEY_ARN,
    'recover-key-store': environment.RECOVER_KEY_STORE_ARN,
  }),
};
const Input = z.object({ approvalId: z.string() });

export const handler = stepHandler(Input, async ({ approvalId }) => {
  const { state, executedAs } = await executeApproved<ActDeps>(deps, actOf, approvalId);
  return { state, executedAs };
});
