// SPDX-License-Identifier: Apache-2.0
import type { KeyHandle, Token } from '#adapters/pkcs11/token.ts';

/** A key ready for use. */
export interface UsableKey {
  readonly token: Token;
  readonly handle: KeyHandle;
}
