// SPDX-License-Identifier: Apache-2.0
// Which stream of audit records a query names, and whether the caller may read it.
import { z } from 'zod';
import { KeyName } from '#core/contract/api.ts';
import { ApprovalId } from '#core/contract/approvals.ts';
import { DECISION_STREAM } from '#core/operations/activate-policy.ts';
import { approvalNotFound, approvalStream } from '#core/operations/mutate-approval.ts';
import { keyStream } from '#core/operations/mutate-key.ts';
import type { ApprovalLedger } from '#core/ports/approvals.ts';
import type { Ledger } from '#core/ports/ledger.ts';
import type { ApiRequest } from './api-handler.ts';
import { accessObject, existing } from './views.ts';

type Rows = Pick<Ledger, 'readKeyRecord'> & Pick<ApprovalLedger, 'readApproval'>;

export const Limit = z.coerce.number().int().min(1).max(200).default(50);
/** Whose records are asked for. */
export const AuditQuery = z
  .strictObject({
    key: KeyName.optional(),
    approval: ApprovalId.optional(),
    policy: z.literal('decisions').optional(),
    limit: Limit,
    cursor: z.coerce.number().int().min(0).optional(),
  })
  .refine(
    ({ key, approval, policy }) =>
      [key, approval, policy].filter((one) => one !== undefined).length === 1,
    { error: 'name one key, one approval, or policy=decisions', path: ['key'] },
  );

/** The stream of a key that the caller may see. */
async function keyAudit(rows: Rows, request: ApiRequest, name: string): Promise<string> {
  const key = await rows.readKeyRecord(name);
  await request.authorize(accessObject(key));
  return keyStream(existing(key, name).name);
}

async function approvalAudit(rows: Rows, request: ApiRequest, id: string): Promise<string> {
  await request.authorize({});
  if (await rows.readApproval(id)) return approvalStream(id);
  throw approvalNotFound();
}

/** The stream of a query. @throws KeyturnError as for what is not there, or is not for the caller */
export async function streamOf(
  rows: Rows,
  request: ApiRequest,
  of: Pick<z.infer<typeof AuditQuery>, 'key' | 'approval' | 'policy'>,
): Promise<string> {
  if (of.approval) return approvalAudit(rows, request, of.approval);
  if (!of.policy) return keyAudit(rows, request, of.key ?? '');
  await request.authorize({});
  return DECISION_STREAM;
}
