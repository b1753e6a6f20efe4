// SPDX-License-Identifier: Apache-2.0
// Consumers of keys: registers, changes, removes and shows them, and takes their word that they purged. It never touches KMS: `update-access` does.
import { policyMeter } from '#adapters/kms/key-policy.ts';
import { systemClock, ulidIds } from '#adapters/system/system.ts';
import { KeyName } from '#core/contract/api.ts';
import { PutConsumerRequest } from '#core/contract/consumers.ts';
import { idempotencyClaim } from '#core/operations/admit-operation.ts';
import {
  type ChangeInput,
  consumerNotFound,
  registerConsumer,
  removeConsumer,
} from '#core/operations/register-consumer.ts';
import { type ApiRequest, apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import {
  idempotencyKeyOf,
  ifMatchOf,
  optionalIfMatchOf,
  parseBody,
} from '../shared/api-request.ts';
import { consumerView } from '../shared/consumer-views.ts';
import { environmentOf } from '../shared/environment.ts';
import { purgeRoute } from '../shared/purge-route.ts';
import { accessObject, etag, existing } from '../shared/views.ts';
import { authorizer, directory, ledger, policySite, workflows } from '../shared/wiring.ts';

const environment = environmentOf('manage-consumers');
const table = ledger(environment.TABLE_NAME);
const deps = {
  ledger: table,
  workflows: workflows({ 'update-access': environment.UPDATE_ACCESS_ARN }),
  directory: directory(environment.STAGE),
  clock: systemClock,
  ids: ulidIds,
  meter: policyMeter(policySite(environment)),
};

const accepted = (operationId: string) => ({
  body: { operationId },
  headers: { location: `/v1/operations/${operationId}` },
});

/** The key with its consumers, once the caller was found to be allowed to. */
async function decidedKey(request: ApiRequest) {
  const name = request.path['name'] ?? '';
  const snapshot = KeyName.safeParse(name).success ? await table.readKey(name) : null;
  const decision = await request.authorize(accessObject(snapshot?.key ?? null));
  existing(snapshot?.key ?? null, name.slice(0, 64));
  if (!snapshot) throw consumerNotFound(name.slice(0, 64), '');
  return { snapshot, decision };
}

/** The name of a consumer in the path. @throws KeyturnError `ConsumerNotFound` for what cannot be one */
function consumerName(request: ApiRequest, key: string): string {
  const name = request.path['consumer'] ?? '';
  if (KeyName.safeParse(name).success) return name;
  throw consumerNotFound(key, name.slice(0, 64));
}

const listConsumers: RouteHandler = async (request) => {
  const { snapshot } = await decidedKey(request);
  const items = snapshot.consumers.map((consumer) =>
    consumerView(consumer, snapshot, systemClock.now()),
  );
  return { body: { items, nextCursor: null } };
};

const getConsumer: RouteHandler = async (request) => {
  const { snapshot } = await decidedKey(request);
  const name = consumerName(request, snapshot.key.name);
  const consumer = snapshot.consumers.find((known) => known.name === name);
  if (!consumer) throw consumerNotFound(snapshot.key.name, name);
  return {
    body: consumerView(consumer, snapshot, systemClock.now()),
    headers: etag(consumer.revision),
  };
};

async function changeOf(
  request: ApiRequest,
  method: 'PUT' | 'DELETE',
  body: unknown,
): Promise<ChangeInput> {
  const { snapshot, decision } = await decidedKey(request);
  const key = snapshot.key.name;
  const consumer = consumerName(request, key);
  const header = idempotencyKeyOf(request.event);
  const route = `${method} /v1/keys/${key}/consumers/${consumer}`;
  return {
    key,
    consumer,
    expectedRevision:
      method === 'DELETE' ? ifMatchOf(request.event) : optionalIfMatchOf(request.event),
    by: request.principal.id,
    decision,
    claim: idempotencyClaim(request.principal.id, route, header, body),
  };
}

const putConsumer: RouteHandler = async (request) => {
  // Who may not manage consumers learns nothing about the body: the decision comes first.
  await decidedKey(request);
  const body = parseBody(request.event, PutConsumerRequest);
  const { acknowledgement, boundKeyArn, ...said } = body;
  const { mode, waitSeconds = null, url = null } = acknowledgement;
  const registration = {
    ...said,
    acknowledgement: { mode, waitSeconds, url },
    boundKeyArn: boundKeyArn ?? null,
  };
  const input = await changeOf(request, 'PUT', body);
  const { operationId } = await registerConsumer(deps, { ...input, registration });
  return accepted(operationId);
};

const deleteConsumer: RouteHandler = async (request) => {
  const { operationId } = await removeConsumer(deps, await changeOf(request, 'DELETE', {}));
  return accepted(operationId);
};

export const handler = apiHandler(
  { listConsumers, getConsumer, putConsumer, deleteConsumer, acknowledgePurge: purgeRoute(deps) },
  authorizer(environment.STAGE),
);
