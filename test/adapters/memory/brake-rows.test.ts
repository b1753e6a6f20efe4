// SPDX-License-Identifier: Apache-2.0
import { MemoryBrakeRows } from '#adapters/memory/brake-rows.ts';
import { MemoryLedger } from '#adapters/memory/ledger.ts';
import { describeBrakeRows } from '#test/adapters/contract/brake-rows.contract.ts';

describeBrakeRows('MemoryBrakeRows', async () => {
  const ledger = new MemoryLedger();
  return new MemoryBrakeRows((change) => ledger.commitApproval(change));
});
