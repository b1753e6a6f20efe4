// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { KmsCryptoUser } from '#adapters/kms/crypto-user.ts';
import { KmsPolicies } from '#adapters/kms/key-administration.ts';
import { systemClock, systemRandom } from '#adapters/system/system.ts';
import { CHECKS } from '#core/contract/vocabulary.ts';
import { verifyVersion } from '#core/operations/verify-version.ts';
import { environmentOf } from '../shared/environment.ts';
import { StepInputSchema, stepHandler } from '../shared/step-handler.ts';
import { kmsClient, ledger, policySite } from '../shared/wiring.ts';

const environment = environmentOf('verify-version');
const kms = kmsClient();
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  clock: systemClock,
  crypto: new KmsCryptoUser(kms),
  policies: new KmsPolicies(kms, policySite(environment)),
  random: systemRandom,
};

export const handler = stepHandler(StepInputSchema.extend({ check: z.enum(CHECKS) }), (input) =>
  verifyVersion(deps, input),
);
