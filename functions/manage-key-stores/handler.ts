// SPDX-License-Identifier: Apache-2.0
// Key stores for operators: start provisioning, see the HSM-admin tasks, report them done.
import { SFNClient } from '@aws-sdk/client-sfn';
import { KmsTokenSeal } from '#adapters/kms/token-seal.ts';
import { StepFunctionsTaskCallback } from '#adapters/stepfunctions/task-callback.ts';
import { systemClock, ulidIds } from '#adapters/system/system.ts';
import { CreateKeyStoreRequest } from '#core/contract/api.ts';
import { CompleteTaskRequest } from '#core/contract/hsm-tasks.ts';
import { KeyturnError } from '#core/errors.ts';
import { idempotencyClaim } from '#core/operations/admit-operation.ts';
import { admitKeyStore, answerOf, completeTask } from '#core/provisioning/provision-key-store.ts';
import type { KeyStoreRecord } from '#core/provisioning/records.ts';
import { takeDeletionReport } from '#core/recovery/resurrected.ts';
import { apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { idempotencyKeyOf, parseBody } from '../shared/api-request.ts';
import { environmentOf } from '../shared/environment.ts';
import { keyStoreView, taskView } from '../shared/key-store-views.ts';
import { authorizer, kmsClient, ledger, workflows } from '../shared/wiring.ts';

const environment = environmentOf('manage-key-stores');
const deps = { ledger: ledger(environment.TABLE_NAME), clock: systemClock };
const machines = workflows({ 'provision-key-store': environment.PROVISION_KEY_STORE_ARN });
const seal = new KmsTokenSeal(kmsClient(), environment.TOKEN_KEY_ARN);
const callback = new StepFunctionsTaskCallback(new SFNClient({}));

const createKeyStore: RouteHandler = async (request) => {
  const decision = await request.authorize({});
  const header = idempotencyKeyOf(request.event);
  const { name } = parseBody(request.event, CreateKeyStoreRequest);
  if (name !== environment.KEY_STORE_NAME) {
    throw new KeyturnError(
      'NotServedHere',
      `this stage has one key store, ${environment.KEY_STORE_NAME}`,
      {
        fields: [{ pointer: '/name', detail: `must be ${environment.KEY_STORE_NAME}` }],
      },
    );
  }
  const operationId = await admitKeyStore(deps, {
    name,
    operationId: ulidIds.operationId(),
    requestedBy: request.principal.id,
    decision,
    claim: idempotencyClaim(request.principal.id, 'POST /v1/key-stores', header, { name }),
  });
  // An earlier attempt's cluster is gone on with.
  const { clusterId } = await knownKeyStore(name);
  const cluster = clusterId === null ? {} : { cluster: { id: clusterId } };
  const input = { keyStore: name, ...environment.CLUSTER_SETTINGS, ...cluster };
  await machines.start('provision-key-store', operationId, 1, input);
  return { body: { operationId }, headers: { location: `/v1/key-stores/${name}` } };
};

async function knownKeyStore(name: string): Promise<KeyStoreRecord> {
  const keyStore = await deps.ledger.readKeyStore(name.slice(0, 63));
  if (keyStore) return keyStore;
  throw new KeyturnError(
    'KeyStoreNotFound',
    `this stage's key store is ${environment.KEY_STORE_NAME}`,
  );
}

const getKeyStore: RouteHandler = async (request) => {
  await request.authorize({});
  return { body: keyStoreView(await knownKeyStore(request.path['name'] ?? '')) };
};

const listTasks: RouteHandler = async (request) => {
  await request.authorize({});
  const keyStore = await knownKeyStore(request.path['name'] ?? '');
  const tasks = await deps.ledger.readTasks(keyStore.name);
  return { body: { items: tasks.map(taskView), nextCursor: null } };
};

const reportTask: RouteHandler = async (request) => {
  const decision = await request.authorize({});
  const body = parseBody(request.event, CompleteTaskRequest);
  const done = {
    keyStore: request.path['name'] ?? '',
    id: request.path['id'] ?? '',
    by: request.principal.id,
    decision,
  };
  const { backupRetentionDays } = environment.CLUSTER_SETTINGS;
  await takeDeletionReport(deps, { ...done, listing: body.listing ?? null, backupRetentionDays });
  const task = await completeTask(deps, {
    ...done,
    signedCertificate: body.signedCertificate ?? null,
    trustAnchor: body.trustAnchor ?? null,
  });
  if (task.sealedToken) {
    await callback.succeed(await seal.open(task.sealedToken, task.id), answerOf(task));
  }
  return { body: taskView(task) };
};

export const handler = apiHandler(
  { createKeyStore, getKeyStore, listTasks, completeTask: reportTask },
  authorizer(environment.STAGE),
);
