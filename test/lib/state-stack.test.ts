// SPDX-License-Identifier: Apache-2.0
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { ACCOUNT, synthesize } from './stub-app.ts';

const production = synthesize('production').templates;
const local = synthesize('local').templates;
const staging = synthesize('staging').templates;

describe('metadata table', () => {
  it('is encrypted with its own key, recoverable and protected', () => {
    production.state.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: {
          SSEEnabled: true,
          SSEType: 'KMS',
          KMSMasterKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^TableKey'), 'Arn'] },
        },
        StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
        TimeToLiveSpecification: { AttributeName: 'expiresAtEpochSeconds', Enabled: true },
      },
    });
  });

  it('carries in the index of due rows only what finds the row', () => {
    production.state.hasResourceProperties('AWS::DynamoDB::Table', {
      GlobalSecondaryIndexes: [
        {
          IndexName: 'due',
          Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['name', 'leaseOperationId'] },
        },
        { IndexName: 'list', Projection: { ProjectionType: 'ALL' } },
        { IndexName: 'owner', Projection: { ProjectionType: 'ALL' } },
      ],
    });
  });

  it('goes away with a local stack', () => {
    local.state.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Delete',
      Properties: { DeletionProtectionEnabled: false },
    });
  });
});

describe('evidence bucket', () => {
  it.each([
    ['production', production, 'COMPLIANCE', 2557],
    ['staging', staging, 'GOVERNANCE', 30],
    ['local', local, 'GOVERNANCE', 1],
  ] as const)('of %s is locked', (_stage, { state }, Mode, Days) => {
    state.hasResourceProperties('AWS::S3::Bucket', {
      ObjectLockEnabled: true,
      ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode, Days } } },
      VersioningConfiguration: { Status: 'Enabled' },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } },
        ],
      },
    });
  });

  it('is private and refuses plain HTTP, as is the bucket of its access log', () => {
    production.state.resourceCountIs('AWS::S3::Bucket', 2);
    production.state.allResourcesProperties('AWS::S3::Bucket', {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
    production.state.allResourcesProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Deny',
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          }),
        ]),
      },
    });
  });
});

describe('keys of Keyturn', () => {
  const keys = Object.values(production.state.findResources('AWS::KMS::Key'));

  it('are six, kept, and rotated where KMS can', () => {
    expect(keys).toHaveLength(6);
    expect(keys.map(({ DeletionPolicy }) => DeletionPolicy)).toEqual(keys.map(() => 'Retain'));
    const rotated = keys.filter(({ Properties }) => Properties.EnableKeyRotation === true);
    const signing = keys.filter(({ Properties }) => Properties.KeyUsage === 'SIGN_VERIFY');
    expect(rotated).toHaveLength(3);
    expect(signing.map(({ Properties }) => Properties.KeySpec)).toEqual([
      'ECC_NIST_P256',
      'ECC_NIST_P256',
      'ECC_NIST_P256',
    ]);
  });

  it('cannot be disabled, deleted, re-policied or adopted by any role of the deployment', () => {
    production.state.allResourcesProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Deny',
            Principal: { AWS: '*' },
            Action: [
              'kms:DisableKey',
              'kms:PutKeyPolicy',
              'kms:RevokeGrant',
              'kms:ScheduleKeyDeletion',
              'kms:TagResource',
            ],
            Condition: {
              ArnLike: {
                'aws:PrincipalArn': `arn:aws:iam::${ACCOUNT}:role/keyturn-production-*`,
              },
            },
          }),
        ]),
      },
    });
  });

  it('name every action in their policies', () => {
    const policies = JSON.stringify(keys.map(({ Properties }) => Properties.KeyPolicy));

    expect(policies).not.toMatch(/"kms:[A-Za-z]*\*"/);
  });

  it('do not carry the tag of managed keys, on which functions have rights', () => {
    expect(JSON.stringify(keys)).not.toContain('keyturn:stage');
  });
});

describe('key store password', () => {
  it('is generated as KMS takes it', () => {
    production.state.hasResourceProperties('AWS::SecretsManager::Secret', {
      GenerateSecretString: { PasswordLength: 32, ExcludePunctuation: true },
    });
  });
});

it('publishes the outputs that others read', () => {
  const outputs = Object.values(local).flatMap((template) =>
    Object.keys(template.findOutputs('*')),
  );

  expect(outputs.filter((name) => !name.startsWith('ExportsOutput')).sort()).toEqual([
    'ApiId',
    'ApiStageName',
    'AuditKeyArn',
    'EventBusName',
    'EvidenceBucketName',
    'KeyStoreSecretArn',
    'SchedulerGroupName',
    'SchedulerRoleArn',
    'StateMachineAdoptKeyArn',
    'StateMachineApproveArn',
    'StateMachineContainScopeArn',
    'StateMachineDestroyKeyArn',
    'StateMachineGenerateKeyArn',
    'StateMachineProvisionKeyStoreArn',
    'StateMachineRecoverKeyStoreArn',
    'StateMachineReencryptArn',
    'StateMachineResumeKeyArn',
    'StateMachineReviewPoliciesArn',
    'StateMachineRevokeKeyArn',
    'StateMachineRotateDataKeyArn',
    'StateMachineRotateKeyArn',
    'StateMachineRotationSweepArn',
    'StateMachineUndoOperationArn',
    'StateMachineUpdateAccessArn',
    'SweepScheduleName',
    'TableName',
    'WorkloadApiId',
    'WorkloadRoleOrdersApiArn',
  ]);
});
