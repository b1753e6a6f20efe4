// SPDX-License-Identifier: Apache-2.0
// What GenerateDataKeyPair and GenerateDataKeyPairWithoutPlaintext share: a pair from the HSM, its private
// half (PKCS#8) sealed under a symmetric key of the standard store.
import { generateLoosePair } from '#adapters/pkcs11/pair-generation.ts';
import { encryptUnder } from '../../keys/ciphertext.ts';
import {
  admit,
  commonMembers,
  contextMember,
  endDryRun,
  keyIdText,
} from '../../keys/crypto-request.ts';
import { findKeyOrAlias } from '../../keys/find-key.ts';
import { pairKind } from '../../keys/key-specs.ts';
import { requireStandardStore } from '../../keys/key-state.ts';
import { AwsError } from '../../protocol/errors.ts';
import { oneOf } from '../../protocol/members.ts';
import type { Call } from '../../protocol/operation.ts';
import { type InputOf, required } from '../../protocol/shape.ts';
import { keyArn } from '../../settings.ts';
import { requireSymmetric } from './data-key.ts';

/** Members of both operations. */
export const dataKeyPairMembers = {
  KeyId: required(keyIdText),
  EncryptionContext: contextMember,
  KeyPairSpec: required(
    oneOf([
      'RSA_2048',
      'RSA_3072',
      'RSA_4096',
      'ECC_NIST_P256',
      'ECC_NIST_P384',
      'ECC_NIST_P521',
      'ECC_SECG_P256K1',
      'SM2',
      'ECC_NIST_EDWARDS25519',
    ]),
  ),
  ...commonMembers,
};

type Input = InputOf<typeof dataKeyPairMembers>;

/** Makes a pair for the named operation; `privateKey` is the caller's to hand out or wipe. */
export async function makeDataKeyPair(call: Call, operation: string, input: Input) {
  const { key, alias } = findKeyOrAlias(call, input.KeyId);
  admit(call, key, {
    action: `kms:${operation}`,
    operation,
    usage: 'ENCRYPT_DECRYPT',
    context: input.EncryptionContext,
    alias,
    entries: { 'kms:DataKeyPairSpec': input.KeyPairSpec },
  });
  requireSymmetric(key);
  requireStandardStore(call, key);
  const kind = pairKind(input.KeyPairSpec);
  if (kind === undefined) {
    throw new AwsError(
      'UnsupportedOperationException',
      `KeyPairSpec ${input.KeyPairSpec} is not supported in this region.`,
    );
  }
  endDryRun(input);
  const pair = await generateLoosePair(call.emulator.hsm.domain.token, kind);
  const sealed = encryptUnder(call.emulator, key, pair.privateKeyInfo, input.EncryptionContext);
  const answer = {
    PrivateKeyCiphertextBlob: sealed.toString('base64'),
    PublicKey: pair.publicKeyInfo.toString('base64'),
    KeyId: keyArn(call.emulator.place, key.keyId),
    KeyPairSpec: input.KeyPairSpec,
    KeyMaterialId: key.materialId,
  };
  return { privateKey: pair.privateKeyInfo, answer };
}
