// SPDX-License-Identifier: Apache-2.0
// Moving keys in and out of the token under another key of it: RFC 5649 (CKM_AES_KEY_WRAP_PAD), which
// takes secret keys and PKCS#8 private keys alike. Unwrapped keys come back not extractable.
import pkcs11 from 'pkcs11js';
import { guarded } from './errors.ts';
import { type PairKind, type PairUse, unwrappedPrivateTemplate } from './key-pairs.ts';
import { type KeyPlacement, unwrappedAesTemplate, unwrappedHmacTemplate } from './templates.ts';
import type { KeyHandle, Token } from './token.ts';

const MAXIMUM_WRAPPED_BYTES = 4096;
const mechanism = { mechanism: pkcs11.CKM_AES_KEY_WRAP_PAD };

/** What kind of key a wrapped blob holds. */
export type WrappedKind = 'aes-256' | 'hmac' | PairKind;

/** Wraps an extractable key object. @throws Pkcs11Failure */
export function wrapKey(token: Token, wrappingKey: KeyHandle, key: KeyHandle): Buffer {
  return guarded('C_WrapKey', () =>
    token.library.C_WrapKey(
      token.holder,
      mechanism,
      wrappingKey,
      key,
      Buffer.alloc(MAXIMUM_WRAPPED_BYTES),
    ),
  );
}

/** Names the blob and the object it becomes. */
export interface WrappedKey {
  readonly kind: WrappedKind;
  /** What a private key may do; absent for secret keys. */
  readonly use?: PairUse;
  readonly blob: Buffer;
  readonly label: string;
  readonly id: Buffer;
}

function templateOf({ kind, use = 'sign' }: WrappedKey, placement: KeyPlacement) {
  if (kind === 'aes-256') return unwrappedAesTemplate(placement);
  if (kind === 'hmac') return unwrappedHmacTemplate(placement);
  return unwrappedPrivateTemplate(kind, placement, use);
}

/** Unwraps into a sensitive, non-extractable session object. @throws Pkcs11Failure */
export function unwrapKey(token: Token, wrappingKey: KeyHandle, wrapped: WrappedKey): KeyHandle {
  const placement = {
    label: wrapped.label,
    id: wrapped.id,
    onToken: false,
    extractable: false,
  };
  const template = templateOf(wrapped, placement);
  return guarded('C_UnwrapKey', () =>
    token.library.C_UnwrapKey(token.holder, mechanism, wrappingKey, wrapped.blob, template),
  );
}
