// SPDX-License-Identifier: Apache-2.0
// The prepared policy of the mass brake, and that one function alone can put it on roles, can put nothing else on them, and can
// change none of those that Keyturn needs.
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { BRAKE_WORK } from '../../core/contract/brake-events.ts';
import { FUNCTION_NAMES } from '../../core/contract/environment.ts';
import { FUNCTION_SIZES } from '../../lib/config/function-sizes.ts';
import { WORKFLOW_NAMES } from '../../lib/names.ts';
import { actionsOf, rolesOf } from './statements.ts';
import { ACCOUNT, REGION, synthesize } from './stub-app.ts';

const { templates } = synthesize('production');
const everyRole = new Map(Object.values(templates).flatMap((one) => [...rolesOf(one)]));
const POLICY = `arn:aws:iam::${ACCOUNT}:policy/keyturn-production-mass-brake`;
const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;

interface Statement {
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
}
/** Every statement of the role that applies brakes, as it is deployed. */
function deployed(): { document: object; statements: readonly Statement[] } {
  const [found] = Object.values(
    templates.functions.findResources('AWS::IAM::Role', {
      Properties: { RoleName: 'keyturn-production-apply-brakes' },
    }),
  );
  const document = found?.['Properties'].Policies[0].PolicyDocument;
  return { document, statements: document.Statement };
}

describe('the policy of the mass brake', () => {
  it('denies every cryptographic operation on keys of the stage, and nothing else', () => {
    templates.functions.resourceCountIs('AWS::IAM::ManagedPolicy', 1);
    templates.functions.hasResourceProperties('AWS::IAM::ManagedPolicy', {
      ManagedPolicyName: 'keyturn-production-mass-brake',
      Roles: Match.absent(),
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Deny',
            Action: [
              'kms:CreateGrant',
              'kms:Decrypt',
              'kms:DeriveSharedSecret',
              'kms:Encrypt',
              'kms:GenerateDataKey',
              'kms:GenerateDataKeyPair',
              'kms:GenerateDataKeyPairWithoutPlaintext',
              'kms:GenerateDataKeyWithoutPlaintext',
              'kms:GenerateMac',
              'kms:ReEncryptFrom',
              'kms:ReEncryptTo',
              'kms:Sign',
              'kms:Verify',
              'kms:VerifyMac',
            ],
            Resource: `arn:aws:kms:${REGION}:${ACCOUNT}:key/*`,
            Condition: { StringEquals: { 'aws:ResourceTag/keyturn:stage': 'production' } },
          },
        ],
      },
    });
  });
});

describe('who puts it on roles', () => {
  it('is one function, which may put on and take off that policy alone', () => {
    const holders = [...everyRole].filter(([, one]) =>
      actionsOf(one, 'iam').some((action) => action !== 'iam:CreateServiceLinkedRole'),
    );
    expect(holders.map(([name]) => name)).toEqual(['keyturn-production-apply-brakes']);
    expect((holders[0]?.[1] ?? []).filter(({ action }) => action.startsWith('iam:'))).toEqual([
      ...['iam:AttachRolePolicy', 'iam:DetachRolePolicy'].map((action) => ({
        action,
        resources: [role('*')],
        conditions: { ArnEquals: { 'iam:PolicyARN': POLICY } },
      })),
      { action: 'iam:ListEntitiesForPolicy', resources: [POLICY], conditions: {} },
    ]);
  });

  it('is denied it on every role of Keyturn itself', () => {
    const { statements } = deployed();
    const denied = statements.filter(({ Effect }) => Effect === 'Deny');
    expect(denied).toHaveLength(1);
    expect(denied[0]?.Action).toEqual(['iam:AttachRolePolicy', 'iam:DetachRolePolicy']);
    const own = [
      ...FUNCTION_NAMES.map((name) => `keyturn-production-${name}`),
      ...WORKFLOW_NAMES.map((name) => `keyturn-production-workflow-${name}`),
      'keyturn-production-scheduler',
    ];
    expect([...(denied[0]?.Resource ?? [])].sort()).toEqual(own.map(role).sort());
    // What has a fixed name in a template is one of them: none was forgotten.
    const named = [...everyRole.keys()].filter((name) => name.startsWith('keyturn-production-'));
    expect(named.filter((name) => !own.includes(name))).toEqual([]);
  });

  it('has a policy that IAM takes: 10,240 characters for all inline policies of a role', () => {
    expect(JSON.stringify(deployed().document).length).toBeLessThan(10_240);
  });

  it('neither asks for brakes nor decides on them, and who does so reaches no role', () => {
    expect(actionsOf(everyRole.get('keyturn-production-apply-brakes'), 'states')).toEqual([]);
    expect(actionsOf(everyRole.get('keyturn-production-manage-brakes'), 'iam')).toEqual([]);
  });

  it('ends with its time-out before a lifted brake counts as lifted', () => {
    // `QUIET_SECONDS` of core/operations/enforce-brakes.ts, which the stacks do not import.
    expect(FUNCTION_SIZES['apply-brakes'].timeoutSeconds).toBe(60);
  });

  it('is called by its events at once, and each minute', () => {
    templates.events.hasResourceProperties('AWS::Events::Rule', {
      Name: 'keyturn-production-brakes',
      EventPattern: { source: ['keyturn'], 'detail-type': [...BRAKE_WORK] },
    });
    templates.schedules.hasResourceProperties('AWS::Scheduler::Schedule', {
      Name: 'keyturn-production-apply-brakes',
      ScheduleExpression: 'rate(1 minute)',
    });
  });
});
