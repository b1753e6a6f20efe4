// SPDX-License-Identifier: Apache-2.0
import { MemoryPauseRows } from '#adapters/memory/pause-rows.ts';
import { describePauseRows } from '#test/adapters/contract/pause-rows.contract.ts';

describePauseRows('MemoryPauseRows', async () => new MemoryPauseRows());
