// SPDX-License-Identifier: Apache-2.0
// Passkeys that sign votes: asks others to let one in, shows them, takes them away. It lets none in itself.
import { ENROLL_PAGE_HEADERS, enrollPage } from '#adapters/mail/enroll-page.ts';
import { systemClock, ulidIds } from '#adapters/system/system.ts';
import {
  EnrollPageRequest,
  EnrollSignerRequest,
  type Signer,
  SignerId,
} from '#core/contract/signers.ts';
import { idempotencyClaim } from '#core/operations/admit-operation.ts';
import { isActivePasskey, removePasskey, signerNotFound } from '#core/operations/passkeys.ts';
import type { PasskeyRecord } from '#core/ports/passkeys.ts';
import { CLASSES } from '#policies/classes.ts';
import { apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { idempotencyKeyOf, parseBody } from '../shared/api-request.ts';
import { approvalAnswer } from '../shared/approval-views.ts';
import { EnrollLinks } from '../shared/enroll-links.ts';
import { environmentOf } from '../shared/environment.ts';
import { askToEnroll } from '../shared/signer-registration.ts';
import { authorizer, electorate, ledger, noticeRows, workflows } from '../shared/wiring.ts';

const environment = environmentOf('manage-signers');
const table = ledger(environment.TABLE_NAME);
const access = authorizer(environment.STAGE);
const deps = {
  ledger: table,
  approvals: table,
  passkeys: table,
  passkeySite: environment.PASSKEYS,
  electorate: electorate(environment.STAGE, table),
  workflows: workflows({ approve: environment.APPROVE_ARN }),
  classes: CLASSES,
  stage: environment.STAGE,
  clock: systemClock,
  ids: ulidIds,
};
const links = new EnrollLinks({ ...deps, access, links: noticeRows(environment.TABLE_NAME) });

function viewOf(record: PasskeyRecord): Signer {
  const { sub, user, transports, ...rest } = record;
  return {
    ...rest,
    person: sub,
    name: user,
    transports: [...transports],
    isActive: isActivePasskey(record),
  };
}

const enrollSigner: RouteHandler = async (request) => {
  const decision = await request.authorize({});
  const header = idempotencyKeyOf(request.event);
  const body = parseBody(request.event, EnrollSignerRequest);
  const by = request.principal;
  const claim = idempotencyClaim(by.id, 'POST /v1/signers', header, body);
  return approvalAnswer(await askToEnroll(deps, { by, decision, body, claim }));
};

const listSigners: RouteHandler = async (request) => {
  await request.authorize({});
  const items = (await table.readPasskeys())?.items ?? [];
  return { body: { items: items.map(viewOf).reverse(), nextCursor: null } };
};

const removeSigner: RouteHandler = async (request) => {
  const id = SignerId.safeParse(request.path['id']);
  const items = (await table.readPasskeys())?.items ?? [];
  const found = id.success ? items.find((one) => one.id === id.data) : undefined;
  // Whoever loses a passkey takes it away at once.
  const isOwn = found !== undefined && found.sub === request.principal.id;
  const decision = isOwn
    ? ({ effect: 'permit', rule: 'own-passkeys-are-removed' } as const)
    : await request.authorize({});
  if (!found) throw signerNotFound();
  const by = request.principal;
  return { body: viewOf(await removePasskey(deps, { id: found.id, by, decision })) };
};

const createSignerLink: RouteHandler = async (request) => {
  await request.authorize({});
  return { body: await links.make(request.principal) };
};

const showEnrollPage: RouteHandler = async () => ({ body: enrollPage(), contentType: 'text/html' });

const answerEnrollPage: RouteHandler = async (request) => {
  const asked = parseBody(request.event, EnrollPageRequest);
  return { body: await links.answer(request.path['id'] ?? '', asked) };
};

export const handler = apiHandler(
  { enrollSigner, listSigners, removeSigner, createSignerLink, showEnrollPage, answerEnrollPage },
  access,
  ENROLL_PAGE_HEADERS,
);
