// SPDX-License-Identifier: Apache-2.0
// Sources of ciphertexts and re-encryption: registers, removes, starts, shows. It reads no data and calls no KMS: the
// worker does, under its own role.
import { systemClock, ulidIds } from '#adapters/system/system.ts';
import { openVersion } from '#core/approvals/acts/open-version.ts';
import {
  OpenVersionRequest,
  PutSourceRequest,
  StartReencryptionRequest,
} from '#core/contract/reencryption.ts';
import { idempotencyClaim } from '#core/operations/admit-operation.ts';
import { registerSource, removeSource } from '#core/operations/register-source.ts';
import { requestApproval } from '#core/operations/request-approval.ts';
import { startReencryption } from '#core/operations/start-reencryption.ts';
import { CLASSES } from '#policies/classes.ts';
import { apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { idempotencyKeyOf, parseBody } from '../shared/api-request.ts';
import { approvalAnswer } from '../shared/approval-views.ts';
import { environmentOf } from '../shared/environment.ts';
import { decidedSnapshot, nameInPath, versionInPath } from '../shared/key-request.ts';
import { reencryptionView, sourceView } from '../shared/reencryption-views.ts';
import {
  authorizer,
  electorate,
  ledger,
  reencryptionProgress,
  workflows,
} from '../shared/wiring.ts';

/** Dead items shown at once; there are as many as the count says. */
const DEAD_SHOWN = 100;

const environment = environmentOf('manage-reencryption');
const table = ledger(environment.TABLE_NAME);
const deps = {
  ledger: table,
  progress: reencryptionProgress(environment.TABLE_NAME),
  approvals: table,
  electorate: electorate(environment.STAGE, table),
  stage: environment.STAGE,
  workflows: workflows({ reencrypt: environment.REENCRYPT_ARN, approve: environment.APPROVE_ARN }),
  classes: CLASSES,
  clock: systemClock,
  ids: ulidIds,
};

const listSources: RouteHandler = async (request) => {
  const { snapshot } = await decidedSnapshot(table, request);
  return { body: { items: snapshot.sources.map(sourceView), nextCursor: null } };
};

const putSource: RouteHandler = async (request) => {
  const { snapshot, decision } = await decidedSnapshot(table, request);
  const name = nameInPath(request, 'source');
  const body = parseBody(request.event, PutSourceRequest);
  const by = request.principal.id;
  const input = { ...body, key: snapshot.key.name, name, by, decision };
  return { body: sourceView(await registerSource(deps, input)) };
};

const deleteSource: RouteHandler = async (request) => {
  const { snapshot, decision } = await decidedSnapshot(table, request);
  const name = nameInPath(request, 'source');
  const by = request.principal.id;
  return {
    body: sourceView(await removeSource(deps, { key: snapshot.key.name, name, by, decision })),
  };
};

const start: RouteHandler = async (request) => {
  const { snapshot, decision } = await decidedSnapshot(table, request);
  const key = snapshot.key.name;
  const header = idempotencyKeyOf(request.event);
  const body = parseBody(request.event, StartReencryptionRequest);
  const by = request.principal.id;
  const { operationId } = await startReencryption(deps, {
    key,
    trigger: 'api',
    requestedBy: by,
    reason: body.reason ?? null,
    decision,
    claim: idempotencyClaim(by, `POST /v1/keys/${key}/reencryptions`, header, body),
  });
  return { body: { operationId }, headers: { location: `/v1/operations/${operationId}` } };
};

const open: RouteHandler = async (request) => {
  const { snapshot, decision } = await decidedSnapshot(table, request);
  const key = snapshot.key.name;
  const version = versionInPath(request);
  const header = idempotencyKeyOf(request.event);
  const body = parseBody(request.event, OpenVersionRequest);
  const route = `POST /v1/keys/${key}/versions/${version}/reencryption`;
  return approvalAnswer(
    await requestApproval(deps, openVersion, {
      action: 'version.open',
      request: { key, version, operationId: null, parameters: { hours: body.hours } },
      by: request.principal,
      decision,
      reason: body.reason,
      claim: idempotencyClaim(request.principal.id, route, header, body),
    }),
  );
};

const getReencryption: RouteHandler = async (request) => {
  const { snapshot } = await decidedSnapshot(table, request);
  const id = snapshot.reencryption?.operationId ?? null;
  const [operation, checkpoints, dead] =
    id === null
      ? [null, [], []]
      : await Promise.all([
          table.readOperation(id),
          deps.progress.readCheckpoints(id),
          deps.progress.readDead(id, DEAD_SHOWN),
        ]);
  return { body: reencryptionView(snapshot, operation, checkpoints, dead, systemClock.now()) };
};

export const handler = apiHandler(
  {
    listSources,
    putSource,
    deleteSource,
    startReencryption: start,
    openVersion: open,
    getReencryption,
  },
  authorizer(environment.STAGE),
);
