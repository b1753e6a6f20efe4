// SPDX-License-Identifier: Apache-2.0
// Stops keys, before it answers: the denial is written, then KMS is asked to refuse. It can stop keys and start none: what
// lifts a suspension are approvals, and other roles.
import type { z } from 'zod';
import { BudgetedKeyBlocker, BudgetedPolicyWriter } from '#adapters/budget/budgeted-vault.ts';
import { KmsPolicies } from '#adapters/kms/key-administration.ts';
import { KmsKeyBlocker } from '#adapters/kms/key-blocking.ts';
import { liftSuspension } from '#core/approvals/acts/lift-suspension.ts';
import {
  ResumeKeyRequest,
  RevokeKeyRequest,
  SuspendKeyRequest,
} from '#core/contract/containment.ts';
import type { ContainmentKind } from '#core/contract/vocabulary.ts';
import { isError } from '#core/errors.ts';
import { idempotencyClaim } from '#core/operations/admit-operation.ts';
import { containKey } from '#core/operations/contain-key.ts';
import { requestApproval } from '#core/operations/request-approval.ts';
import { CLASSES } from '#policies/classes.ts';
import { CONTAINMENT_RULES } from '#policies/containment-rules.ts';
import { apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { idempotencyKeyOf, parseBody } from '../shared/api-request.ts';
import { approvalAnswer } from '../shared/approval-views.ts';
import { askedAs, askInstead, stoppedAnswer } from '../shared/containment-answers.ts';
import { requirePersonInEmergency } from '../shared/emergencies.ts';
import { environmentOf } from '../shared/environment.ts';
import { decidedSnapshot } from '../shared/key-request.ts';
import { reviewDeps } from '../shared/review-deps.ts';
import { scopeRoutes } from '../shared/scope-routes.ts';
import {
  authorizer,
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
  ...reviewDeps(environment),
  workflows: workflows({
    'revoke-key': environment.REVOKE_KEY_ARN,
    'contain-scope': environment.CONTAIN_SCOPE_ARN,
    approve: environment.APPROVE_ARN,
  }),
  classes: CLASSES,
  slots: startSlots(environment.TABLE_NAME),
  containmentRules: CONTAINMENT_RULES,
  kmsBudget: environment.KMS_BUDGET,
  policies: new BudgetedPolicyWriter(new KmsPolicies(kms, policySite(environment)), budget, lane),
  blocker: new BudgetedKeyBlocker(new KmsKeyBlocker(kms), budget, lane),
};

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

const { planContainment, containScope, listContainments, getContainment, liftContainment } =
  scopeRoutes(deps);

export const handler = apiHandler(
  {
    revokeKey,
    suspendKey,
    resumeKey,
    planContainment,
    containScope,
    listContainments,
    getContainment,
    liftContainment,
  },
  authorizer(environment.STAGE),
);
