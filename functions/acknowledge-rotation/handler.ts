// SPDX-License-Identifier: Apache-2.0
// Rotations and their consumers: shows who lags, takes acknowledgements, gives more time. Who forces needs approvals.
import { systemClock, ulidIds } from '#adapters/system/system.ts';
import { forceRotation as forceAct } from '#core/approvals/acts/force-rotation.ts';
import {
  AcknowledgeRequest,
  ExtendRotationRequest,
  ForceRotationRequest,
} from '#core/contract/consumers.ts';
import {
  acknowledge,
  extendAcknowledgement,
  readRotation,
  rotationStatus,
} from '#core/operations/acknowledge-rotation.ts';
import { idempotencyClaim } from '#core/operations/admit-operation.ts';
import { acknowledgementPolicy } from '#core/operations/await-acknowledgements.ts';
import { keyNotFound } from '#core/operations/mutate-key.ts';
import { requestApproval } from '#core/operations/request-approval.ts';
import { CLASSES } from '#policies/classes.ts';
import { type ApiRequest, apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { idempotencyKeyOf, parseBody } from '../shared/api-request.ts';
import { approvalAnswer } from '../shared/approval-views.ts';
import { consumerView, rotationView } from '../shared/consumer-views.ts';
import { environmentOf } from '../shared/environment.ts';
import { accessObject } from '../shared/views.ts';
import { authorizer, electorate, ledger, workflows } from '../shared/wiring.ts';

const environment = environmentOf('acknowledge-rotation');
const table = ledger(environment.TABLE_NAME);
const deps = {
  ledger: table,
  clock: systemClock,
  workflows: workflows({
    'rotate-key': environment.ROTATE_KEY_ARN,
    'rotate-data-key': environment.ROTATE_DATA_KEY_ARN,
    approve: environment.APPROVE_ARN,
  }),
  approvals: table,
  electorate: electorate(environment.STAGE, table),
  classes: CLASSES,
  ids: ulidIds,
  stage: environment.STAGE,
  waits: { settleSeconds: environment.SETTLE_SECONDS, bakeSeconds: environment.BAKE_SECONDS },
};

const idOf = (request: ApiRequest) => request.path['operationId'] ?? '';

/** The rotation and its key, once the caller was found to be allowed to; what does not exist is denied likewise. */
async function decidedRotation(request: ApiRequest) {
  const found = await table.readOperation(idOf(request));
  const key = found ? await table.readKeyRecord(found.key) : null;
  const decision = await request.authorize(accessObject(key));
  return { operation: await readRotation(table, idOf(request)), decision };
}

async function viewOf(id: string) {
  const operation = await readRotation(table, id);
  const snapshot = await table.readKey(operation.key);
  if (!snapshot) throw keyNotFound(operation.key);
  const status = rotationStatus(snapshot, operation, systemClock.now());
  const policy = acknowledgementPolicy(CLASSES, snapshot.key.class);
  return { body: rotationView(status, policy) };
}

const getRotation: RouteHandler = async (request) => {
  const { operation } = await decidedRotation(request);
  return viewOf(operation.id);
};

const acknowledgeRotation: RouteHandler = async (request) => {
  const body = parseBody(request.event, AcknowledgeRequest);
  const found = await table.readOperation(idOf(request));
  const snapshot = found ? await table.readKey(found.key) : null;
  const consumer = snapshot?.consumers.find(({ name }) => name === body.consumer);
  // A caller that is not the consumer cannot tell which consumers, keys and rotations there are.
  const decision = await request.authorize({
    ...accessObject(snapshot?.key ?? null),
    ...(consumer ? { consumer } : {}),
  });
  const answer = await acknowledge(deps, {
    operationId: idOf(request),
    ...body,
    by: request.principal.id,
    decision,
  });
  const after = await table.readKey(answer.key);
  if (!after) throw keyNotFound(answer.key);
  return { body: consumerView(answer, after, systemClock.now()) };
};

const extendRotation: RouteHandler = async (request) => {
  const { operation, decision } = await decidedRotation(request);
  const { until, reason = null } = parseBody(request.event, ExtendRotationRequest);
  await extendAcknowledgement(deps, {
    operationId: operation.id,
    // One form for every instant, so that they compare as text.
    until: new Date(until).toISOString(),
    reason,
    by: request.principal.id,
    decision,
  });
  return viewOf(operation.id);
};

const forceRotation: RouteHandler = async (request) => {
  const { operation, decision } = await decidedRotation(request);
  const header = idempotencyKeyOf(request.event);
  const body = parseBody(request.event, ForceRotationRequest);
  const route = `POST /v1/rotations/${operation.id}/force`;
  const approval = await requestApproval(deps, forceAct, {
    action: 'rotation.force',
    request: { key: operation.key, version: null, operationId: operation.id, parameters: {} },
    by: request.principal,
    decision,
    reason: body.reason,
    claim: idempotencyClaim(request.principal.id, route, header, body),
  });
  return approvalAnswer(approval);
};

export const handler = apiHandler(
  { getRotation, acknowledgeRotation, extendRotation, forceRotation },
  authorizer(environment.STAGE),
);
