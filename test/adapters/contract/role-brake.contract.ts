// SPDX-License-Identifier: Apache-2.0
// What everything does that puts the policy of the mass brake on roles.
import { beforeEach, describe, expect, it } from 'vitest';
import type { RoleBrake } from '#core/ports/brakes.ts';

export interface RoleBrakeSite {
  readonly brake: RoleBrake;
  /** ARNs of roles that exist; nothing is on them. */
  readonly roles: readonly [string, string];
  /** ARN of one that does not. */
  readonly missing: string;
}

const nameOf = (arn: string) => (arn.split('/').at(-1) ?? '').toLowerCase();

export function describeRoleBrake(title: string, fresh: () => Promise<RoleBrakeSite>): void {
  describe(`${title}: the policy of the mass brake`, () => {
    let site: RoleBrakeSite;
    let brake: RoleBrake;
    beforeEach(async () => {
      site = await fresh();
      brake = site.brake;
    });

    it('is on the roles that it was put on, however often, and is shown there', async () => {
      const [first, second] = site.roles;
      expect(await brake.braked()).toEqual(new Set());
      expect(await brake.apply(first)).toBeNull();
      expect(await brake.apply(first)).toBeNull();
      expect(await brake.braked()).toEqual(new Set([nameOf(first)]));
      expect(await brake.apply(second)).toBeNull();
      expect(await brake.braked()).toEqual(new Set(site.roles.map(nameOf)));
    });

    it('is taken off alone, however often', async () => {
      const [first, second] = site.roles;
      for (const role of site.roles) await brake.apply(role);
      expect(await brake.lift(first)).toBeNull();
      expect(await brake.lift(first)).toBeNull();
      expect(await brake.braked()).toEqual(new Set([nameOf(second)]));
      expect(await brake.lift(second)).toBeNull();
      expect(await brake.braked()).toEqual(new Set());
    });

    it('is not put on a role that is not there, and nothing is to be taken off it', async () => {
      expect(await brake.apply(site.missing)).toBe('RoleNotFound');
      expect(await brake.lift(site.missing)).toBeNull();
      expect(await brake.braked()).toEqual(new Set());
    });
  });
}
