// SPDX-License-Identifier: Apache-2.0
// What can go wrong at the PKCS#11 boundary, with the return value's name so that callers may decide on it.
// No message carries key bytes or PINs.
import pkcs11 from 'pkcs11js';

/** A PKCS#11 call that the module refused; `code` is the CKR_ name, e.g. `CKR_PIN_INCORRECT`. */
export class Pkcs11Failure extends Error {
  readonly code: string;
  constructor(code: string, method: string, cause?: unknown) {
    super(`${method} failed with ${code}`, { cause });
    this.name = 'Pkcs11Failure';
    this.code = code;
  }
}

/** Runs a synchronous PKCS#11 call and turns what it throws into a {@link Pkcs11Failure}. */
export function guarded<Result>(method: string, call: () => Result): Result {
  try {
    return call();
  } catch (error) {
    throw toFailure(method, error);
  }
}

/** Translates an error thrown by the addon; anything that is not one keeps its message as the code. */
export function toFailure(method: string, error: unknown): Error {
  if (error instanceof pkcs11.NativeError) return new Pkcs11Failure(error.message, method, error);
  return error instanceof Error ? error : new Error(String(error));
}
