// SPDX-License-Identifier: Apache-2.0
// The one function that opens contributed shares: it ends an approved session. It has no other route, and what it
// rebuilds leaves it into KMS, or sealed to custodians.
import { ageSealer } from '#adapters/escrow/age-sealer.ts';
import { shamirSplitter } from '#adapters/escrow/shamir-splitter.ts';
import { KmsMaterialImporter } from '#adapters/kms/material-importer.ts';
import { KmsSessionSeal } from '#adapters/kms/session-seal.ts';
import { KmsShareSigner } from '#adapters/kms/share-signer.ts';
import { systemClock } from '#adapters/system/system.ts';
import { completeEscrow } from '#core/operations/complete-escrow.ts';
import { CLASSES } from '#policies/classes.ts';
import { apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { environmentOf } from '../shared/environment.ts';
import { sessionView } from '../shared/escrow-views.ts';
import { decidedSnapshot } from '../shared/key-request.ts';
import { authorizer, kmsClient, ledger } from '../shared/wiring.ts';

const environment = environmentOf('recover-escrow');
const table = ledger(environment.TABLE_NAME);
const signer = new KmsShareSigner(kmsClient(), environment.ESCROW_KEY_ARN);
const deps = {
  ledger: table,
  clock: systemClock,
  classes: CLASSES,
  splitter: shamirSplitter,
  sealer: ageSealer,
  signer,
  verifier: signer,
  seal: new KmsSessionSeal(kmsClient(), environment.TOKEN_KEY_ARN),
  importer: new KmsMaterialImporter(kmsClient()),
};

const completeEscrowSession: RouteHandler = async (request) => {
  const { snapshot, decision } = await decidedSnapshot(table, request);
  const session = await completeEscrow(deps, {
    key: snapshot.key.name,
    session: (request.path['session'] ?? '').slice(0, 64),
    by: request.principal.id,
    decision,
  });
  return { body: sessionView(session, snapshot.escrow.sets, systemClock.now()) };
};

export const handler = apiHandler({ completeEscrowSession }, authorizer(environment.STAGE));
