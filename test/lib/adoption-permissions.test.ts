// SPDX-License-Identifier: Apache-2.0
// Reach is the risk of adoption: which roles touch a key that is not ours yet, and what none of them can do to it.
import { describe, expect, it } from 'vitest';
import { FUNCTION_NAMES, type FunctionName } from '../../core/contract/environment.ts';
import { direct, rolesOf } from './statements.ts';
import { ACCOUNT, REGION, synthesize } from './stub-app.ts';

const { templates } = synthesize('production');
const everyRole = new Map(Object.values(templates).flatMap((one) => [...rolesOf(one)]));
const roleOf = (name: FunctionName) => everyRole.get(`keyturn-production-${name}`);
const KEYS = `arn:aws:kms:${REGION}:${ACCOUNT}:key/*`;
const NOT_ADOPTED = { 'aws:ResourceTag/keyturn:adopted': 'true' };
const OWN_KEYS = { StringEquals: { 'aws:ResourceTag/keyturn:stage': 'production' } };
const on = (name: FunctionName, action: string) =>
  direct(roleOf(name)).filter((one) => one.action === action);

describe('permissions of an adoption', () => {
  it('lets nobody schedule the deletion of an adopted key', () => {
    const all = [...everyRole.values()].flat();
    const removals = all.filter(({ action }) => action === 'kms:ScheduleKeyDeletion');

    expect(removals).toHaveLength(3);
    for (const { conditions } of removals) expect(conditions['Null']).toEqual(NOT_ADOPTED);
  });

  it('reaches a key without our tags once, to put ours on it and nothing else', () => {
    expect(on('adopt-version', 'kms:TagResource')).toEqual([
      {
        action: 'kms:TagResource',
        resources: [KEYS],
        conditions: {
          Null: { 'aws:ResourceTag/keyturn:stage': 'true' },
          StringEquals: {
            'aws:RequestTag/keyturn:stage': 'production',
            'aws:RequestTag/keyturn:recorded': 'true',
            'aws:RequestTag/keyturn:adopted': 'true',
          },
          'ForAllValues:StringLike': { 'aws:TagKeys': ['keyturn:*'] },
        },
      },
    ]);
    const adopted = { ...OWN_KEYS.StringEquals, 'aws:ResourceTag/keyturn:adopted': 'true' };
    expect(on('compensate-operation', 'kms:UntagResource')).toMatchObject([
      { conditions: { StringEquals: adopted } },
    ]);
    expect(on('compensate-operation', 'kms:DeleteAlias')).toEqual([
      {
        action: 'kms:DeleteAlias',
        resources: [`arn:aws:kms:${REGION}:${ACCOUNT}:alias/keyturn/production/*`],
        conditions: {},
      },
      { action: 'kms:DeleteAlias', resources: [KEYS], conditions: { StringEquals: adopted } },
    ]);
  });

  it('writes evidence of adoptions in one function and reads it in another', () => {
    const touching = (action: string) =>
      FUNCTION_NAMES.flatMap((name) =>
        (roleOf(name) ?? [])
          .filter((one) => one.action === action)
          .filter(({ resources }) =>
            resources.some((one) => JSON.stringify(one).includes('/adoption/')),
          )
          .map(() => name),
      );

    expect(touching('s3:PutObject')).toEqual(['adopt-version']);
    expect(touching('s3:GetObject')).toEqual(['apply-policy']);
  });

  it('moves the aliases of others that the settings name, and no others', () => {
    const local = rolesOf(synthesize('local').templates.functions).get('keyturn-local-place-alias');
    const moved = direct(local)
      .filter(({ action }) => action === 'kms:UpdateAlias')
      .flatMap(({ resources }) => resources)
      .filter((arn) => arn.includes('alias/legacy-'));

    expect(moved).toEqual([`arn:aws:kms:${REGION}:${ACCOUNT}:alias/legacy-*`]);
  });
});
