// SPDX-License-Identifier: Apache-2.0
// Recoveries of the key store: asks for their approvals, shows them, takes them up again. It recovers nothing itself.
import type { z } from 'zod';
import { systemClock, ulidIds } from '#adapters/system/system.ts';
import { recoveryActOf } from '#core/approvals/acts/recover-key-store.ts';
import type * as contract from '#core/contract/recoveries.ts';
import { StartRecoveryRequest } from '#core/contract/recoveries.ts';
import { KeyturnError } from '#core/errors.ts';
import { idempotencyClaim } from '#core/operations/admit-operation.ts';
import { requestApproval } from '#core/operations/request-approval.ts';
import { readRecovery, resumeRecovery } from '#core/recovery/key-store-recovery.ts';
import type { RecoveryRecord } from '#core/recovery/records.ts';
import { CLASSES } from '#policies/classes.ts';
import { apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { idempotencyKeyOf, parseBody } from '../shared/api-request.ts';
import { approvalAnswer } from '../shared/approval-views.ts';
import { environmentOf } from '../shared/environment.ts';
import { authorizer, electorate, ledger, workflows } from '../shared/wiring.ts';

const environment = environmentOf('manage-recoveries');
const table = ledger(environment.TABLE_NAME);
const keyStore = environment.KEY_STORE_NAME;
const deps = {
  ledger: table,
  approvals: table,
  electorate: electorate(environment.STAGE, table),
  workflows: workflows({
    approve: environment.APPROVE_ARN,
    'recover-key-store': environment.RECOVER_KEY_STORE_ARN,
  }),
  classes: CLASSES,
  stage: environment.STAGE,
  clock: systemClock,
  ids: ulidIds,
};

const secondsOf = (from: string, to: string | null) =>
  to === null ? null : (Date.parse(to) - Date.parse(from)) / 1000;

function viewOf(record: RecoveryRecord): z.infer<typeof contract.Recovery> {
  const { adminRound: _round, survey, phases, ...rest } = record;
  const { cursor: _cursor, ...said } = survey;
  return {
    ...rest,
    phases: phases.map((one) => ({ ...one, seconds: secondsOf(one.startedAt, one.endedAt) })),
    recoverySeconds: secondsOf(record.startedAt, record.endedAt),
    survey: {
      ...said,
      missing: [...survey.missing],
      resurrected: [...survey.resurrected],
    },
  };
}

const startRecovery: RouteHandler = async (request) => {
  const decision = await request.authorize({});
  const header = idempotencyKeyOf(request.event);
  const body = parseBody(request.event, StartRecoveryRequest);
  const { kind, backupId = null, reason } = body;
  if (backupId !== null && kind !== 'key-store.restore')
    throw new KeyturnError('ValidationFailed', 'only a restore is made of a backup', {
      fields: [{ pointer: '/backupId', detail: 'goes with key-store.restore alone' }],
    });
  const by = request.principal;
  const act = recoveryActOf(kind);
  return approvalAnswer(
    await requestApproval(deps, act, {
      action: act.action,
      request: {
        key: null,
        version: null,
        operationId: null,
        parameters: { keyStore, kind, backupId },
      },
      by,
      decision,
      reason,
      claim: idempotencyClaim(by.id, 'POST /v1/recoveries', header, body),
    }),
  );
};

const listRecoveries: RouteHandler = async (request) => {
  await request.authorize({});
  const items = await table.readRecoveries(keyStore);
  return { body: { items: items.map(viewOf).reverse(), nextCursor: null } };
};

const getRecovery: RouteHandler = async (request) => {
  await request.authorize({});
  return { body: viewOf(await readRecovery(table, keyStore, request.path['id'] ?? '')) };
};

const resume: RouteHandler = async (request) => {
  const decision = await request.authorize({});
  const id = request.path['id'] ?? '';
  const recovery = await resumeRecovery(deps, {
    keyStore,
    id,
    by: request.principal.id,
    decision,
  });
  await deps.workflows.start('recover-key-store', id, recovery.attempt, { keyStore });
  return { body: viewOf(recovery) };
};

export const handler = apiHandler(
  { startRecovery, listRecoveries, getRecovery, resumeRecovery: resume },
  authorizer(environment.STAGE),
);
