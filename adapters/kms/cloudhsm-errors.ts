// SPDX-License-Identifier: Apache-2.0
// CloudHSM's errors in the domain's words.
import { KeyturnError } from '#core/errors.ts';

/** Runs a CloudHSM call with its errors in the domain's words. */
export async function asked<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    const name = cause instanceof Error ? cause.name : 'unknown';
    const mayPass = /Throttl|Internal|CloudHsmServiceException|Timeout|TypeError/.test(name);
    throw new KeyturnError(
      mayPass ? 'DependencyUnavailable' : 'KeyStoreUnavailable',
      `CloudHSM refused (${name})`,
      { cause },
    );
  }
}
