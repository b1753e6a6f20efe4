// SPDX-License-Identifier: Apache-2.0
// Mass brakes in a world: keys with roles, brakes over them, looks, and the way back.
import { expect } from 'vitest';
import { type ApplyBrakeInput, admitBrake } from '#core/operations/admit-brake.ts';
import { type BrakeLook, enforceBrakes, QUIET_SECONDS } from '#core/operations/enforce-brakes.ts';
import type { BrakeRecord } from '#core/ports/brakes.ts';
import { ask, execute, vote } from './approvals.ts';
import { PERMIT, POLICY_SITE, type World } from './world.ts';

export const arn = (name: string, account = POLICY_SITE.account) =>
  `arn:aws:iam::${account}:role/${name}`;
export const BILLING = arn('billing');
/** One that Keyturn needs. */
export const OWN = arn('keyturn-local-reencrypt');
export const ALL = { kind: 'all', value: null } as const;
const LOOK = { seconds: 30, atOnce: 2 };

const grant = (principal: string) => ({ principal, rights: ['decrypt'] as const });

/** What a test does to a world; its roles exist. */
export function brakeScene(world: World) {
  let claims = 0;
  world.roleBrake.roles.add('orders-api').add('billing').add('keyturn-local-reencrypt');
  /** Of another person each time: each has one emergency in an hour. */
  const input = (more: Partial<ApplyBrakeInput> = {}): ApplyBrakeInput => {
    claims += 1;
    const scope = [...`${claims}`.padStart(64, '0')].reverse().join('');
    return {
      ...{ scope: ALL, reason: 'a library sends keys away', isEmergency: true },
      ...{ by: `usr_${claims}`, decision: PERMIT, claim: { scope, bodyHash: 'body' } },
      ...more,
    };
  };
  const look = (more: Partial<BrakeLook> = {}) => enforceBrakes(world.deps, { ...LOOK, ...more });
  async function stored({ id }: { id: string }): Promise<BrakeRecord> {
    const row = await world.brakes.readBrake(id);
    if (!row) throw new Error(`no brake ${id}`);
    return row;
  }
  async function lift({ id }: { id: string }): Promise<void> {
    const approval = await ask(world, 'brake.lift', { operationId: id });
    for (const user of ['bob', 'carol']) await vote(world, approval, user);
    expect(await execute(world, approval)).toMatchObject({ state: 'executed', executedAs: id });
  }
  return {
    ...{ input, look, stored, lift },
    aKey: (name: string, roles: readonly string[], more = {}) =>
      world.admitKey({ name, access: roles.map(grant), ...more }),
    apply: (more: Partial<ApplyBrakeInput> = {}) => admitBrake(world.deps, input(more)),
    statesOf: async (brake: { id: string }) =>
      Object.fromEntries((await stored(brake)).roles.map(({ role, state }) => [role, state])),
    on: () => [...world.roleBrake.attached].sort(),
    /** Lifts it, and looks until no application can be under way any more. */
    async letGo(brake: { id: string }): Promise<void> {
      await lift(brake);
      await look();
      world.clock.advance(QUIET_SECONDS);
      await look();
    },
  };
}
