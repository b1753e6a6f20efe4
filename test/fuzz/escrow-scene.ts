// SPDX-License-Identifier: Apache-2.0
// What routes of escrow are asked about.
import type { RouteId } from '#core/contract/routes.ts';
import { holdingProof } from '#core/escrow/open-share.ts';
import { ESCROW } from '#test/support/escrow.ts';
import '#test/support/escrow-functions.ts';
import { EscrowScene } from '#test/support/escrow-scene.ts';
import type { World } from '#test/support/world.ts';

/** Routes of sessions that take contributions. */
const IN_SESSION: readonly RouteId[] = [
  'contributeShare',
  'completeEscrowSession',
  'cancelEscrowSession',
];

const BOB = { person: 'bob' };
const CALLERS = { listShares: BOB, contributeShare: BOB, proveShare: BOB };

/** Material in escrow, and a session where the route is about one: bodies and paths by route. */
export async function escrowFor(route: RouteId, world: World) {
  const scene = await EscrowScene.over(world, 2, 3);
  const [bob, ...others] = scene.custodians;
  if (!bob) throw new Error('nobody holds a share');
  const open = await scene.shareOf(bob);
  const proof = { version: 1, generation: 1, proof: holdingProof(open) };
  const bodies = {
    startEscrowSession: { purpose: 'recover', reason: 'asked' },
    proveShare: proof,
  };
  if (!IN_SESSION.includes(route)) return { bodies, callers: CALLERS, paths: {} };
  const session = await scene.requestAndOpen();
  for (const other of others) await scene.contribute(session, other);
  const sealed = await ESCROW.sealer.seal(open, session.recipient);
  const contributeShare = { sealed: Buffer.from(sealed).toString('base64') };
  const path = { name: 'orders', session: session.name };
  return {
    bodies: { ...bodies, contributeShare },
    callers: CALLERS,
    paths: Object.fromEntries(IN_SESSION.map((id) => [id, path])),
  };
}
