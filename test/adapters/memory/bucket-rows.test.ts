// SPDX-License-Identifier: Apache-2.0
import { MemoryBucketRows } from '#adapters/memory/bucket-rows.ts';
import { describeRateBudget } from '#test/adapters/contract/rate-budget.contract.ts';

describeRateBudget('MemoryBucketRows', async () => new MemoryBucketRows());
