// SPDX-License-Identifier: Apache-2.0
// Rights for a while: asks others to grant them, shows them, ends them before their time. It grants nothing itself.

import type { z } from 'zod';
import { systemClock, ulidIds } from '#adapters/system/system.ts';
import { grantElevation } from '#core/approvals/acts/grant-elevation.ts';
import type * as contract from '#core/contract/elevations.ts';
import { ElevationId, RequestElevationRequest } from '#core/contract/elevations.ts';
import { idempotencyClaim } from '#core/operations/admit-operation.ts';
import { elevationNotFound, isActive, revokeElevation } from '#core/operations/elevations.ts';
import { requestApproval } from '#core/operations/request-approval.ts';
import type { ElevationRecord } from '#core/ports/elevations.ts';
import { CLASSES } from '#policies/classes.ts';
import { apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { idempotencyKeyOf, parseBody } from '../shared/api-request.ts';
import { approvalAnswer } from '../shared/approval-views.ts';
import { environmentOf } from '../shared/environment.ts';
import { authorizer, electorate, ledger, roleGroups, workflows } from '../shared/wiring.ts';

const environment = environmentOf('manage-elevations');
const table = ledger(environment.TABLE_NAME);
const deps = {
  ledger: table,
  approvals: table,
  elevations: table,
  electorate: electorate(environment.STAGE, table),
  roleGroups: roleGroups(),
  workflows: workflows({ approve: environment.APPROVE_ARN }),
  classes: CLASSES,
  stage: environment.STAGE,
  clock: systemClock,
  ids: ulidIds,
};

function viewOf(record: ElevationRecord): z.infer<typeof contract.Elevation> {
  const { sub, user, ...rest } = record;
  return { ...rest, person: sub, name: user, isActive: isActive(record, systemClock.now()) };
}

const requestElevation: RouteHandler = async (request) => {
  const decision = await request.authorize({});
  const header = idempotencyKeyOf(request.event);
  const body = parseBody(request.event, RequestElevationRequest);
  const { group, seconds, reason } = body;
  const by = request.principal;
  const parameters = { person: by.id, group, seconds };
  return approvalAnswer(
    await requestApproval(deps, grantElevation, {
      action: 'elevation.grant',
      request: { key: null, version: null, operationId: null, parameters },
      by,
      decision,
      reason,
      claim: idempotencyClaim(by.id, 'POST /v1/elevations', header, body),
    }),
  );
};

const listElevations: RouteHandler = async (request) => {
  await request.authorize({});
  const items = (await table.readElevations())?.items ?? [];
  return { body: { items: items.map(viewOf).reverse(), nextCursor: null } };
};

const revoke: RouteHandler = async (request) => {
  const id = ElevationId.safeParse(request.path['id']);
  const items = (await table.readElevations())?.items ?? [];
  const found = id.success ? items.find((one) => one.id === id.data) : undefined;
  // Whoever has rights may give them back.
  const isOwn = found !== undefined && found.sub === request.principal.id;
  const decision = isOwn
    ? ({ effect: 'permit', rule: 'own-rights-are-given-back' } as const)
    : await request.authorize({});
  if (!found) throw elevationNotFound();
  const by = request.principal;
  return { body: viewOf(await revokeElevation(deps, { id: found.id, by, decision })) };
};

export const handler = apiHandler(
  { requestElevation, listElevations, revokeElevation: revoke },
  authorizer(environment.STAGE),
);
