// SPDX-License-Identifier: Apache-2.0
import { MemoryScopeRows } from '#adapters/memory/scope-rows.ts';
import { describeScopeRows } from '#test/adapters/contract/scope-rows.contract.ts';

describeScopeRows('MemoryScopeRows', async () => new MemoryScopeRows(async () => {}));
