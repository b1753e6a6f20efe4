// SPDX-License-Identifier: Apache-2.0
// Reports on KMS keys that Keyturn did not make, and admits their adoption. Its role reads keys and can change none.
import { KmsKeyInspector } from '#adapters/kms/key-inspector.ts';
import { systemClock, ulidIds } from '#adapters/system/system.ts';
import { AdoptionMode, AdoptKeyRequest, ReportRequest } from '#core/contract/adoptions.ts';
import { SHARDS } from '#core/contract/table.ts';
import { idempotencyClaim } from '#core/operations/admit-operation.ts';
import { adoptKey } from '#core/operations/adopt-key.ts';
import type { KeySite } from '#core/operations/generate-key.ts';
import { reportAdoption } from '#core/operations/report-adoption.ts';
import type { Decision } from '#core/ports/platform.ts';
import { CLASSES } from '#policies/classes.ts';
import { type ApiRequest, apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { idempotencyKeyOf, parseBody } from '../shared/api-request.ts';
import { environmentOf } from '../shared/environment.ts';
import { authorizer, directory, kmsClient, ledger, workflows } from '../shared/wiring.ts';

const environment = environmentOf('manage-adoptions');
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  inspector: new KmsKeyInspector(kmsClient()),
  account: environment.ACCOUNT_ID,
  keyStore: environment.KEY_STORE_NAME,
  workflows: workflows({ 'adopt-key': environment.ADOPT_KEY_ARN }),
  directory: directory(environment.STAGE),
  clock: systemClock,
  ids: ulidIds,
  movableAliases: environment.MOVABLE_ALIASES,
};
const site: KeySite = {
  stage: environment.STAGE,
  keyStore: environment.KEY_STORE_NAME,
  environments: environment.ENVIRONMENTS_SERVED,
  classes: CLASSES,
  dataKeyShards: SHARDS,
  hsmType: environment.HSM_TYPE,
};

async function adopt({ event, principal }: ApiRequest, decision: Decision) {
  const header = idempotencyKeyOf(event);
  const { mode: _mode, ...input } = parseBody(event, AdoptKeyRequest);
  const claim = idempotencyClaim(principal.id, 'POST /v1/adoptions', header, input);
  const { operationId } = await adoptKey(deps, site, input, { principal, decision, claim });
  return {
    status: 202 as const,
    body: { operationId },
    headers: { location: `/v1/operations/${operationId}` },
  };
}

const createAdoption: RouteHandler = async (request) => {
  const decision = await request.authorize({});
  const { mode } = parseBody(request.event, AdoptionMode);
  if (mode === 'adopt') return adopt(request, decision);
  const { kmsKey } = parseBody(request.event, ReportRequest);
  return { body: await reportAdoption(deps, kmsKey) };
};

export const handler = apiHandler({ createAdoption }, authorizer(environment.STAGE));
