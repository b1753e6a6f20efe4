// SPDX-License-Identifier: Apache-2.0
// How the methods of rights for a while and of passkeys are called, and the path that must be requested; a part of `client.test.ts`.
import type { Client } from '#client/sdk/index.ts';
import { SIGNER_EXAMPLES } from '#core/contract/signer-examples.ts';

type Call = readonly [(client: Client) => Promise<unknown>, string];

export const PEOPLE_CALLS = {
  applyBrake: [
    (c) => c.applyBrake({ scope: { kind: 'all', value: null }, reason: 'a library' }),
    '/v1/brakes',
  ],
  listBrakes: [(c) => c.listBrakes(), '/v1/brakes'],
  getBrake: [(c) => c.getBrake('brk_1'), '/v1/brakes/brk_1'],
  liftBrake: [(c) => c.liftBrake('brk_1'), '/v1/brakes/brk_1'],
  startPause: [(c) => c.startPause({ hours: 4, reason: 'a storm' }), '/v1/pauses'],
  listPauses: [(c) => c.listPauses(), '/v1/pauses'],
  endPause: [(c) => c.endPause('pause-1'), '/v1/pauses/pause-1'],
  requestElevation: [
    (c) => c.requestElevation({ group: 'grp_operators', reason: 'asked' }),
    '/v1/elevations',
  ],
  listElevations: [(c) => c.listElevations(), '/v1/elevations'],
  revokeElevation: [(c) => c.revokeElevation('elv_1'), '/v1/elevations/elv_1'],
  enrollSigner: [
    (c) => c.enrollSigner({ ...SIGNER_EXAMPLES.EnrollSignerRequest, transports: [] }),
    '/v1/signers',
  ],
  createSignerLink: [(c) => c.createSignerLink(), '/v1/signers/links'],
  listSigners: [(c) => c.listSigners(), '/v1/signers'],
  removeSigner: [(c) => c.removeSigner('pky_1'), '/v1/signers/pky_1'],
} satisfies Record<string, Call>;
