// SPDX-License-Identifier: Apache-2.0
// Plans of operations and the forecast of capacity. Its role can only read.
import { systemClock } from '#adapters/system/system.ts';
import { PlanRequest } from '#core/contract/plans.ts';
import { KeyturnError } from '#core/errors.ts';
import { forecast } from '#core/limits/hsm-capacity.ts';
import { planRotation } from '#core/operations/plan-rotation.ts';
import { CLASSES } from '#policies/classes.ts';
import { apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { parseBody } from '../shared/api-request.ts';
import { environmentOf } from '../shared/environment.ts';
import { accessObject, existing } from '../shared/views.ts';
import { authorizer, ledger } from '../shared/wiring.ts';

const environment = environmentOf('plan-changes');
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  clock: systemClock,
  stage: environment.STAGE,
  classes: CLASSES,
  waits: { settleSeconds: environment.SETTLE_SECONDS, bakeSeconds: environment.BAKE_SECONDS },
  hsmType: environment.HSM_TYPE,
  budget: environment.KMS_BUDGET,
};

const createPlan: RouteHandler = async (request) => {
  const body = parseBody(request.event, PlanRequest);
  const key = await deps.ledger.readKeyRecord(body.key);
  await request.authorize(accessObject(key));
  return { body: await planRotation(deps, existing(key, body.key).name) };
};

const readCapacity: RouteHandler = async (request) => {
  await request.authorize({});
  const name = (request.path['name'] ?? '').slice(0, 63);
  const keyStore = await deps.ledger.readKeyStore(name);
  if (!keyStore)
    throw new KeyturnError('KeyStoreNotFound', 'no key store has this name in this stage');
  const occupancies = await deps.ledger.readOccupancy(keyStore.name);
  const room = forecast(deps.hsmType, occupancies, CLASSES, deps.clock.now());
  return { body: { keyStore: keyStore.name, hsmType: deps.hsmType, ...room } };
};

export const handler = apiHandler({ createPlan, readCapacity }, authorizer(environment.STAGE));
