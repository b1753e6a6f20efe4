// SPDX-License-Identifier: Apache-2.0
import { MemoryStartSlots } from '#adapters/memory/start-slots.ts';
import { describeStartSlots } from '#test/adapters/contract/start-slots.contract.ts';

describeStartSlots('MemoryStartSlots', async () => new MemoryStartSlots());
