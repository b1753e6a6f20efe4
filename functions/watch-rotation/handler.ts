// SPDX-License-Identifier: Apache-2.0
// The bake of rotations: takes consumers' counts of their calls, and switches back when asked or when errors are too many.
import { systemClock } from '#adapters/system/system.ts';
import { ReportRotationRequest, RollBackRotationRequest } from '#core/contract/consumers.ts';
import { readRotation } from '#core/operations/acknowledge-rotation.ts';
import { reportUse, rollBack } from '#core/operations/roll-back.ts';
import { CLASSES } from '#policies/classes.ts';
import { type ApiRequest, apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { parseBody } from '../shared/api-request.ts';
import { environmentOf } from '../shared/environment.ts';
import { accessObject, operationView } from '../shared/views.ts';
import { authorizer, keyUseLog, ledger, workflows } from '../shared/wiring.ts';

const environment = environmentOf('watch-rotation');
const table = ledger(environment.TABLE_NAME);
const deps = {
  ledger: table,
  log: keyUseLog(environment.TABLE_NAME),
  clock: systemClock,
  classes: CLASSES,
  workflows: workflows({ 'rotate-key': environment.ROTATE_KEY_ARN }),
  waits: { settleSeconds: environment.SETTLE_SECONDS, bakeSeconds: environment.BAKE_SECONDS },
};

const idOf = (request: ApiRequest) => request.path['operationId'] ?? '';

const reportRotation: RouteHandler = async (request) => {
  const body = parseBody(request.event, ReportRotationRequest);
  const found = await table.readOperation(idOf(request));
  const snapshot = found ? await table.readKey(found.key) : null;
  const consumer = snapshot?.consumers.find(({ name }) => name === body.consumer);
  // A caller that is not the consumer cannot tell which consumers, keys and rotations there are.
  await request.authorize({
    ...accessObject(snapshot?.key ?? null),
    ...(consumer ? { consumer } : {}),
  });
  const { version, calls, errors } = body;
  const goesBack = await reportUse(deps, { operationId: idOf(request), version, calls, errors });
  return { body: { goesBack } };
};

const rollBackRotation: RouteHandler = async (request) => {
  const found = await table.readOperation(idOf(request));
  const key = found ? await table.readKeyRecord(found.key) : null;
  const decision = await request.authorize(accessObject(key));
  const { reason } = parseBody(request.event, RollBackRotationRequest);
  const by = request.principal.id;
  await rollBack(deps, { operationId: idOf(request), reason, by, decision });
  return { body: operationView(await readRotation(table, idOf(request))) };
};

export const handler = apiHandler(
  { reportRotation, rollBackRotation },
  authorizer(environment.STAGE),
);
