// SPDX-License-Identifier: Apache-2.0
// Encapsulate and Decapsulate. Their keys, ML-KEM, cannot be made here (CreateKey refuses the specs), so that
// every key there is has another usage: the answer AWS gives for such a key is the only one.
import { admit, commonMembers, keyIdText } from '../../keys/crypto-request.ts';
import { findKeyOrAlias } from '../../keys/find-key.ts';
import { blob, oneOf } from '../../protocol/members.ts';
import { type Call, operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';

const members = {
  KeyId: required(keyIdText),
  EncapsulationAlgorithm: required(oneOf(['ML_KEM'])),
  ...commonMembers,
};

/** @throws AwsError InvalidKeyUsageException for every key that passes the checks before it */
function refuse(call: Call, name: string, keyId: string): undefined {
  const { key, alias } = findKeyOrAlias(call, keyId);
  const usage = 'ENCAPSULATE_DECAPSULATE';
  admit(call, key, { action: `kms:${name}`, operation: name, usage, alias });
  return undefined;
}

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Encapsulate.html */
export const encapsulate = operation('Encapsulate', members, (call, input) =>
  refuse(call, 'Encapsulate', input.KeyId),
);

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Decapsulate.html */
export const decapsulate = operation(
  'Decapsulate',
  { ...members, SharedSecretCiphertextBlob: required(blob(1, 6144)) },
  (call, input) => refuse(call, 'Decapsulate', input.KeyId),
);
