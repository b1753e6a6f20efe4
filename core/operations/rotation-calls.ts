// SPDX-License-Identifier: Apache-2.0
// The calls that one rotation makes to KMS, without retries, and what they take of the budget. A test counts the
// calls of a real run beside this table, so that the two cannot drift apart.
import { KMS_QUOTAS, type KmsBudget, type KmsCall } from '../contract/kms-quotas.ts';
import type { Tier } from '../contract/vocabulary.ts';

/** What of a rotation decides its calls. */
export interface RotationShape {
  readonly tier: Tier;
  /** An AWS service holds on to the old version: it is not restricted. */
  readonly isOldVersionBound: boolean;
  /** How many aliases from before an adoption move along. */
  readonly legacyAliases?: number;
  /** By the key's origin; absent: a new KMS key in the key store of the stage. */
  readonly nextVersion?: 'new-key' | 'in-place';
  readonly importsMaterial?: boolean;
  readonly isInKeyStore?: boolean;
}

export interface PlannedCall {
  readonly call: string;
  readonly count: number;
  /** Of Keyturn's share of the quota; 0 for reads that no budget meters. */
  readonly seconds: number;
}

/** Quota that a call draws from; reads far below their quotas draw from none. */
const QUOTA_OF: Readonly<Record<string, KmsCall>> = {
  CreateKey: 'CreateKey',
  TagResource: 'TagResource',
  CreateAlias: 'CreateAlias',
  UpdateAlias: 'UpdateAlias',
  PutKeyPolicy: 'PutKeyPolicy',
  RotateKeyOnDemand: 'RotateKeyOnDemand',
  Encrypt: 'CryptographicInKeyStore',
  Decrypt: 'CryptographicInKeyStore',
  GenerateDataKeyWithoutPlaintext: 'CryptographicInKeyStore',
};

/** A canary round trip: encrypt, decrypt, and a decrypt under another context that has to fail. */
const ROUND_TRIP = { Encrypt: 1, Decrypt: 2 } as const;
/** Round trips on the new version: before it is opened, behind that, and as the control of the last probe. */
const ROUND_TRIPS = { open: 2, control: 1 } as const;

/** The canary twice around the policy, as always; at the end what the old material wrote, and what writes now. */
const IN_PLACE = {
  RotateKeyOnDemand: 1,
  CreateAlias: 1,
  PutKeyPolicy: 1,
  GetKeyPolicy: 2,
  // Beside the looks at aliases, the material before KMS is asked and behind it.
  DescribeKey: 5,
  Encrypt: ROUND_TRIPS.open * ROUND_TRIP.Encrypt + 1,
  Decrypt: ROUND_TRIPS.open * ROUND_TRIP.Decrypt + 2,
} as const;

function countsOf(shape: RotationShape): Readonly<Record<string, number>> {
  const { tier, isOldVersionBound, importsMaterial, legacyAliases = 0 } = shape;
  if (tier === 'data') return { GenerateDataKeyWithoutPlaintext: 1 };
  if (shape.nextVersion === 'in-place') return IN_PLACE;
  const trips = ROUND_TRIPS.open + (isOldVersionBound ? 0 : ROUND_TRIPS.control);
  return {
    CreateKey: 1,
    TagResource: 1,
    CreateAlias: 1,
    UpdateAlias: 1 + legacyAliases,
    // Opens the new version and restricts the old one.
    PutKeyPolicy: isOldVersionBound ? 1 : 2,
    GetKeyPolicy: 2,
    // Looks before each alias is placed, and once behind the switch; for a legacy one also before its intent is recorded.
    DescribeKey: (importsMaterial ? 4 : 3) + 4 * legacyAliases,
    ...(importsMaterial ? { GetParametersForImport: 1, ImportKeyMaterial: 1 } : {}),
    // The refusal of the old version is asked for, too.
    Encrypt: trips * ROUND_TRIP.Encrypt + (isOldVersionBound ? 0 : 1),
    // And what the old version once wrote is read.
    Decrypt: trips * ROUND_TRIP.Decrypt + 1,
  };
}

function secondsOf(
  call: string,
  count: number,
  { share, quotas }: KmsBudget,
  isInKeyStore: boolean,
): number {
  const named = QUOTA_OF[call];
  if (named === undefined) return 0;
  const quota = named === 'CryptographicInKeyStore' && !isInKeyStore ? 'Cryptographic' : named;
  const perSecond = (quotas[quota] ?? KMS_QUOTAS[quota]) * share;
  return Math.round((count / perSecond) * 1000) / 1000;
}

/** The calls of one rotation by operation of KMS. */
export function rotationCalls(shape: RotationShape, budget: KmsBudget): readonly PlannedCall[] {
  return Object.entries(countsOf(shape)).map(([call, count]) => ({
    call,
    count,
    seconds: secondsOf(call, count, budget, shape.isInKeyStore ?? true),
  }));
}
