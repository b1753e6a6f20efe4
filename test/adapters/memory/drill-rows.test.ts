// SPDX-License-Identifier: Apache-2.0
import { MemoryDrillRows } from '#adapters/memory/drill-rows.ts';
import { describeDrills } from '#test/adapters/contract/drills.contract.ts';

describeDrills('MemoryDrillRows', async () => new MemoryDrillRows());
