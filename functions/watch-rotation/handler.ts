// SPDX-License-Identifier: Apache-2.0
// Rotations that are taken back: before the switch while they wait for consumers, and in the bake, when asked or when
// consumers' counts of their calls show too many errors.
import { systemClock } from '#adapters/system/system.ts';
import {
  CancelRotationRequest,
  ReportRotationRequest,
  RollBackRotationRequest,
} from '#core/contract/consumers.ts';
import { cancelRotation as cancel, readRotation } from '#core/operations/acknowledge-rotation.ts';
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
  workflows: workflows({
    'rotate-key': environment.ROTATE_KEY_ARN,
    'rotate-data-key': environment.ROTATE_DATA_KEY_ARN,
  }),
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

/** What takes a rotation back, once the caller was found to be allowed to; what does not exist is denied likewise. */
function takingBack(
  Body: typeof CancelRotationRequest | typeof RollBackRotationRequest,
  act: typeof cancel | typeof rollBack,
): RouteHandler {
  return async (request) => {
    const operationId = idOf(request);
    const found = await table.readOperation(operationId);
    const key = found ? await table.readKeyRecord(found.key) : null;
    const decision = await request.authorize(accessObject(key));
    const { reason } = parseBody(request.event, Body);
    await act(deps, { operationId, reason, by: request.principal.id, decision });
    return { body: operationView(await readRotation(table, operationId)) };
  };
}

export const handler = apiHandler(
  {
    reportRotation,
    cancelRotation: takingBack(CancelRotationRequest, cancel),
    rollBackRotation: takingBack(RollBackRotationRequest, rollBack),
  },
  authorizer(environment.STAGE),
);
