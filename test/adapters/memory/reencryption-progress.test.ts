// SPDX-License-Identifier: Apache-2.0
import { MemoryReencryptionProgress } from '#adapters/memory/reencryption-progress.ts';
import { describeProgress } from '#test/adapters/contract/reencryption.contract.ts';

describeProgress('MemoryReencryptionProgress', async () => new MemoryReencryptionProgress());
