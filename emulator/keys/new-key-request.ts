// SPDX-License-Identifier: Apache-2.0
// Members of CreateKey and which combinations of them make a key.
import { AwsError } from '../protocol/errors.ts';
import { flag, oneOf, text } from '../protocol/members.ts';
import { type InputOf, optional } from '../protocol/shape.ts';
import type { KeyRecord } from '../store/key-row.ts';
import { allowsUsage, isSupportedSpec } from './key-specs.ts';
import { isSeedSpec } from './ml-dsa.ts';
import { tagList } from './tags.ts';

const keySpec = oneOf([
  'RSA_2048',
  'RSA_3072',
  'RSA_4096',
  'ECC_NIST_P256',
  'ECC_NIST_P384',
  'ECC_NIST_P521',
  'ECC_SECG_P256K1',
  'SYMMETRIC_DEFAULT',
  'HMAC_224',
  'HMAC_256',
  'HMAC_384',
  'HMAC_512',
  'SM2',
  'ML_DSA_44',
  'ML_DSA_65',
  'ML_DSA_87',
  'ML_KEM_512',
  'ML_KEM_768',
  'ML_KEM_1024',
  'ECC_NIST_EDWARDS25519',
]);

/** Members of CreateKey. */
export const newKeyMembers = {
  Policy: optional(text(1, 131_072, { secret: true })),
  Description: optional(text(0, 8192)),
  KeyUsage: optional(
    oneOf([
      'SIGN_VERIFY',
      'ENCRYPT_DECRYPT',
      'GENERATE_VERIFY_MAC',
      'KEY_AGREEMENT',
      'ENCAPSULATE_DECAPSULATE',
    ]),
  ),
  CustomerMasterKeySpec: optional(keySpec),
  KeySpec: optional(keySpec),
  Origin: optional(oneOf(['AWS_KMS', 'EXTERNAL', 'AWS_CLOUDHSM', 'EXTERNAL_KEY_STORE'])),
  CustomKeyStoreId: optional(text(1, 64)),
  BypassPolicyLockoutSafetyCheck: optional(flag),
  Tags: optional(tagList),
  MultiRegion: optional(flag),
  XksKeyId: optional(text(1, 128)),
};

/** What fixes a key for life. */
export type NewKeyKind = Pick<KeyRecord, 'origin' | 'keySpec' | 'keyUsage'>;

type Input = InputOf<typeof newKeyMembers>;

function unsupported(message: string): AwsError {
  return new AwsError('UnsupportedOperationException', message);
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

function originOf(input: Input): KeyRecord['origin'] {
  const origin = input.Origin ?? 'AWS_KMS';
  if (origin === 'EXTERNAL_KEY_STORE') {
    throw unsupported(`Keys with origin ${origin} are not supported.`);
  }
  if (input.XksKeyId !== undefined)
    throw invalid('XksKeyId is valid for external key stores only.');
  if ((origin === 'AWS_CLOUDHSM') !== (input.CustomKeyStoreId !== undefined)) {
    throw invalid('Origin AWS_CLOUDHSM and CustomKeyStoreId must be given together.');
  }
  return origin;
}

function specOf(input: Input): NewKeyKind['keySpec'] {
  const { KeySpec, CustomerMasterKeySpec } = input;
  if (KeySpec !== undefined && CustomerMasterKeySpec !== undefined) {
    throw invalid(
      'You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.',
    );
  }
  const spec = KeySpec ?? CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT';
  if (isSupportedSpec(spec)) return spec;
  throw unsupported(`KeySpec ${spec} is not supported in this region.`);
}

/** Decides origin, spec and usage. @throws AwsError ValidationException, UnsupportedOperationException */
export function newKeyKind(input: Input): NewKeyKind {
  const origin = originOf(input);
  const spec = specOf(input);
  if (input.KeyUsage === undefined && spec !== 'SYMMETRIC_DEFAULT') {
    throw invalid(
      'You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.',
    );
  }
  const usage = input.KeyUsage ?? 'ENCRYPT_DECRYPT';
  if (!allowsUsage(spec, usage)) {
    throw invalid(`KeyUsage ${usage} is not compatible with KeySpec ${spec}`);
  }
  if (origin === 'EXTERNAL' && (spec === 'ECC_NIST_EDWARDS25519' || isSeedSpec(spec))) {
    throw unsupported(`Keys of key spec ${spec} cannot have imported material.`);
  }
  if (origin === 'AWS_CLOUDHSM' && spec !== 'SYMMETRIC_DEFAULT') {
    throw unsupported('Custom key stores support symmetric encryption KMS keys only.');
  }
  if (origin === 'AWS_CLOUDHSM' && input.MultiRegion === true) {
    throw unsupported('Custom key stores do not support multi-Region keys.');
  }
  return { origin, keySpec: spec, keyUsage: usage };
}
