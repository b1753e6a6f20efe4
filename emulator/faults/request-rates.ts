// SPDX-License-Identifier: Apache-2.0
// AWS's request quotas, calls a second of an account in a Region.
// @see https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html

/** Shared by every key of one custom key store; not adjustable. */
export const KEY_STORE_RATE = 1800;

/** Operations that share one quota. */
const SHARED: ReadonlyMap<string, string> = new Map([
  ...[
    'Decrypt',
    'Encrypt',
    'GenerateDataKey',
    'GenerateDataKeyWithoutPlaintext',
    'GenerateMac',
    'GenerateRandom',
    'ReEncrypt',
    'VerifyMac',
  ].map((name): [string, string] => [name, 'Cryptographic']),
  ...['DeriveSharedSecret', 'Sign', 'Verify'].map((name): [string, string] => [name, 'Asymmetric']),
]);

const RATES: Readonly<Record<string, number>> = {
  Asymmetric: 1000,
  CancelKeyDeletion: 5,
  ConnectCustomKeyStore: 5,
  CreateAlias: 5,
  CreateCustomKeyStore: 5,
  CreateGrant: 50,
  CreateKey: 5,
  DeleteAlias: 15,
  DeleteCustomKeyStore: 5,
  DeleteImportedKeyMaterial: 15,
  DescribeCustomKeyStores: 5,
  DescribeKey: 2000,
  DisableKey: 5,
  DisableKeyRotation: 5,
  DisconnectCustomKeyStore: 5,
  EnableKey: 5,
  EnableKeyRotation: 15,
  GenerateDataKeyPair: 100,
  GenerateDataKeyPairWithoutPlaintext: 100,
  GetKeyLastUsage: 5,
  GetKeyPolicy: 1000,
  GetKeyRotationStatus: 1000,
  GetParametersForImport: 0.25,
  GetPublicKey: 2000,
  ImportKeyMaterial: 15,
  ListAliases: 500,
  ListGrants: 100,
  ListKeyPolicies: 100,
  ListKeyRotations: 100,
  ListKeys: 500,
  ListResourceTags: 2000,
  ListRetirableGrants: 100,
  PutKeyPolicy: 15,
  ReplicateKey: 5,
  RetireGrant: 50,
  RevokeGrant: 50,
  RotateKeyOnDemand: 5,
  ScheduleKeyDeletion: 15,
  TagResource: 10,
  UntagResource: 5,
  UpdateAlias: 5,
  UpdateCustomKeyStore: 5,
  UpdateKeyDescription: 5,
  UpdatePrimaryRegion: 5,
};

const LARGEST = ['us-east-1', 'us-west-2', 'eu-west-1'];
const LARGE = [
  'us-east-2',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-northeast-1',
  'eu-central-1',
  'eu-west-2',
];

function cryptographicRate(region: string): number {
  if (LARGEST.includes(region)) return 100_000;
  return LARGE.includes(region) ? 20_000 : 10_000;
}

/** The name under which an operation's calls are counted. */
export function quotaOf(operation: string): string {
  return SHARED.get(operation) ?? operation;
}

/** AWS's rate of a quota in a Region, or undefined where none is known. */
export function awsRate(quota: string, region: string): number | undefined {
  return quota === 'Cryptographic' ? cryptographicRate(region) : RATES[quota];
}
