// SPDX-License-Identifier: Apache-2.0
import { MemoryLedger } from '#adapters/memory/ledger.ts';
import { describePurgeWatchRows } from '#test/adapters/contract/purge-watch-rows.contract.ts';

describePurgeWatchRows('MemoryPurgeWatchRows', async () => {
  const ledger = new MemoryLedger();
  return { ledger, watches: ledger.purgeWatches };
});
