// SPDX-License-Identifier: Apache-2.0
// Reports on KMS keys that Keyturn did not make. Its role reads keys and can change nothing.
import { KmsKeyInspector } from '#adapters/kms/key-inspector.ts';
import { AdoptionRequest } from '#core/contract/adoptions.ts';
import { reportAdoption } from '#core/operations/report-adoption.ts';
import { apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { parseBody } from '../shared/api-request.ts';
import { environmentOf } from '../shared/environment.ts';
import { authorizer, kmsClient, ledger } from '../shared/wiring.ts';

const environment = environmentOf('report-adoptions');
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  inspector: new KmsKeyInspector(kmsClient()),
  account: environment.ACCOUNT_ID,
  keyStore: environment.KEY_STORE_NAME,
};

const createAdoption: RouteHandler = async (request) => {
  await request.authorize({});
  const { kmsKey } = parseBody(request.event, AdoptionRequest);
  return { body: await reportAdoption(deps, kmsKey) };
};

export const handler = apiHandler({ createAdoption }, authorizer(environment.STAGE));
