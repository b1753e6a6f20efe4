// SPDX-License-Identifier: Apache-2.0
// Signatures of calls to owners' endpoints, within the quota that KMS has for elliptic curves.
import type { NoticeClaims, NoticeSigner } from '#core/ports/notices.ts';
import { Metered } from './budgeted-vault.ts';

export class BudgetedSigner extends Metered<NoticeSigner> implements NoticeSigner {
  sign(claims: NoticeClaims, body: string): Promise<string> {
    return this.within('CryptographicEcc', () => this.inner.sign(claims, body));
  }
}
