// SPDX-License-Identifier: Apache-2.0
// Asks KMS whether it is true what the record says: of one version within an operation, or of every version of the key
// store after a recovery, a page at a time.
import { z } from 'zod';
import { BudgetedCryptoUser } from '#adapters/budget/budgeted-crypto.ts';
import { KmsCryptoUser } from '#adapters/kms/crypto-user.ts';
import { KmsPolicies } from '#adapters/kms/key-administration.ts';
import { KmsProver } from '#adapters/kms/prover.ts';
import { systemClock, systemRandom } from '#adapters/system/system.ts';
import { CHECKS } from '#core/contract/vocabulary.ts';
import { verifyVersion } from '#core/operations/verify-version.ts';
import { surveyKeys } from '#core/recovery/survey-keys.ts';
import { environmentOf } from '../shared/environment.ts';
import { StepInputSchema, stepHandler } from '../shared/step-handler.ts';
import { kmsClient, ledger, policySite, workerBudget } from '../shared/wiring.ts';

const environment = environmentOf('verify-version');
const kms = kmsClient();
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  clock: systemClock,
  crypto: new KmsCryptoUser(kms),
  prover: new KmsProver(kms),
  policies: new KmsPolicies(kms, policySite(environment)),
  random: systemRandom,
};
const budget = workerBudget(environment.TABLE_NAME, environment.KMS_BUDGET);

const OfVersion = StepInputSchema.extend({ check: z.enum(CHECKS) });
const OfKeyStore = z.object({
  operationId: z.string(),
  keyStore: z.string(),
  attempt: z.int().positive(),
});

export const handler = stepHandler(z.union([OfVersion, OfKeyStore]), async (input) => {
  if ('check' in input) return verifyVersion(deps, input);
  const keyStore = await deps.ledger.readKeyStore(input.keyStore);
  const crypto = new BudgetedCryptoUser(deps.crypto, budget, keyStore?.keyStoreId ?? '');
  return surveyKeys({ ...deps, crypto }, input);
});
