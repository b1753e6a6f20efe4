// SPDX-License-Identifier: Apache-2.0
import { MemoryLedger } from '#adapters/memory/ledger.ts';
import { describeApprovals } from '#test/adapters/contract/approvals.contract.ts';
import { describeElevations } from '#test/adapters/contract/elevations.contract.ts';
import { describeEscrowRecords } from '#test/adapters/contract/escrow.contract.ts';
import { describeLedger } from '#test/adapters/contract/ledger.contract.ts';
import { describeLedgerLists } from '#test/adapters/contract/ledger-lists.contract.ts';
import { describePasskeys } from '#test/adapters/contract/passkeys.contract.ts';
import { describeReencryptionRecords } from '#test/adapters/contract/reencryption.contract.ts';
import { describeRecoveries } from '../contract/recoveries.contract.ts';

describeLedger('MemoryLedger', async () => new MemoryLedger());
describeApprovals('MemoryLedger', async () => new MemoryLedger());
describeElevations('MemoryLedger', async () => new MemoryLedger());
describePasskeys('MemoryLedger', async () => new MemoryLedger());
describeRecoveries('MemoryLedger', async () => new MemoryLedger());
describeEscrowRecords('MemoryLedger', async () => new MemoryLedger());
describeReencryptionRecords('MemoryLedger', async () => new MemoryLedger());
describeLedgerLists('MemoryLedger', async () => new MemoryLedger());
