// SPDX-License-Identifier: Apache-2.0
// The retire gate: shows its conditions, and marks a version when all of them hold. It can destroy nothing.
import { KmsLastUseReader } from '#adapters/kms/reencryption.ts';
import { S3EvidenceStore } from '#adapters/s3/evidence-store.ts';
import { systemClock } from '#adapters/system/system.ts';
import { KeyturnError } from '#core/errors.ts';
import { checkRetirement, retireVersion } from '#core/operations/retire-version.ts';
import { CLASSES } from '#policies/classes.ts';
import { type ApiRequest, apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { environmentOf } from '../shared/environment.ts';
import { decidedSnapshot } from '../shared/key-request.ts';
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

/** @throws KeyturnError `ValidationFailed` */
function versionInPath(request: ApiRequest): number {
  const text = request.path['version'] ?? '';
  if (/^[1-9]\d{0,7}$/.test(text)) return Number(text);
  throw new KeyturnError('ValidationFailed', 'the version in the path must be a number such as 3', {
    fields: [{ pointer: '/version', detail: 'is no version number' }],
  });
}

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
