// SPDX-License-Identifier: Apache-2.0
// The retire gate: shows its conditions, and marks a version when all of them hold. It can destroy nothing.
import { KmsLastUseReader } from '#adapters/kms/reencryption.ts';
import { S3EvidenceStore } from '#adapters/s3/evidence-store.ts';
import { systemClock } from '#adapters/system/system.ts';
import { checkRetirement, retireVersion } from '#core/operations/retire-version.ts';
import { CLASSES } from '#policies/classes.ts';
import { apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { environmentOf } from '../shared/environment.ts';
import { decidedSnapshot, versionInPath } from '../shared/key-request.ts';
import { authorizer, keyUseLog, kmsClient, ledger, s3Client } from '../shared/wiring.ts';

const environment = environmentOf('judge-retirement');
const table = ledger(environment.TABLE_NAME);
const deps = {
  ledger: table,
  clock: systemClock,
  classes: CLASSES,
  lastUses: new KmsLastUseReader(kmsClient()),
  uses: keyUseLog(environment.TABLE_NAME),
  evidence: new S3EvidenceStore(s3Client(environment.STAGE), environment.EVIDENCE_BUCKET),
};

const check: RouteHandler = async (request) => {
  const { snapshot } = await decidedSnapshot(table, request);
  return { body: await checkRetirement(deps, snapshot.key.name, versionInPath(request)) };
};

const retire: RouteHandler = async (request) => {
  const { snapshot, decision } = await decidedSnapshot(table, request);
  const key = snapshot.key.name;
  const version = versionInPath(request);
  return { body: await retireVersion(deps, { key, version, by: request.principal.id, decision }) };
};

export const handler = apiHandler(
  { checkRetirement: check, retireVersion: retire },
  authorizer(environment.STAGE),
);
