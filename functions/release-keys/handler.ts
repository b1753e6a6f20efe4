// SPDX-License-Identifier: Apache-2.0
// Lets keys go. It never touches KMS: the workflow `update-access` does.
import { refusingApprovals } from '#adapters/system/approvals.ts';
import { systemClock, ulidIds } from '#adapters/system/system.ts';
import { ReleaseKeyRequest } from '#core/contract/adoptions.ts';
import { KeyName } from '#core/contract/api.ts';
import { idempotencyClaim } from '#core/operations/admit-operation.ts';
import { releaseKey } from '#core/operations/release-key.ts';
import { apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { idempotencyKeyOf, parseBody } from '../shared/api-request.ts';
import { environmentOf } from '../shared/environment.ts';
import { accessObject, existing } from '../shared/views.ts';
import { authorizer, ledger, workflows } from '../shared/wiring.ts';

const environment = environmentOf('release-keys');
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  workflows: workflows({ 'update-access': environment.UPDATE_ACCESS_ARN }),
  approvals: refusingApprovals,
  clock: systemClock,
  ids: ulidIds,
};

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
  const { operationId } = await releaseKey(deps, { key, reason, by, decision, claim });
  return { body: { operationId }, headers: { location: `/v1/operations/${operationId}` } };
};

export const handler = apiHandler({ releaseKey: release }, authorizer(environment.STAGE));
