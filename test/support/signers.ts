// SPDX-License-Identifier: Apache-2.0
// Passkeys of people in a world: asked for, let in by two custodians, as they are.
import { enrollParameters, signerIdOf } from '#core/approvals/acts/enroll-signer.ts';
import type { ApprovalParameters, ApprovalRecord } from '#core/approvals/records.ts';
import type { PasskeyRecord } from '#core/ports/passkeys.ts';
import { ask, execute, vote } from './approvals.ts';
import { seeded } from './elevations.ts';
import { RP_ID, SoftwarePasskey } from './passkey.ts';
import type { World } from './world.ts';

/** Asks for a passkey of one's own. */
export function askSigner(
  world: World,
  user: string,
  key = new SoftwarePasskey(),
  patch: ApprovalParameters = {},
): Promise<ApprovalRecord> {
  const { credentialId, publicKey } = key;
  const wanted = { label: 'a key', credentialId, publicKey, rpId: RP_ID, signCount: 0 };
  const parameters = enrollParameters(`usr_${user}`, { ...wanted, transports: ['usb', 'nfc'] });
  return ask(world, 'signer.enroll', { parameters: { ...parameters, ...patch } }, seeded(user));
}

export async function signersOf(world: World): Promise<readonly PasskeyRecord[]> {
  return (await world.store.readPasskeys())?.items ?? [];
}

/** A passkey of somebody, let in. */
export async function enrolled(
  world: World,
  user: string,
  key = new SoftwarePasskey(),
): Promise<PasskeyRecord> {
  const approval = await askSigner(world, user, key);
  const voters = ['dan', 'erin', 'frank'].filter((one) => one !== user).slice(0, 2);
  for (const voter of voters) await vote(world, approval, voter);
  const { state } = await execute(world, approval);
  const found = (await signersOf(world)).find(({ id }) => id === signerIdOf(approval.id));
  if (!found) throw new Error(`not let in: ${state}`);
  return found;
}
