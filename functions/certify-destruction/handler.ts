// SPDX-License-Identifier: Apache-2.0
// Looks whether KMS has a key no more, and signs what was found. It can neither take keys away nor give them back.
import { z } from 'zod';
import { KmsCertificateSigner } from '#adapters/kms/certificate-signer.ts';
import { KmsKeyStates } from '#adapters/kms/key-destruction.ts';
import { systemClock } from '#adapters/system/system.ts';
import { certifyDestruction, verifyDestruction } from '#core/operations/verify-destruction.ts';
import { environmentOf } from '../shared/environment.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { kmsClient, ledger } from '../shared/wiring.ts';

const environment = environmentOf('certify-destruction');
const kms = kmsClient();
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  clock: systemClock,
  states: new KmsKeyStates(kms),
  certifier: new KmsCertificateSigner(kms, environment.NOTICE_KEY_ARN),
};
const ACTS = { verify: verifyDestruction, certify: certifyDestruction } as const;
const Input = z.object({
  act: z.enum(['verify', 'certify']),
  key: z.string(),
  version: z.int().positive(),
});

export const handler = stepHandler(Input, async ({ act, ...target }) => {
  await ACTS[act](deps, target);
  return {};
});
