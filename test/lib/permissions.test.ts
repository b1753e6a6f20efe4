// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { FUNCTION_NAMES, type FunctionName } from '../../core/contract/environment.ts';
import { KMS_ACTIONS } from './kms-actions.ts';
import { actionsOf, direct, rolesOf } from './statements.ts';
import { ACCOUNT, REGION, synthesize } from './stub-app.ts';

const { templates } = synthesize('production');
const functionRoles = rolesOf(templates.functions);
const everyRole = new Map(Object.values(templates).flatMap((one) => [...rolesOf(one)]));
const roleOf = (name: FunctionName) => functionRoles.get(`keyturn-production-${name}`);
const KEYS = `arn:aws:kms:${REGION}:${ACCOUNT}:key/*`;
const OWN_KEYS = { StringEquals: { 'aws:ResourceTag/keyturn:stage': 'production' } };

const READ = ['dynamodb:GetItem', 'dynamodb:Query'];
const WRITE = [
  'dynamodb:ConditionCheckItem',
  'dynamodb:GetItem',
  'dynamodb:PutItem',
  'dynamodb:Query',
  'dynamodb:UpdateItem',
];
const TABLE_ACTIONS: Partial<Record<FunctionName, readonly string[]>> = {
  'authorize-person': [],
  'serve-contract': READ,
  'read-keys': READ,
  'serve-status': READ,
  'read-calendar': READ,
  'read-approvals': READ,
  'read-usage': READ,
  'plan-changes': READ,
  'use-key': ['dynamodb:GetItem'],
  'publish-events': [
    'dynamodb:DescribeStream',
    'dynamodb:GetRecords',
    'dynamodb:GetShardIterator',
    'dynamodb:ListStreams',
  ],
};

describe('roles of functions', () => {
  it('has one role per function, named as key policies name it', () => {
    expect([...functionRoles.keys()].sort()).toEqual(
      FUNCTION_NAMES.map((name) => `keyturn-production-${name}`).sort(),
    );
  });

  it.each(FUNCTION_NAMES)('%s calls exactly its KMS actions', (name) => {
    expect(actionsOf(direct(roleOf(name)), 'kms')).toEqual(KMS_ACTIONS[name]);
  });

  it.each(FUNCTION_NAMES)('%s reaches the table with exactly its actions', (name) => {
    expect(actionsOf(roleOf(name), 'dynamodb')).toEqual(TABLE_ACTIONS[name] ?? WRITE);
  });

  it.each([
    // `reencrypt` finds the data keys of a parent there, `verify-version` the keys of a recovered key store; those that
    // contain find the keys of a scope, and so does the list of what is stopped.
    [
      [
        'read-keys',
        'read-approvals',
        'manage-brakes',
        'apply-brakes',
        'execute-approved',
        'contain-keys',
        'serve-status',
        'manage-destruction',
        'lift-scopes',
        'enforce-containment',
        'manage-drills',
        'verify-version',
        'reencrypt',
        'review-policies',
      ],
      'list',
    ],
    [
      [
        'read-calendar',
        'manage-pauses',
        'tend-approval',
        'tend-destruction',
        'track-reencryption',
        'find-due-rotations',
      ],
      'due',
    ],
    [
      [
        'manage-brakes',
        'apply-brakes',
        'execute-approved',
        'contain-keys',
        'serve-status',
        'lift-scopes',
        'enforce-containment',
        'receive-signals',
      ],
      'owner',
    ],
  ] as const)('%s query index %s', (names, index) => {
    const users = FUNCTION_NAMES.filter((one) =>
      JSON.stringify(roleOf(one)).includes(`/index/${index}`),
    );

    expect(users).toEqual(names);
  });

  it('starts workflows only where that is the duty', () => {
    const holders = (action: string) =>
      FUNCTION_NAMES.filter((name) => actionsOf(roleOf(name), 'states').includes(action));

    expect(holders('states:StartExecution')).toEqual([
      'release-keys',
      'manage-brakes',
      'manage-elevations',
      'manage-signers',
      'manage-policy',
      'tend-approval',
      'execute-approved',
      'contain-keys',
      'manage-destruction',
      'tend-destruction',
      'lift-scopes',
      'enforce-containment',
      'manage-adoptions',
      'change-keys',
      'acknowledge-rotation',
      'deliver-webhooks',
      'manage-reencryption',
      'manage-escrow',
      'watch-rotation',
      'manage-consumers',
      'manage-key-stores',
      'record-key-use',
      'receive-acknowledgements',
      'receive-signals',
      'manage-recoveries',
    ]);
    expect(holders('states:SendTaskSuccess')).toEqual([
      'cast-vote',
      'answer-mail',
      'answer-slack',
      'open-ballot',
      'manage-key-stores',
      'request-hsm-admin',
    ]);
  });

  it('answers tasks of provisioning and recovery alone', () => {
    const answers = (roleOf('request-hsm-admin') ?? []).filter(({ action }) =>
      action.startsWith('states:'),
    );

    expect(answers).toEqual([
      {
        action: 'states:SendTaskSuccess',
        resources: ['provision-key-store', 'recover-key-store'].map(
          (name) => `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:keyturn-production-${name}`,
        ),
        conditions: {},
      },
    ]);
  });

  it('lets nobody both decide on an act and carry it out', () => {
    const actions = (name: FunctionName) =>
      [...actionsOf(roleOf(name), 'states'), ...actionsOf(direct(roleOf(name)), 'kms')].sort();

    expect(actions('cast-vote')).toEqual(['kms:Decrypt', 'states:SendTaskSuccess']);
    expect(actions('execute-approved')).toEqual(['states:StartExecution']);
  });

  it('lets who asks for a recovery touch neither HSMs nor keys, and who carries it out open no key', () => {
    const recover = roleOf('recover-key-store');
    expect(actionsOf(roleOf('manage-recoveries'), 'cloudhsm')).toEqual([]);
    expect(actionsOf(roleOf('manage-recoveries'), 'secretsmanager')).toEqual([]);
    expect(actionsOf(recover, 'cloudhsm')).toEqual([
      'cloudhsm:CreateCluster',
      'cloudhsm:CreateHsm',
      'cloudhsm:DescribeBackups',
      'cloudhsm:DescribeClusters',
      'cloudhsm:TagResource',
    ]);
    expect(actionsOf(recover, 'states')).toEqual([]);
    const passwordReaders = FUNCTION_NAMES.filter((name) =>
      actionsOf(roleOf(name), 'secretsmanager').includes('secretsmanager:GetSecretValue'),
    );
    expect(passwordReaders).toEqual(['create-key-store', 'recover-key-store']);
  });

  it('uses the table key only through DynamoDB', () => {
    const viaService = (roleOf('record-key-store') ?? []).filter(({ action }) =>
      action.startsWith('kms:'),
    );

    expect(viaService.map(({ conditions }) => conditions)).toEqual(
      viaService.map(() => ({
        StringEquals: { 'kms:ViaService': `dynamodb.${REGION}.amazonaws.com` },
      })),
    );
  });
});

