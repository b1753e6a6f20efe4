// SPDX-License-Identifier: Apache-2.0
// Lets keys go that nobody consumes, and asks for approvals for others. It never touches KMS: `update-access` does.
import { systemClock, ulidIds } from '#adapters/system/system.ts';
import { releaseKeyAct } from '#core/approvals/acts/release-key.ts';
import { ReleaseKeyRequest } from '#core/contract/adoptions.ts';
import { KeyName } from '#core/contract/api.ts';
import { isError } from '#core/errors.ts';
import { idempotencyClaim } from '#core/operations/admit-operation.ts';
import { releaseKey } from '#core/operations/release-key.ts';
import { requestApproval } from '#core/operations/request-approval.ts';
import { CLASSES } from '#policies/classes.ts';
import { apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { idempotencyKeyOf, parseBody } from '../shared/api-request.ts';
import { approvalAnswer } from '../shared/approval-views.ts';
import { environmentOf } from '../shared/environment.ts';
import { accessObject, existing } from '../shared/views.ts';
import { authorizer, electorate, ledger, workflows } from '../shared/wiring.ts';

const environment = environmentOf('release-keys');
const table = ledger(environment.TABLE_NAME);
const deps = {
  ledger: table,
  workflows: workflows({
    'update-access': environment.UPDATE_ACCESS_ARN,
    approve: environment.APPROVE_ARN,
  }),
  approvals: table,
  electorate: electorate(environment.STAGE, table),
  classes: CLASSES,
  stage: environment.STAGE,
  clock: systemClock,
  ids: ulidIds,
};

const started = (operationId: string) => ({
  body: { operationId, approvalId: null, digest: null, expiresAt: null },
  headers: { location: `/v1/operations/${operationId}` },
});

const release: RouteHandler = async (request) => {
  const asked = (request.path['name'] ?? '').slice(0, 64);
  const known = KeyName.safeParse(asked).success ? await deps.ledger.readKeyRecord(asked) : null;
  const decision = await request.authorize(accessObject(known));
  const { name: key } = existing(known, asked);
  const header = idempotencyKeyOf(request.event);
  const body = parseBody(request.event, ReleaseKeyRequest);
  const by = request.principal.id;
  const claim = idempotencyClaim(by, `POST /v1/keys/${key}/releases`, header, body);
  const reason = body.reason ?? null;
  try {
    const { operationId } = await releaseKey(deps, { key, reason, by, decision, claim });
    return started(operationId);
  } catch (error) {
    if (!isError(error, 'ApprovalRequired')) throw error;
  }
  // It has consumers: they lose what Keyturn does for them, so people decide.
  return approvalAnswer(
    await requestApproval(deps, releaseKeyAct, {
      action: 'key.release',
      request: { key, version: null, operationId: null, parameters: {} },
      by: request.principal,
      decision,
      reason,
      claim,
    }),
  );
};

export const handler = apiHandler({ releaseKey: release }, authorizer(environment.STAGE));
