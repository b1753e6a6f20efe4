// SPDX-License-Identifier: Apache-2.0
import { MemoryReplayRows } from '#adapters/memory/replay-rows.ts';
import { describeReplayRows } from '#test/adapters/contract/replay-rows.contract.ts';

describeReplayRows('MemoryReplayRows', async () => new MemoryReplayRows());