describe('conditions on managed keys', () => {
  const on = (name: FunctionName, action: string) =>
    direct(roleOf(name)).filter((one) => one.action === action);

  it.each([
    ['use-key', 'kms:Encrypt'],
    ['use-key', 'kms:Decrypt'],
    ['verify-version', 'kms:GetKeyPolicy'],
    ['apply-policy', 'kms:PutKeyPolicy'],
    ['recover-escrow', 'kms:ImportKeyMaterial'],
    ['compensate-operation', 'kms:DescribeKey'],
  ] as const)('%s may %s only on keys of the stage', (name, action) => {
    expect(on(name, action)).toEqual([{ action, resources: [KEYS], conditions: OWN_KEYS }]);
  });

  it('opens a version for verification only with the canary context', () => {
    expect(on('verify-version', 'kms:Decrypt')).toEqual([
      {
        action: 'kms:Decrypt',
        resources: [KEYS],
        conditions: { ...OWN_KEYS, Null: { 'kms:EncryptionContext:keyturn:canary': 'false' } },
      },
    ]);
  });

  it('lets the sweep delete only keys that say they are not recorded', () => {
    expect(on('sweep-orphans', 'kms:ScheduleKeyDeletion')).toEqual([
      {
        action: 'kms:ScheduleKeyDeletion',
        resources: [KEYS],
        conditions: {
          StringEquals: { ...OWN_KEYS.StringEquals, 'aws:ResourceTag/keyturn:recorded': 'false' },
          Null: { 'aws:ResourceTag/keyturn:adopted': 'true' },
        },
      },
    ]);
  });

  it('creates keys only of known origins and with the stage tag', () => {
    expect(on('create-version', 'kms:CreateKey')).toEqual([
      {
        action: 'kms:CreateKey',
        resources: ['*'],
        conditions: {
          StringEquals: {
            'kms:KeyOrigin': ['AWS_CLOUDHSM', 'AWS_KMS', 'EXTERNAL'],
            'aws:RequestTag/keyturn:stage': 'production',
          },
        },
      },
    ]);
  });

  it('moves aliases only below the stage', () => {
    const resources = on('place-alias', 'kms:UpdateAlias').flatMap((one) => one.resources);

    expect(resources.sort()).toEqual(
      [`arn:aws:kms:${REGION}:${ACCOUNT}:alias/keyturn/production/*`, KEYS].sort(),
    );
  });

  it('seals and opens task tokens only with their context', () => {
    const tokens = [
      ...on('request-hsm-admin', 'kms:Encrypt'),
      ...on('manage-key-stores', 'kms:Decrypt'),
    ];

    expect(tokens.map(({ conditions }) => conditions)).toEqual([
      { Null: { 'kms:EncryptionContext:keyturn:task': 'false' } },
      { Null: { 'kms:EncryptionContext:keyturn:task': 'false' } },
    ]);
  });
});

