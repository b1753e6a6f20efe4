// SPDX-License-Identifier: Apache-2.0
// Who destroys: nobody who decides on it or stops it, and within the window that KMS itself asks for.
import { describe, expect, it } from 'vitest';
import { FUNCTION_NAMES, type FunctionName } from '../../core/contract/environment.ts';
import { direct, rolesOf } from './statements.ts';
import { synthesize } from './stub-app.ts';

const { templates } = synthesize('production');
const everyRole = new Map(Object.values(templates).flatMap((one) => [...rolesOf(one)]));
const grantsOf = (name: FunctionName) => direct(everyRole.get(`keyturn-production-${name}`));
const kmsOf = (name: FunctionName) =>
  grantsOf(name)
    .map(({ action }) => action)
    .filter((action) => action.startsWith('kms:'));

describe('permissions of destruction', () => {
  it('schedule the deletion of recorded keys of the stage alone, a week ahead at least', () => {
    const [grant, ...others] = grantsOf('remove-version').filter(
      ({ action }) => action === 'kms:ScheduleKeyDeletion',
    );

    expect(others).toEqual([]);
    expect(grant?.conditions).toEqual({
      StringEquals: {
        'aws:ResourceTag/keyturn:stage': 'production',
        'aws:ResourceTag/keyturn:recorded': 'true',
      },
      Null: { 'aws:ResourceTag/keyturn:adopted': 'true' },
      NumericGreaterThanEquals: { 'kms:ScheduleKeyDeletionPendingWindowInDays': '7' },
    });
  });

  it('give nobody who decides the means, and nobody who takes keys away the means to give them back', () => {
    for (const decider of ['execute-approved', 'tend-destruction', 'cast-vote'] as const)
      expect(
        kmsOf(decider).filter((action) => /Disable|Schedule|Enable|Cancel/.test(action)),
      ).toEqual([]);
    expect(kmsOf('remove-version')).not.toContain('kms:EnableKey');
    expect(kmsOf('restore-version')).not.toContain('kms:DisableKey');
    expect(
      FUNCTION_NAMES.filter((name) => kmsOf(name).includes('kms:ScheduleKeyDeletion')).sort(),
    ).toEqual(['compensate-operation', 'remove-version', 'sweep-orphans']);
  });
});
