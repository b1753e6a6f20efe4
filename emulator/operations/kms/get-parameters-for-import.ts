// SPDX-License-Identifier: Apache-2.0
// GetParametersForImport: a wrapping key made for this one import, and the token that goes with it.
import { createPublicKey, randomBytes } from 'node:crypto';
import { generateWrappingPair } from '#adapters/pkcs11/import-wrapping.ts';
import { authorizeKey } from '../../authorization/authorize.ts';
import { epochSeconds } from '../../clock.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { requireWrappable } from '../../keys/import-shape.ts';
import { requireNotPendingDeletion } from '../../keys/key-state.ts';
import { requireImportable } from '../../keys/rotation.ts';
import { isWrappingAlgorithm } from '../../keys/wrapped-import.ts';
import { AwsError } from '../../protocol/errors.ts';
import { oneOf } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';
import { keyArn } from '../../settings.ts';

const VALID_MILLISECONDS = 24 * 3600 * 1000;
const BITS: Readonly<Record<string, number>> = { RSA_2048: 2048, RSA_3072: 3072, RSA_4096: 4096 };

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GetParametersForImport.html */
export const getParametersForImport = operation(
  'GetParametersForImport',
  {
    KeyId: required(keyIdText),
    WrappingAlgorithm: required(
      oneOf([
        'RSAES_PKCS1_V1_5',
        'RSAES_OAEP_SHA_1',
        'RSAES_OAEP_SHA_256',
        'RSA_AES_KEY_WRAP_SHA_1',
        'RSA_AES_KEY_WRAP_SHA_256',
        'SM2PKE',
      ]),
    ),
    WrappingKeySpec: required(oneOf(['RSA_2048', 'RSA_3072', 'RSA_4096', 'SM2'])),
  },
  async (call, input) => {
    const { WrappingAlgorithm: algorithm, WrappingKeySpec: spec } = input;
    const key = findKey(call, input.KeyId);
    authorizeKey(call, 'kms:GetParametersForImport', key, {
      'kms:WrappingAlgorithm': algorithm,
      'kms:WrappingKeySpec': spec,
    });
    requireImportable(call, key);
    requireNotPendingDeletion(call, key);
    const bits = BITS[spec];
    if (bits === undefined || !isWrappingAlgorithm(algorithm)) {
      throw new AwsError(
        'UnsupportedOperationException',
        `Wrapping with ${algorithm} under ${spec} is not supported.`,
      );
    }
    requireWrappable(key, algorithm, spec);
    const { token: hsmToken, key: domainKey } = call.emulator.hsm.domain;
    const pair = await generateWrappingPair(hsmToken, domainKey, bits);
    const token = Buffer.concat([randomBytes(64), Buffer.from([bits / 1024])]);
    const validTo = call.now + VALID_MILLISECONDS;
    call.emulator.store.materials.putImport({
      token: token.toString('base64'),
      keyId: key.keyId,
      algorithm,
      wrappedPrivateKey: pair.wrappedPrivateKey,
      validTo,
    });
    const publicKey = createPublicKey({
      key: {
        kty: 'RSA',
        n: pair.modulus.toString('base64url'),
        e: pair.exponent.toString('base64url'),
      },
      format: 'jwk',
    });
    return {
      KeyId: keyArn(call.emulator.place, key.keyId),
      ImportToken: token.toString('base64'),
      PublicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      ParametersValidTo: epochSeconds(validTo),
    };
  },
);
