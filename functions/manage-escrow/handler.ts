// SPDX-License-Identifier: Apache-2.0
// Escrow for people: what is there, sessions, each custodian's own share. It makes one-time keys and cannot open what is
// sealed to them: `recover-escrow` does.
import { ageSealer } from '#adapters/escrow/age-sealer.ts';
import { KmsSessionSeal } from '#adapters/kms/session-seal.ts';
import { KmsShareSigner } from '#adapters/kms/share-signer.ts';
import { systemClock, ulidIds } from '#adapters/system/system.ts';
import * as contract from '#core/contract/escrow.ts';
import { sessionOf } from '#core/escrow/sets.ts';
import { idempotencyClaim } from '#core/operations/admit-operation.ts';
import { contributeShare, proveHolding } from '#core/operations/contribute-share.ts';
import { cancelSession } from '#core/operations/escrow-session.ts';
import { askForSession, nextCircle, ownShares } from '#core/operations/request-escrow.ts';
import { CLASSES } from '#policies/classes.ts';
import { type ApiRequest, apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { idempotencyKeyOf, parseBody } from '../shared/api-request.ts';
import { approvalAnswer } from '../shared/approval-views.ts';
import { environmentOf } from '../shared/environment.ts';
import { sessionView, setView } from '../shared/escrow-views.ts';
import { decidedSnapshot } from '../shared/key-request.ts';
import {
  authorizer,
  custodians,
  electorate,
  kmsClient,
  ledger,
  workflows,
} from '../shared/wiring.ts';

const environment = environmentOf('manage-escrow');
const table = ledger(environment.TABLE_NAME);
const people = custodians(environment.STAGE, environment.PEOPLE);
const deps = {
  ledger: table,
  approvals: table,
  workflows: workflows({ approve: environment.APPROVE_ARN }),
  electorate: electorate(environment.STAGE, table),
  classes: CLASSES,
  stage: environment.STAGE,
  clock: systemClock,
  ids: ulidIds,
  sealer: ageSealer,
  seal: new KmsSessionSeal(kmsClient(), environment.TOKEN_KEY_ARN),
  verifier: new KmsShareSigner(kmsClient(), environment.ESCROW_KEY_ARN),
};

const sessionIn = ({ path }: ApiRequest) => (path['session'] ?? '').slice(0, 64);

/** What every change by a caller has. */
async function change(request: ApiRequest) {
  const { snapshot, decision } = await decidedSnapshot(table, request);
  const key = snapshot.key.name;
  return { snapshot, made: { key, by: request.principal.id, decision } };
}

const getEscrow: RouteHandler = async (request) => {
  const { snapshot } = await decidedSnapshot(table, request);
  const { sets, sessions } = snapshot.escrow;
  const now = systemClock.now();
  const views = sessions.map((session) => sessionView(session, sets, now));
  return { body: { key: snapshot.key.name, sets: sets.map(setView), sessions: views } };
};

const listShares: RouteHandler = async (request) => {
  const { snapshot } = await decidedSnapshot(table, request);
  return { body: { items: await ownShares(table, snapshot, request.principal.id) } };
};

const startEscrowSession: RouteHandler = async (request) => {
  const { snapshot, made } = await change(request);
  const header = idempotencyKeyOf(request.event);
  const body = parseBody(request.event, contract.StartEscrowSessionRequest);
  const route = `POST /v1/keys/${made.key}/escrow/sessions`;
  const { session, approval } = await askForSession(deps, {
    ...made,
    principal: request.principal,
    purpose: body.purpose,
    version: body.version ?? null,
    reason: body.reason ?? null,
    next: await nextCircle(people, body.required, body.custodians),
    claim: idempotencyClaim(made.by, route, header, body),
  });
  const answer = approvalAnswer(approval);
  const view = sessionView(session, snapshot.escrow.sets, systemClock.now());
  return { ...answer, body: { ...answer.body, session: view } };
};

const cancelEscrowSession: RouteHandler = async (request) => {
  const { snapshot, made } = await change(request);
  const session = await cancelSession(deps, { ...made, session: sessionIn(request) });
  return { body: sessionView(session, snapshot.escrow.sets, systemClock.now()) };
};

const contribute: RouteHandler = async (request) => {
  const { snapshot, made } = await change(request);
  const session = sessionOf(snapshot, sessionIn(request)).name;
  const { sealed } = parseBody(request.event, contract.ContributeShareRequest);
  const taken = await contributeShare(deps, { ...made, session, sealed });
  return { body: sessionView(taken, snapshot.escrow.sets, systemClock.now()) };
};

const proveShare: RouteHandler = async (request) => {
  const { made } = await change(request);
  const body = parseBody(request.event, contract.ProveShareRequest);
  return { body: setView(await proveHolding(deps, { ...made, ...body })) };
};

export const handler = apiHandler(
  {
    getEscrow,
    listShares,
    startEscrowSession,
    cancelEscrowSession,
    contributeShare: contribute,
    proveShare,
  },
  authorizer(environment.STAGE),
);
