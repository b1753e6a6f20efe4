// SPDX-License-Identifier: Apache-2.0
import { MemoryNoticeRows } from '#adapters/memory/notice-rows.ts';
import { describeNoticeRows } from '#test/adapters/contract/notice-rows.contract.ts';

describeNoticeRows('MemoryNoticeRows', async () => new MemoryNoticeRows());
