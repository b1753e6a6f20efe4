// SPDX-License-Identifier: Apache-2.0
// GET on requests for approval. Its role can only read.
import { z } from 'zod';
import { ApprovalId } from '#core/contract/approvals.ts';
import { approvalNotFound } from '#core/operations/mutate-approval.ts';
import { apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { parseQuery } from '../shared/api-request.ts';
import { approvalView } from '../shared/approval-views.ts';
import { environmentOf } from '../shared/environment.ts';
import { authorizer, electorate, ledger } from '../shared/wiring.ts';

const environment = environmentOf('read-approvals');
const table = ledger(environment.TABLE_NAME);
const electors = electorate(environment.STAGE, table);
const ListQuery = z.strictObject({
  state: z.enum(['open', 'ended']).default('open'),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: ApprovalId.optional(),
});

const listApprovals: RouteHandler = async (request) => {
  await request.authorize({});
  const { state, limit, cursor } = parseQuery(request.event, ListQuery);
  const page = await table.listApprovals(state, cursor ?? null, limit);
  const people = await electors.people();
  const items = page.items.map((one) => approvalView(one, people, request.principal.id));
  return { body: { items, nextCursor: page.nextCursor } };
};

const getApproval: RouteHandler = async (request) => {
  await request.authorize({});
  const id = ApprovalId.safeParse(request.path['id']);
  const approval = id.success ? await table.readApproval(id.data) : null;
  if (!approval) throw approvalNotFound();
  return {
    body: approvalView(approval, await electors.people(), request.principal.id),
    headers: { etag: `"${approval.revision}"` },
  };
};

export const handler = apiHandler({ listApprovals, getApproval }, authorizer(environment.STAGE));
