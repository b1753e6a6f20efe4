// SPDX-License-Identifier: Apache-2.0
// Condition keys of KMS, each asked by a call that has the value and by one that has not. A role may do what the
// statement under test allows, so that a key the emulator does not fill would refuse the first call.
import * as sdk from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCOUNT, allow, clientOf, newKey, roleArn, startBehindGateway } from './callers.ts';
import { refusal, type TestEmulator } from './support.ts';

let emulator: TestEmulator;
let root: sdk.KMSClient;
beforeAll(async () => {
  emulator = await startBehindGateway();
  root = emulator.kms();
});
afterAll(() => emulator.stop());

type Command = Parameters<sdk.KMSClient['send']>[0];
type Calls = readonly [
  action: string,
  condition: object,
  yes: (KeyId: string) => unknown,
  no: (KeyId: string) => unknown,
  input?: sdk.CreateKeyCommandInput,
];

const is = (name: string, value: string | string[]) => ({ StringEquals: { [name]: value } });
const Message = Buffer.alloc(32, 1);
const Plaintext = Buffer.from('x');
const SIGNING = { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' } as const;
const RSA = { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' } as const;
const grant = (more: Partial<sdk.CreateGrantCommandInput>) => (KeyId: string) =>
  new sdk.CreateGrantCommand({
    KeyId,
    GranteePrincipal: roleArn('grantee'),
    Operations: ['Encrypt'],
    ...more,
  });
const encrypt = (EncryptionContext?: Record<string, string>) => (KeyId: string) =>
  new sdk.EncryptCommand({ KeyId, Plaintext, EncryptionContext });
const sign =
  (SigningAlgorithm: 'ECDSA_SHA_256', MessageType: 'RAW' | 'DIGEST') => (KeyId: string) =>
    new sdk.SignCommand({ KeyId, Message, MessageType, SigningAlgorithm });

const CALLS: Readonly<Record<string, Calls>> = {
  'kms:EncryptionContext:NAME': [
    'kms:Encrypt',
    is('kms:EncryptionContext:app', 'a'),
    encrypt({ app: 'a', more: 'b' }),
    encrypt({ app: 'b' }),
  ],
  'kms:EncryptionContextKeys': [
    'kms:Encrypt',
    {
      'ForAllValues:StringEquals': { 'kms:EncryptionContextKeys': ['app'] },
      Null: { 'kms:EncryptionContextKeys': 'false' },
    },
    encrypt({ app: 'a' }),
    encrypt(),
  ],
  'kms:EncryptionAlgorithm': [
    'kms:Encrypt',
    is('kms:EncryptionAlgorithm', 'RSAES_OAEP_SHA_256'),
    (KeyId) =>
      new sdk.EncryptCommand({ KeyId, Plaintext, EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' }),
    (KeyId) =>
      new sdk.EncryptCommand({ KeyId, Plaintext, EncryptionAlgorithm: 'RSAES_OAEP_SHA_1' }),
    RSA,
  ],
  'kms:MessageType': [
    'kms:Sign',
    is('kms:MessageType', 'DIGEST'),
    sign('ECDSA_SHA_256', 'DIGEST'),
    sign('ECDSA_SHA_256', 'RAW'),
    SIGNING,
  ],
  'kms:SigningAlgorithm': [
    'kms:Sign',
    is('kms:SigningAlgorithm', 'RSASSA_PSS_SHA_256'),
    (KeyId) => new sdk.SignCommand({ KeyId, Message, SigningAlgorithm: 'RSASSA_PSS_SHA_256' }),
    (KeyId) => new sdk.SignCommand({ KeyId, Message, SigningAlgorithm: 'RSASSA_PSS_SHA_384' }),
    { KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' },
  ],
  'kms:MacAlgorithm': [
    'kms:*Mac',
    is('kms:MacAlgorithm', 'HMAC_SHA_256'),
    (KeyId) => new sdk.GenerateMacCommand({ KeyId, Message, MacAlgorithm: 'HMAC_SHA_256' }),
    (KeyId) => new sdk.GenerateMacCommand({ KeyId, Message, MacAlgorithm: 'HMAC_SHA_384' }),
    { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' },
  ],
  'kms:DataKeyPairSpec': [
    'kms:GenerateDataKeyPair*',
    is('kms:DataKeyPairSpec', 'ECC_NIST_P256'),
    (KeyId) => new sdk.GenerateDataKeyPairCommand({ KeyId, KeyPairSpec: 'ECC_NIST_P256' }),
    (KeyId) => new sdk.GenerateDataKeyPairCommand({ KeyId, KeyPairSpec: 'ECC_NIST_P384' }),
  ],
  'kms:KeySpec': [
    'kms:GetPublicKey',
    is('kms:KeySpec', 'ECC_NIST_P256'),
    publicKey,
    otherAction,
    SIGNING,
  ],
  'kms:CustomerMasterKeySpec': [
    'kms:GetPublicKey',
    is('kms:CustomerMasterKeySpec', 'ECC_NIST_P256'),
    publicKey,
    otherAction,
    SIGNING,
  ],
  'kms:KeyUsage': [
    'kms:GetPublicKey',
    is('kms:KeyUsage', 'SIGN_VERIFY'),
    publicKey,
    otherAction,
    SIGNING,
  ],
  'kms:CustomerMasterKeyUsage': [
    'kms:GetPublicKey',
    is('kms:CustomerMasterKeyUsage', 'SIGN_VERIFY'),
    publicKey,
    otherAction,
    SIGNING,
  ],
  'kms:KeyOrigin': [
    'kms:GetPublicKey',
    is('kms:KeyOrigin', 'AWS_KMS'),
    publicKey,
    otherAction,
    SIGNING,
  ],
  'kms:MultiRegion': [
    'kms:Encrypt',
    { Bool: { 'kms:MultiRegion': 'false' } },
    encrypt(),
    otherAction,
  ],
  'kms:CallerAccount': ['kms:Encrypt', is('kms:CallerAccount', ACCOUNT), encrypt(), otherAction],
  'kms:RotationPeriodInDays': [
    'kms:EnableKeyRotation',
    { NumericLessThanEquals: { 'kms:RotationPeriodInDays': '180' } },
    (KeyId) => new sdk.EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 180 }),
    (KeyId) => new sdk.EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 200 }),
  ],
  'kms:ScheduleKeyDeletionPendingWindowInDays': [
    'kms:ScheduleKeyDeletion',
    { NumericGreaterThanEquals: { 'kms:ScheduleKeyDeletionPendingWindowInDays': '14' } },
    (KeyId) => new sdk.ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 14 }),
    (KeyId) => new sdk.ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }),
  ],
  'kms:BypassPolicyLockoutSafetyCheck': [
    'kms:PutKeyPolicy',
    { Bool: { 'kms:BypassPolicyLockoutSafetyCheck': 'true' } },
    (KeyId) =>
      new sdk.PutKeyPolicyCommand({ KeyId, Policy: OPEN, BypassPolicyLockoutSafetyCheck: true }),
    (KeyId) => new sdk.PutKeyPolicyCommand({ KeyId, Policy: OPEN }),
  ],
  'kms:WrappingAlgorithm': [
    'kms:GetParametersForImport',
    is('kms:WrappingAlgorithm', 'RSAES_OAEP_SHA_256'),
    parameters('RSAES_OAEP_SHA_256'),
    parameters('RSAES_OAEP_SHA_1'),
    { Origin: 'EXTERNAL' },
  ],
  'kms:WrappingKeySpec': [
    'kms:GetParametersForImport',
    is('kms:WrappingKeySpec', 'RSA_2048'),
    parameters('RSAES_OAEP_SHA_256'),
    otherAction,
    { Origin: 'EXTERNAL' },
  ],
  'kms:GrantOperations': [
    'kms:CreateGrant',
    { 'ForAllValues:StringEquals': { 'kms:GrantOperations': ['Encrypt'] } },
    grant({}),
    grant({ Operations: ['Encrypt', 'Decrypt'] }),
  ],
  'kms:GrantConstraintType': [
    'kms:CreateGrant',
    is('kms:GrantConstraintType', 'EncryptionContextEquals'),
    grant({ Constraints: { EncryptionContextEquals: { a: 'b' } } }),
    grant({}),
  ],
  'kms:GranteePrincipal': [
    'kms:CreateGrant',
    is('kms:GranteePrincipal', roleArn('grantee')),
    grant({}),
    grant({ GranteePrincipal: roleArn('other') }),
  ],
  'kms:RetiringPrincipal': [
    'kms:CreateGrant',
    is('kms:RetiringPrincipal', roleArn('retirer')),
    grant({ RetiringPrincipal: roleArn('retirer') }),
    grant({}),
  ],
  'aws:TagKeys': [
    'kms:TagResource',
    { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['team'] } },
    tag('team', 'blue'),
    tag('other', 'blue'),
  ],
  'aws:RequestTag': [
    'kms:TagResource',
    is('aws:RequestTag/team', 'blue'),
    tag('team', 'blue'),
    tag('team', 'red'),
  ],
  'aws:ResourceTag': [
    'kms:Encrypt',
    is('aws:ResourceTag/team', 'blue'),
    encrypt(),
    otherAction,
    { Tags: [{ TagKey: 'team', TagValue: 'blue' }] },
  ],
  'aws:SourceIp': [
    'kms:Encrypt',
    { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
    encrypt(),
    otherAction,
  ],
  'aws:SecureTransport': [
    'kms:Encrypt',
    { Bool: { 'aws:SecureTransport': 'true' } },
    encrypt(),
    otherAction,
  ],
  'aws:PrincipalTag': ['kms:Encrypt', is('aws:PrincipalTag/team', 'blue'), encrypt(), otherAction],
  'aws:PrincipalAccount': [
    'kms:Encrypt',
    is('aws:PrincipalAccount', ACCOUNT),
    encrypt(),
    otherAction,
  ],
  'aws:PrincipalOrgID': ['kms:Encrypt', is('aws:PrincipalOrgID', 'o-1'), encrypt(), otherAction],
  'aws:PrincipalType': [
    'kms:Encrypt',
    is('aws:PrincipalType', 'AssumedRole'),
    encrypt(),
    otherAction,
  ],
  'aws:PrincipalArn': [
    'kms:Encrypt',
    { ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::${ACCOUNT}:role/team/*` } },
    encrypt(),
    otherAction,
  ],
  'aws:CurrentTime': [
    'kms:Encrypt',
    { DateGreaterThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } },
    encrypt(),
    otherAction,
  ],
  'a policy variable': [
    'kms:Encrypt',
    is('aws:ResourceTag/team', `\${aws:PrincipalTag/team}`),
    encrypt(),
    otherAction,
    { Tags: [{ TagKey: 'team', TagValue: 'blue' }] },
  ],
};
const OPEN = JSON.stringify({
  Statement: [
    {
      Effect: 'Allow',
      Principal: '*',
      Action: ['kms:PutKeyPolicy', 'kms:DescribeKey'],
      Resource: '*',
    },
  ],
});

function publicKey(KeyId: string) {
  return new sdk.GetPublicKeyCommand({ KeyId });
}

/** For keys with one value only: the condition is not met when it asks for another. */
function otherAction(): undefined {
  return undefined;
}

function parameters(WrappingAlgorithm: 'RSAES_OAEP_SHA_256' | 'RSAES_OAEP_SHA_1') {
  return (KeyId: string) =>
    new sdk.GetParametersForImportCommand({
      KeyId,
      WrappingAlgorithm,
      WrappingKeySpec: 'RSA_2048',
    });
}

function tag(TagKey: string, TagValue: string) {
  return (KeyId: string) => new sdk.TagResourceCommand({ KeyId, Tags: [{ TagKey, TagValue }] });
}

/** Every value of a condition made another. */
function turned(condition: object): object {
  const other = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(other);
    if (value === 'true') return 'false';
    if (value === 'false') return 'true';
    if (String(value).startsWith('10.')) return '192.168.0.0/16';
    return String(value).startsWith('2020') ? '2999-01-01T00:00:00Z' : `${value}-other`;
  };
  const pairs = Object.entries(condition).map(([operator, tests]) => [
    operator,
    Object.fromEntries(Object.entries(tests as object).map(([key, value]) => [key, other(value)])),
  ]);
  return Object.fromEntries(pairs);
}

function role(action: string, Condition: object) {
  const Version = '2012-10-17';
  return clientOf(emulator, 'app', {
    identityPolicies: [{ Version, ...allow(action, { Condition }) }],
    roleArn: `arn:aws:iam::${ACCOUNT}:role/team/app`,
    principalTags: { team: 'blue' },
    principalOrgId: 'o-1',
    sourceIp: '10.1.2.3',
  });
}

describe('a condition on', () => {
  it.each(Object.entries(CALLS))(
    '%s lets through what meets it, and nothing else',
    async (_, [action, condition, yes, no, input]) => {
      const { keyId } = await newKey(root, [], input);
      const refusing = no(keyId);

      const refused =
        refusing === undefined
          ? role(action, turned(condition)).send(yes(keyId) as Command)
          : role(action, condition).send(refusing as Command);
      expect(await refusal(refused)).toMatchObject({ name: 'AccessDeniedException' });
      await role(action, condition).send(yes(keyId) as Command);
    },
  );
});
