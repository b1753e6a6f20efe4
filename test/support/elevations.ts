// SPDX-License-Identifier: Apache-2.0
// Rights for a while in a world: asked for, granted by two custodians, as they are.

import { elevationIdOf } from '#core/approvals/acts/grant-elevation.ts';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import type { ElevationRecord } from '#core/ports/elevations.ts';
import { DIRECTORY } from '#policies/directory.ts';
import { ask, execute, person, vote } from './approvals.ts';
import type { World } from './world.ts';

/** A seeded person with their own groups. */
export function seeded(user: string) {
  const groups = DIRECTORY.local.find((known) => known.user === user)?.groups ?? [];
  return { ...person(user), groups };
}

/** Asks for the rights of a group for oneself. */
export function askElevation(
  world: World,
  user: string,
  parameters: { readonly group?: string; readonly seconds?: number } = {},
): Promise<ApprovalRecord> {
  const all = { person: `usr_${user}`, group: 'grp_operators', seconds: 3600, ...parameters };
  return ask(world, 'elevation.grant', { parameters: all }, seeded(user));
}

export async function elevationsOf(world: World): Promise<readonly ElevationRecord[]> {
  return (await world.store.readElevations())?.items ?? [];
}

/** An elevation of somebody, granted. */
export async function elevated(
  world: World,
  user: string,
  parameters: { readonly group?: string; readonly seconds?: number } = {},
): Promise<ElevationRecord> {
  const approval = await askElevation(world, user, parameters);
  for (const voter of ['dan', 'erin']) await vote(world, approval, voter);
  const { state } = await execute(world, approval);
  const found = (await elevationsOf(world)).find(({ id }) => id === elevationIdOf(approval.id));
  if (!found) throw new Error(`not granted: ${state}`);
  return found;
}