describe('one-time keys of escrow', () => {
  it('are sealed by one role and opened by another, each for a session alone', () => {
    const use = (name: FunctionName, action: string) =>
      direct(roleOf(name)).filter((one) => one.action === action);
    const forSession = [{ Null: { 'kms:EncryptionContext:keyturn:escrow-session': 'false' } }];

    const sealing = use('manage-escrow', 'kms:Encrypt');
    const opening = use('recover-escrow', 'kms:Decrypt');
    expect(sealing.map(({ conditions }) => conditions)).toEqual(forSession);
    expect(opening.map(({ conditions }) => conditions)).toEqual(forSession);
    expect(use('manage-escrow', 'kms:Decrypt')).toEqual([]);
    expect(use('recover-escrow', 'kms:Encrypt')).toEqual([]);
  });
});

describe('every role of a deployment', () => {
  const all = [...everyRole.values()].flat();

  it('never holds a wildcard action', () => {
    expect(all.filter(({ action }) => action.includes('*'))).toEqual([]);
  });

  it('holds * as a resource only for actions without a resource level', () => {
    const open = all.filter(({ resources }) => resources.includes('*')).map(({ action }) => action);

    expect([...new Set(open)].sort()).toEqual([
      'cloudhsm:CreateCluster',
      'cloudhsm:DescribeBackups',
      'cloudhsm:DescribeClusters',
      'ec2:DescribeNetworkInterfaceAttribute',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeSubnets',
      'ec2:DescribeVpcs',
      'kms:ConnectCustomKeyStore',
      'kms:CreateCustomKeyStore',
      'kms:CreateKey',
      'kms:DescribeCustomKeyStores',
      'kms:DisconnectCustomKeyStore',
      'kms:ListAliases',
      'kms:ListKeys',
      'kms:UpdateCustomKeyStore',
      'logs:CreateLogDelivery',
      'logs:DeleteLogDelivery',
      'logs:DescribeLogGroups',
      'logs:DescribeResourcePolicies',
      'logs:GetLogDelivery',
      'logs:ListLogDeliveries',
      'logs:PutResourcePolicy',
      'logs:UpdateLogDelivery',
      'xray:GetSamplingRules',
      'xray:GetSamplingTargets',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
  });

  it('gives the scheduler the sweep, the review, the look after approvals, destructions, containments and their lifting, mass brakes, drills and HSMs, and nothing else', () => {
    expect(everyRole.get('keyturn-production-scheduler')).toEqual([
      {
        action: 'states:StartExecution',
        resources: [
          `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:keyturn-production-review-policies`,
          `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:keyturn-production-rotation-sweep`,
        ],
        conditions: {},
      },
      {
        action: 'lambda:InvokeFunction',
        resources: [
          `arn:aws:lambda:${REGION}:${ACCOUNT}:function:keyturn-production-apply-brakes`,
          `arn:aws:lambda:${REGION}:${ACCOUNT}:function:keyturn-production-enforce-containment`,
          `arn:aws:lambda:${REGION}:${ACCOUNT}:function:keyturn-production-lift-scopes`,
          `arn:aws:lambda:${REGION}:${ACCOUNT}:function:keyturn-production-tend-approval`,
          `arn:aws:lambda:${REGION}:${ACCOUNT}:function:keyturn-production-tend-destruction`,
          `arn:aws:lambda:${REGION}:${ACCOUNT}:function:keyturn-production-watch-drills`,
          `arn:aws:lambda:${REGION}:${ACCOUNT}:function:keyturn-production-watch-hsms`,
        ],
        conditions: {},
      },
    ]);
  });

  it('lets only what stops keys disable them, none of that start them, and nobody make grants', () => {
    const holders = (action: string) =>
      [...everyRole]
        .filter(([, one]) => actionsOf(one, 'kms').includes(action))
        .map(([name]) => name.replace('keyturn-production-', ''));
    const stops = ['contain-keys', 'enforce-containment'];

    expect(holders('kms:DisableKey').sort()).toEqual([...stops, 'remove-version']);
    expect(holders('kms:EnableKey').sort()).toEqual(['apply-policy', 'restore-version']);
    expect(holders('kms:CancelKeyDeletion')).toEqual(['restore-version']);
    expect(holders('kms:CreateGrant')).toEqual([]);
    expect(holders('kms:PutKeyPolicy').sort()).toEqual(['apply-policy', ...stops]);
  });

  it('bases no permission on a service role policy of AWS but the one API Gateway asks for', () => {
    const managed = Object.values(templates).flatMap((one) =>
      Object.values(one.findResources('AWS::IAM::Role')).flatMap(
        ({ Properties }) => Properties.ManagedPolicyArns ?? [],
      ),
    );

    expect(JSON.stringify(managed)).toContain('AmazonAPIGatewayPushToCloudWatchLogs');
    expect(managed).toHaveLength(1);
  });
});
