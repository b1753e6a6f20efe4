// SPDX-License-Identifier: Apache-2.0
// C_Verify as a question: a wrong signature is an answer, everything else that fails is an error.
import type { Mechanism } from 'pkcs11js';
import { Pkcs11Failure } from './errors.ts';
import type { KeyHandle, Token } from './token.ts';

const WRONG = ['CKR_SIGNATURE_INVALID', 'CKR_SIGNATURE_LEN_RANGE'];

/** True when the signature or MAC is the data's. @throws Pkcs11Failure for anything but a wrong one */
export function verifyWith(
  token: Token,
  { mechanism, key }: { readonly mechanism: Mechanism; readonly key: KeyHandle },
  data: Buffer,
  signature: Buffer,
): boolean {
  try {
    return token.sessions.run('C_Verify', (session) => {
      token.library.C_VerifyInit(session, mechanism, key);
      return token.library.C_Verify(session, data, signature);
    });
  } catch (error) {
    if (error instanceof Pkcs11Failure && WRONG.includes(error.code)) return false;
    throw error;
  }
}
