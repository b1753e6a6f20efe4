// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { FUNCTION_NAMES, roleName } from '#core/contract/environment.ts';
import { STAGES } from '#core/contract/vocabulary.ts';
import { isProtectedRole, rolesOf } from '#core/keys/braked-roles.ts';
import { aKey } from '#test/support/records.ts';

const arn = (name: string, account = '000000000000') => `arn:aws:iam::${account}:role/${name}`;
const NONE = { account: '000000000000', protectedRoles: [] };

describe('roles that no brake is put on', () => {
  it('are those of every function, in every stage', () => {
    const own = STAGES.flatMap((stage) => FUNCTION_NAMES.map((name) => arn(roleName(stage, name))));

    expect(own.filter((role) => !isProtectedRole(role, NONE))).toEqual([]);
  });

  it.each([
    'keyturn-local-workflow-rotate-key',
    'keyturn-production-scheduler',
    'Keyturn-Local-Reencrypt',
    'path/of/keyturn-local-reencrypt',
  ])('are %s, by whatever path and case', (name) => {
    expect(isProtectedRole(arn(name), NONE)).toBe(true);
  });

  it.each([
    'orders-api',
    'keyturn-local-workload-orders-api',
    'my-keyturn-local-reencrypt',
    'keyturn-client-billing',
  ])('are not consumers such as %s', (name) => {
    expect(isProtectedRole(arn(name), NONE)).toBe(false);
  });

  it('are not roles of another account, whatever their name', () => {
    const theirs = arn('keyturn-local-reencrypt', '444455556666');
    expect(isProtectedRole(theirs, NONE)).toBe(false);
  });

  it('are those of the settings, of their account alone', () => {
    const protection = { ...NONE, protectedRoles: [arn('ops/Break-Glass')] };

    expect(isProtectedRole(arn('break-glass'), protection)).toBe(true);
    expect(isProtectedRole(arn('break-glass', '111122223333'), protection)).toBe(false);
    expect(isProtectedRole(arn('break-glass-2'), protection)).toBe(false);
  });
});

describe('roles of a scope', () => {
  const named = { principal: arn('orders-api'), rights: ['encrypt'] } as const;
  const consumer = { principal: arn('billing'), rights: ['decrypt'] } as const;
  const key = aKey({ owner: 'olga', access: [named], consumerAccess: [consumer] });
  const both = [arn('orders-api'), arn('billing')];

  it.each([
    [{ kind: 'all', value: null } as const, both],
    [{ kind: 'owner', value: 'olga' } as const, both],
    [{ kind: 'owner', value: 'frank' } as const, []],
    [{ kind: 'application', value: 'shop' } as const, []],
    [{ kind: 'role', value: arn('billing') } as const, [arn('billing')]],
    [{ kind: 'role', value: arn('other') } as const, []],
  ])('%j are those that a key names, and its consumers', (scope, roles) => {
    expect(rolesOf(scope, key)).toEqual(roles);
  });

  it('are none of a key that has ended', () => {
    const all = { kind: 'all', value: null } as const;
    expect(rolesOf(all, { ...key, state: 'destroyed' })).toEqual([]);
    expect(rolesOf(all, { ...key, releasedAt: '2026-01-01T00:00:00.000Z' })).toEqual([]);
  });
});
