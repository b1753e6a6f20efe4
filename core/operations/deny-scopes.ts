// SPDX-License-Identifier: Apache-2.0
// The rows as the data plane sees them while a scope is contained: a key of the scope is contained from the moment that
// the scope is, before its own row says so. One row more is read, next to the key's: 10,000 keys are denied by one write.

import type { VersionRecord } from '../keys/records.ts';
import { deniedBy } from '../keys/scopes.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { ScopeContainments } from '../ports/scope-containments.ts';

/** What the data plane reads. */
export type UseRows = Pick<Ledger, 'readKeyRecord' | 'readVersion' | 'findRecordedKey'>;

/** The same rows; what lies in a contained scope is contained. */
export function withScopesDenied(
  ledger: UseRows,
  scopes: Pick<ScopeContainments, 'readDenials'>,
): UseRows {
  return {
    async readKeyRecord(name) {
      const [key, { denials }] = await Promise.all([
        ledger.readKeyRecord(name),
        scopes.readDenials(name),
      ]);
      const denied = key && !key.containment ? deniedBy(denials, key) : null;
      return key && denied ? { ...key, containment: denied } : key;
    },

    async readVersion(name, number) {
      const [version, { denials }] = await Promise.all([
        ledger.readVersion(name, number),
        scopes.readDenials(name),
      ]);
      if (!version || version.containment || denials.length === 0) return version;
      const key = await ledger.readKeyRecord(name);
      const denied = key && deniedBy(denials, key);
      return denied ? deniedVersion(version, denied) : version;
    },

    findRecordedKey: (keyId) => ledger.findRecordedKey(keyId),
  };
}

function deniedVersion(
  version: VersionRecord,
  denied: NonNullable<ReturnType<typeof deniedBy>>,
): VersionRecord {
  const { state, policyTemplate } = version;
  return { ...version, containment: { ...denied, before: { state, policyTemplate } } };
}
