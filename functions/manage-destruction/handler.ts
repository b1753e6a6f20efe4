// SPDX-License-Identifier: Apache-2.0
// Destruction of a version for people: asks several to decide, shows how far it is, stops it, takes an HSM
// administrator's report. It reaches no key: what is decided, others do.
import { KmsLastUseReader } from '#adapters/kms/reencryption.ts';
import { systemClock, ulidIds } from '#adapters/system/system.ts';
import { destroyVersion } from '#core/approvals/acts/destroy-version.ts';
import {
  ReportMaterialRequest,
  RequestDestructionRequest,
  StopDestructionRequest,
} from '#core/contract/destruction.ts';
import { KeyturnError } from '#core/errors.ts';
import { idempotencyClaim } from '#core/operations/admit-operation.ts';
import { keyNotFound } from '#core/operations/mutate-key.ts';
import { requestApproval } from '#core/operations/request-approval.ts';
import { reportMaterial, stopDestruction } from '#core/operations/stop-destruction.ts';
import { CLASSES } from '#policies/classes.ts';
import { apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { idempotencyKeyOf, parseBody } from '../shared/api-request.ts';
import { approvalAnswer } from '../shared/approval-views.ts';
import { destructionView } from '../shared/destruction-views.ts';
import { environmentOf } from '../shared/environment.ts';
import { decidedSnapshot, versionInPath } from '../shared/key-request.ts';
import {
  authorizer,
  electorate,
  keyUseLog,
  kmsClient,
  ledger,
  workflows,
} from '../shared/wiring.ts';

const environment = environmentOf('manage-destruction');
const table = ledger(environment.TABLE_NAME);
const deps = {
  ledger: table,
  approvals: table,
  electorate: electorate(environment.STAGE, table),
  workflows: workflows({
    approve: environment.APPROVE_ARN,
    'destroy-key': environment.DESTROY_KEY_ARN,
  }),
  classes: CLASSES,
  stage: environment.STAGE,
  clock: systemClock,
  ids: ulidIds,
  uses: keyUseLog(environment.TABLE_NAME),
  lastUses: new KmsLastUseReader(kmsClient()),
};

async function view(name: string, version: number) {
  const snapshot = await table.readKey(name);
  if (!snapshot) throw keyNotFound(name);
  return destructionView(snapshot, version);
}

const requestDestruction: RouteHandler = async (request) => {
  const { snapshot, decision } = await decidedSnapshot(table, request);
  const key = snapshot.key.name;
  const header = idempotencyKeyOf(request.event);
  const body = parseBody(request.event, RequestDestructionRequest);
  if (body.confirm !== key)
    throw new KeyturnError('ValidationFailed', 'confirm must be the name of the key', {
      fields: [{ pointer: '/confirm', detail: 'is not the name of the key' }],
    });
  const { version, acceptLoss, reason } = body;
  return approvalAnswer(
    await requestApproval(deps, destroyVersion, {
      action: 'version.destroy',
      request: { key, version, operationId: null, parameters: { acceptLoss } },
      by: request.principal,
      decision,
      reason,
      claim: idempotencyClaim(
        request.principal.id,
        `POST /v1/keys/${key}/destructions`,
        header,
        body,
      ),
    }),
  );
};

const getDestruction: RouteHandler = async (request) => {
  const { snapshot } = await decidedSnapshot(table, request);
  return { body: await view(snapshot.key.name, versionInPath(request)) };
};

const stop: RouteHandler = async (request) => {
  const { snapshot, decision } = await decidedSnapshot(table, request);
  const key = snapshot.key.name;
  const version = versionInPath(request);
  const { reason = null } = parseBody(request.event, StopDestructionRequest);
  await stopDestruction(deps, { key, version, by: request.principal.id, reason, decision });
  return { body: await view(key, version) };
};

const report: RouteHandler = async (request) => {
  const { snapshot, decision } = await decidedSnapshot(table, request);
  const key = snapshot.key.name;
  const version = versionInPath(request);
  const body = parseBody(request.event, ReportMaterialRequest);
  const backupRetentionDays = environment.BACKUP_RETENTION_DAYS;
  const by = request.principal.id;
  await reportMaterial(deps, { ...body, key, version, by, decision, backupRetentionDays });
  return { body: await view(key, version) };
};

export const handler = apiHandler(
  { requestDestruction, getDestruction, stopDestruction: stop, reportMaterial: report },
  authorizer(environment.STAGE),
);
