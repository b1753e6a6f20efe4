// SPDX-License-Identifier: Apache-2.0
import { MemoryLedger } from '#adapters/memory/ledger.ts';
import { MemoryScopeRows } from '#adapters/memory/scope-rows.ts';
import { describeScopeRows } from '#test/adapters/contract/scope-rows.contract.ts';

describeScopeRows('MemoryScopeRows', async () => {
  const ledger = new MemoryLedger();
  const scopes = new MemoryScopeRows((change) => ledger.commitApproval(change));
  ledger.denialsRevision = () => scopes.denialsRevision;
  return { ledger, scopes };
});
