// SPDX-License-Identifier: Apache-2.0
// Routes of passkeys; a part of the route table.
import { ActAccepted } from './approvals.ts';
import * as signers from './signers.ts';

export const SIGNER_ROUTES = {
  enrollSigner: {
    method: 'POST',
    path: '/v1/signers',
    function: 'manage-signers',
    action: 'signer:enroll',
    status: 202,
    summary: 'Ask to have a new passkey of one’s own sign one’s votes; others decide',
    request: signers.EnrollSignerRequest,
    response: ActAccepted,
    idempotent: true,
  },
  createSignerLink: {
    method: 'POST',
    path: '/v1/signers/links',
    function: 'manage-signers',
    action: 'signer:enroll',
    status: 200,
    summary: 'Get a one-time link of one’s own to the page on which a passkey is made',
    response: signers.SignerLink,
  },
  listSigners: {
    method: 'GET',
    path: '/v1/signers',
    function: 'manage-signers',
    action: 'signer:read',
    status: 200,
    summary: 'List passkeys with their public keys, and those that were removed',
    response: signers.SignerPage,
  },
  removeSigner: {
    method: 'DELETE',
    path: '/v1/signers/{id}',
    function: 'manage-signers',
    action: 'signer:remove',
    status: 200,
    summary: 'Take a passkey away: it proves nothing from then on',
    response: signers.Signer,
  },
} as const;
