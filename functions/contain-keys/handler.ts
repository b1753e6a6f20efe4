// SPDX-License-Identifier: Apache-2.0
// Stops keys, before it answers: the denial is written, then KMS is asked to refuse. It can stop keys and start none: what
// lifts a suspension are approvals, and other roles.
import type { z } from 'zod';
import { BudgetedKeyBlocker, BudgetedPolicyWriter } from '#adapters/budget/budgeted-vault.ts';
import { KmsPolicies } from '#adapters/kms/key-administration.ts';
import { KmsKeyBlocker } from '#adapters/kms/key-blocking.ts';
import { systemClock, ulidIds } from '#adapters/system/system.ts';
import { liftSuspension } from '#core/approvals/acts/lift-suspension.ts';
import {
  ResumeKeyRequest,
  RevokeKeyRequest,
  SuspendKeyRequest,
} from '#core/contract/containment.ts';
import type { ContainmentKind } from '#core/contract/vocabulary.ts';
import { isError, KeyturnError } from '#core/errors.ts';
import { idempotencyClaim } from '#core/operations/admit-operation.ts';
import { containKey } from '#core/operations/contain-key.ts';
import { requestApproval } from '#core/operations/request-approval.ts';
import { CLASSES } from '#policies/classes.ts';
import { CONTAINMENT_RULES } from '#policies/containment-rules.ts';
import { type ApiRequest, apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { idempotencyKeyOf, parseBody } from '../shared/api-request.ts';
import { approvalAnswer } from '../shared/approval-views.ts';
import { askInstead, stoppedAnswer } from '../shared/containment-answers.ts';
import { environmentOf } from '../shared/environment.ts';
import { decidedSnapshot } from '../shared/key-request.ts';
import {
  authorizer,
  electorate,
  kmsClient,
  ledger,
  policySite,
  rateBudget,
  startSlots,
  workflows,
} from '../shared/wiring.ts';

const environment = environmentOf('contain-keys');
const table = ledger(environment.TABLE_NAME);
const kms = kmsClient();
const budget = rateBudget(environment.TABLE_NAME, environment.KMS_BUDGET);
/** What stops a key goes before everything else. */
const lane = async () => 'priority' as const;
const deps = {
  ledger: table,
  approvals: table,
  workflows: workflows({
    'revoke-key': environment.REVOKE_KEY_ARN,
    approve: environment.APPROVE_ARN,
  }),
  electorate: electorate(environment.STAGE, table),
  classes: CLASSES,
  stage: environment.STAGE,
  clock: systemClock,
  ids: ulidIds,
  slots: startSlots(environment.TABLE_NAME),
  containmentRules: CONTAINMENT_RULES,
  policies: new BudgetedPolicyWriter(new KmsPolicies(kms, policySite(environment)), budget, lane),
  blocker: new BudgetedKeyBlocker(new KmsKeyBlocker(kms), budget, lane),
};

/** A machine can stop what it may stop; what goes beyond its rights is a person's to answer for. */
function requirePersonInEmergency({ principal }: ApiRequest, isEmergency: boolean): void {
  if (!isEmergency || principal.kind === 'person') return;
  throw new KeyturnError(
    'NotEligible',
    `${principal.id} is no person; a person acts in an emergency`,
  );
}

const askedAs = (kind: ContainmentKind, body: z.infer<typeof RevokeKeyRequest>) => ({
  kind,
  version: body.version ?? null,
  mode: body.mode ?? null,
  reason: body.reason,
  occurredAt: body.occurredAt ?? null,
  withSuccessor: body.successor ?? false,
  isEmergency: body.emergency ?? false,
});

const contain =
  (
    kind: ContainmentKind,
    path: string,
    schema: z.ZodType<z.infer<typeof RevokeKeyRequest>>,
  ): RouteHandler =>
  async (request) => {
    const { snapshot, decision } = await decidedSnapshot(table, request);
    const { name: key } = snapshot.key;
    const header = idempotencyKeyOf(request.event);
    const body = parseBody(request.event, schema);
    const by = request.principal.id;
    const claim = idempotencyClaim(by, `POST /v1/keys/${key}/${path}`, header, body);
    const input = { ...askedAs(kind, body), key, by, decision, claim };
    requirePersonInEmergency(request, input.isEmergency);
    try {
      return await stoppedAnswer(deps, request, input, await containKey(deps, input));
    } catch (error) {
      if (!isError(error, 'ApprovalRequired')) throw error;
      return askInstead(deps, request, input);
    }
  };

const revokeKey = contain('revocation', 'revocations', RevokeKeyRequest);
const suspendKey = contain('suspension', 'suspension', SuspendKeyRequest);

const resumeKey: RouteHandler = async (request) => {
  const { snapshot, decision } = await decidedSnapshot(table, request);
  const { name: key } = snapshot.key;
  const header = idempotencyKeyOf(request.event);
  const body = parseBody(request.event, ResumeKeyRequest);
  const route = `DELETE /v1/keys/${key}/suspension`;
  return approvalAnswer(
    await requestApproval(deps, liftSuspension, {
      action: 'key.lift-suspension',
      request: { key, version: null, operationId: null, parameters: {} },
      by: request.principal,
      decision,
      reason: body.reason ?? null,
      claim: idempotencyClaim(request.principal.id, route, header, body),
    }),
  );
};

export const handler = apiHandler(
  { revokeKey, suspendKey, resumeKey },
  authorizer(environment.STAGE),
);
