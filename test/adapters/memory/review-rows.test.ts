// SPDX-License-Identifier: Apache-2.0
import { MemoryLedger } from '#adapters/memory/ledger.ts';
import { MemoryScopeRows } from '#adapters/memory/scope-rows.ts';
import { describeReviewRows } from '#test/adapters/contract/review-rows.contract.ts';

describeReviewRows('MemoryReviewRows', async () => {
  const ledger = new MemoryLedger();
  const { reviews } = ledger;
  return { ledger, reviews, scopes: new MemoryScopeRows(async () => {}, reviews) };
});
