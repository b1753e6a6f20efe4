// SPDX-License-Identifier: Apache-2.0
// Translates KMS's errors into the vault port's. The message of the domain error says what to do; KMS's own text
// stays in `cause` and never reaches a client.
import type { ErrorCode } from '#core/contract/errors.ts';
import { KeyturnError } from '#core/errors.ts';

const BY_NAME: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  AccessDeniedException: ['AccessDenied', 'KMS denied the call to the role of this function'],
  AlreadyExistsException: ['AliasTaken', 'the alias exists'],
  CloudHsmClusterInvalidConfigurationException: [
    'KeyStoreUnavailable',
    'the cluster needs two active HSMs in two zones; add an HSM',
  ],
  CustomKeyStoreInvalidStateException: [
    'KeyStoreUnavailable',
    'the key store is not connected; connect it, then the operation is taken up again',
  ],
  CustomKeyStoreNotFoundException: [
    'KeyStoreMisconfigured',
    'KMS does not know the recorded key store',
  ],
  DependencyTimeoutException: ['DependencyUnavailable', 'KMS timed out'],
  DisabledException: ['KeyNotUsable', 'the KMS key is disabled'],
  IncorrectKeyException: ['CiphertextInvalid', 'the ciphertext was made under another key'],
  InvalidCiphertextException: [
    'CiphertextInvalid',
    'the ciphertext is damaged or its encryption context is another',
  ],
  KeyUnavailableException: ['DependencyUnavailable', 'KMS could not use the key now'],
  InvalidKeyUsageException: ['KeyNotUsable', 'the KMS key is not for this'],
  KMSInternalException: ['DependencyUnavailable', 'KMS failed internally'],
  LimitExceededException: ['KeyStoreMisconfigured', 'a KMS quota is used up; ask AWS for more'],
  NotFoundException: ['KeyNotYetVisible', 'KMS does not know the key or alias (yet)'],
  ThrottlingException: ['Throttled', 'KMS throttles; try again shortly'],
};

/** A key of a disconnected store is Unavailable: it comes back. A key pending deletion or import does not by itself. */
function invalidState(cause: Error): KeyturnError {
  if (/pending (deletion|import)/.test(cause.message)) {
    return new KeyturnError('KeyNotUsable', 'the KMS key is pending deletion or import', { cause });
  }
  return new KeyturnError(
    'KeyStoreUnavailable',
    'the key store is not connected; connect it, then the operation is taken up again',
    { cause },
  );
}

/** The domain's error for what the KMS client threw. */
export function toDomainError(cause: unknown): KeyturnError {
  if (cause instanceof KeyturnError) return cause;
  if (!(cause instanceof Error))
    return new KeyturnError('DependencyUnavailable', 'KMS failed', { cause });
  if (cause.name === 'KMSInvalidStateException') return invalidState(cause);
  const known = BY_NAME[cause.name];
  if (known) return new KeyturnError(known[0], known[1], { cause });
  return new KeyturnError('DependencyUnavailable', `KMS could not be asked (${cause.name})`, {
    cause,
  });
}

/** Runs a KMS call with its errors translated. @throws KeyturnError */
export async function translated<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toDomainError(error);
  }
}
