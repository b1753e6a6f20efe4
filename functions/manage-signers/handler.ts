// SPDX-License-Identifier: Apache-2.0
// Passkeys that sign votes: asks others to let one in, shows them, takes them away. It lets none in itself.
import { systemClock, ulidIds } from '#adapters/system/system.ts';
import {
  enrollSigner as enrollAct,
  enrollParameters,
  noPasskeysHere,
} from '#core/approvals/acts/enroll-signer.ts';
import { enrollChallenge } from '#core/approvals/enroll-statement.ts';
import { EnrollSignerRequest, type Signer, SignerId } from '#core/contract/signers.ts';
import { parseAuthenticatorData } from '#core/crypto/webauthn.ts';
import { registrationFault } from '#core/crypto/webauthn-registration.ts';
import { KeyturnError } from '#core/errors.ts';
import { idempotencyClaim } from '#core/operations/admit-operation.ts';
import { isActivePasskey, removePasskey, signerNotFound } from '#core/operations/passkeys.ts';
import { requestApproval } from '#core/operations/request-approval.ts';
import type { PasskeyRecord } from '#core/ports/passkeys.ts';
import { CLASSES } from '#policies/classes.ts';
import { apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { idempotencyKeyOf, parseBody } from '../shared/api-request.ts';
import { approvalAnswer } from '../shared/approval-views.ts';
import { environmentOf } from '../shared/environment.ts';
import { authorizer, electorate, ledger, workflows } from '../shared/wiring.ts';

const environment = environmentOf('manage-signers');
const table = ledger(environment.TABLE_NAME);
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

/** @throws KeyturnError `NotServedHere`, `RegistrationInvalid` */
function registered(person: string, body: EnrollSignerRequest) {
  const site = environment.PASSKEYS;
  if (!site) throw noPasskeysHere();
  const challenge = enrollChallenge(environment.STAGE, site.rpId, person);
  const fault = registrationFault(body, challenge, site);
  if (fault)
    throw new KeyturnError('RegistrationInvalid', `the passkey cannot be let in: ${fault}`);
  const { label, credentialId, publicKey, transports } = body;
  const data = parseAuthenticatorData(Buffer.from(body.authenticatorData, 'base64url'));
  const { rpId } = site;
  const { signCount } = data;
  return enrollParameters(person, { label, credentialId, publicKey, rpId, signCount, transports });
}

const enrollSigner: RouteHandler = async (request) => {
  const decision = await request.authorize({});
  const header = idempotencyKeyOf(request.event);
  const body = parseBody(request.event, EnrollSignerRequest);
  const by = request.principal;
  const parameters = registered(by.id, body);
  return approvalAnswer(
    await requestApproval(deps, enrollAct, {
      action: 'signer.enroll',
      request: { key: null, version: null, operationId: null, parameters },
      by,
      decision,
      reason: null,
      claim: idempotencyClaim(by.id, 'POST /v1/signers', header, body),
    }),
  );
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

export const handler = apiHandler(
  { enrollSigner, listSigners, removeSigner },
  authorizer(environment.STAGE),
);
