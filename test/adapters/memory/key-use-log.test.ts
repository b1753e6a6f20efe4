// SPDX-License-Identifier: Apache-2.0
import { MemoryKeyUseLog } from '#adapters/memory/key-use-log.ts';
import { describeKeyUseLog } from '#test/adapters/contract/key-use-log.contract.ts';

describeKeyUseLog('MemoryKeyUseLog', async () => new MemoryKeyUseLog());
