// SPDX-License-Identifier: Apache-2.0
// What a drill may end: what has its tag, and nothing that is in service.
import { describe, expect, it } from 'vitest';
import { direct, rolesOf } from './statements.ts';
import { ACCOUNT, REGION, synthesize } from './stub-app.ts';

const { templates } = synthesize('production');
const everyRole = new Map(Object.values(templates).flatMap((one) => [...rolesOf(one)]));
const roleOf = (name: string) => everyRole.get(`keyturn-production-${name}`);
const CLUSTERS = `arn:aws:cloudhsm:${REGION}:${ACCOUNT}:cluster/*`;
const on = (action: string) =>
  direct(roleOf('watch-drills')).filter((one) => one.action === action);

describe('permissions of drills', () => {
  it.each(['cloudhsm:DeleteHsm', 'cloudhsm:DeleteCluster'])(
    'let %s be asked for clusters with the tag of a drill of the stage, and no others',
    (action) => {
      expect(on(action)).toEqual([
        {
          action,
          resources: [CLUSTERS],
          conditions: {
            StringLike: { 'aws:ResourceTag/keyturn:drill': 'keyturn-production/*' },
          },
        },
      ]);
    },
  );

  it('leave who is asked for drills without CloudHSM and KMS', () => {
    const services = direct(roleOf('manage-drills')).map(({ action }) => action.split(':')[0]);
    expect(services).not.toContain('cloudhsm');
  });

  it('let nobody else end clusters', () => {
    const enders = [...everyRole].filter(([, all]) =>
      all.some(({ action }) => action === 'cloudhsm:DeleteCluster'),
    );
    expect(enders.map(([name]) => name)).toEqual(['keyturn-production-watch-drills']);
  });
});
