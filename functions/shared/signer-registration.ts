// SPDX-License-Identifier: Apache-2.0
// From a browser's registration to a request that others decide on, whoever hands it in: a client, or the page behind a
// link.

import {
  type EnrollActDeps,
  enrollSigner as enrollAct,
  enrollParameters,
  noPasskeysHere,
} from '#core/approvals/acts/enroll-signer.ts';
import { enrollChallenge } from '#core/approvals/enroll-statement.ts';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import type { EnrollSignerRequest } from '#core/contract/signers.ts';
import { parseAuthenticatorData } from '#core/crypto/webauthn.ts';
import { registrationFault } from '#core/crypto/webauthn-registration.ts';
import { KeyturnError } from '#core/errors.ts';
import type { IdempotencyClaim } from '#core/operations/admit-operation.ts';
import { type RequestApprovalDeps, requestApproval } from '#core/operations/request-approval.ts';
import type { Decision, Principal } from '#core/ports/platform.ts';

export type EnrolDeps = RequestApprovalDeps & EnrollActDeps;

/** Where passkeys are taken, and what a new one of a person answers. @throws KeyturnError `NotServedHere` */
export function enrolmentOf({ passkeySite: site, stage }: EnrolDeps, person: string) {
  if (!site) throw noPasskeysHere();
  return { site, challenge: enrollChallenge(stage, site.rpId, person) };
}

/** @throws KeyturnError `NotServedHere`, `RegistrationInvalid` */
function registered(deps: EnrolDeps, person: string, body: EnrollSignerRequest) {
  const { site, challenge } = enrolmentOf(deps, person);
  const fault = registrationFault(body, challenge, site);
  if (fault)
    throw new KeyturnError('RegistrationInvalid', `the passkey cannot be let in: ${fault}`);
  const { label, credentialId, publicKey, transports } = body;
  const { signCount } = parseAuthenticatorData(Buffer.from(body.authenticatorData, 'base64url'));
  const { rpId } = site;
  return enrollParameters(person, { label, credentialId, publicKey, rpId, signCount, transports });
}

export interface Enrolment {
  readonly by: Principal;
  readonly decision: Decision;
  readonly body: EnrollSignerRequest;
  readonly claim: IdempotencyClaim;
}

/** Asks others to let a passkey of `by` in. @throws KeyturnError as `requestApproval`, `RegistrationInvalid` */
export async function askToEnroll(
  deps: EnrolDeps,
  { by, decision, body, claim }: Enrolment,
): Promise<ApprovalRecord> {
  const parameters = registered(deps, by.id, body);
  return requestApproval(deps, enrollAct, {
    action: 'signer.enroll',
    request: { key: null, version: null, operationId: null, parameters },
    by,
    decision,
    reason: null,
    claim,
  });
}
