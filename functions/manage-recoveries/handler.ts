// SPDX-License-Identifier: Apache-2.0
// Recoveries of the key store: asks for their approvals, shows them, takes them up again. It recovers nothing itself. A
// person alone begins one thing, in an emergency: that the key store is disconnected.
import { recoveryActOf } from '#core/approvals/acts/recover-key-store.ts';
import { StartRecoveryRequest } from '#core/contract/recoveries.ts';
import { type IdempotencyClaim, idempotencyClaim } from '#core/operations/admit-operation.ts';
import { requestApproval } from '#core/operations/request-approval.ts';
import type { Decision } from '#core/ports/platform.ts';
import { disconnectAlone, isReviewOpen } from '#core/recovery/emergency.ts';
import { readRecovery, resumeRecovery } from '#core/recovery/key-store-recovery.ts';
import { CLASSES } from '#policies/classes.ts';
import { type ApiRequest, apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { idempotencyKeyOf, parseBody } from '../shared/api-request.ts';
import { approvalAnswer } from '../shared/approval-views.ts';
import { requirePersonInEmergency, reviewOf } from '../shared/emergencies.ts';
import { environmentOf } from '../shared/environment.ts';
import { type AskedRecovery, requireFitting } from '../shared/recovery-request.ts';
import { besideRecoveries, recoveryView } from '../shared/recovery-views.ts';
import { reviewDeps } from '../shared/review-deps.ts';
import { authorizer, workflows } from '../shared/wiring.ts';

const environment = environmentOf('manage-recoveries');
const keyStore = environment.KEY_STORE_NAME;
const deps = {
  ...reviewDeps(environment),
  workflows: workflows({
    approve: environment.APPROVE_ARN,
    'recover-key-store': environment.RECOVER_KEY_STORE_ARN,
  }),
  classes: CLASSES,
};
const { ledger: table } = deps;

const around = () => besideRecoveries(table, keyStore);

/** Acts first; a start that was lost is made up for by the same call, or by resuming the recovery. */
async function disconnectedAlone(
  request: ApiRequest,
  { reason }: AskedRecovery,
  { decision, claim }: { readonly decision: Decision; readonly claim: IdempotencyClaim },
) {
  requirePersonInEmergency(request, true);
  const by = request.principal;
  const id = await disconnectAlone(deps, { keyStore, reason, by: by.id, decision, claim });
  const { attempt } = await readRecovery(table, keyStore, id);
  await deps.workflows.start('recover-key-store', id, attempt, { keyStore });
  const of = await table.readKeyStore(keyStore);
  const isOpen = of !== null && isReviewOpen(of, id);
  const reviewId = isOpen ? await reviewOf(deps, id, by) : null;
  return {
    body: { operationId: id, approvalId: null, digest: null, expiresAt: null, reviewId },
    headers: { location: `/v1/recoveries/${id}` },
  };
}

const startRecovery: RouteHandler = async (request) => {
  const decision = await request.authorize({});
  const header = idempotencyKeyOf(request.event);
  const body = parseBody(request.event, StartRecoveryRequest);
  const { kind, backupId = null, reason } = body;
  requireFitting(body);
  const by = request.principal;
  const claim = idempotencyClaim(by.id, 'POST /v1/recoveries', header, body);
  if (body.emergency) return disconnectedAlone(request, body, { decision, claim });
  const act = recoveryActOf(kind);
  const answer = approvalAnswer(
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
      claim,
    }),
  );
  return { ...answer, body: { ...answer.body, reviewId: null } };
};

const listRecoveries: RouteHandler = async (request) => {
  await request.authorize({});
  const [items, beside] = await Promise.all([table.readRecoveries(keyStore), around()]);
  const shown = items.map((one) => recoveryView(one, beside)).reverse();
  return { body: { items: shown, nextCursor: null } };
};

const getRecovery: RouteHandler = async (request) => {
  await request.authorize({});
  const id = request.path['id'] ?? '';
  const [recovery, beside] = await Promise.all([readRecovery(table, keyStore, id), around()]);
  return { body: recoveryView(recovery, beside) };
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
  return { body: recoveryView(recovery, await around()) };
};

export const handler = apiHandler(
  { startRecovery, listRecoveries, getRecovery, resumeRecovery: resume },
  authorizer(environment.STAGE),
);
