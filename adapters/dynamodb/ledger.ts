// SPDX-License-Identifier: Apache-2.0
// The ledger on DynamoDB: reads are strongly consistent, each change is one TransactWriteItems whose condition is
// the revision that the decision was made on, its audit row included.
import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { type AuditHead, type AuditRecord, genesisHash } from '#core/audit/chain.ts';
import { SORT_KEY } from '#core/contract/table.ts';
import type { ShareEnvelope, StoredShares } from '#core/escrow/records.ts';
import type { ConsumerRecord } from '#core/keys/consumers.ts';
import type { Instant, KeyRecord, OperationRecord, VersionRecord } from '#core/keys/records.ts';
import type { HoldRecord, ReencryptionRecord, SourceRecord } from '#core/keys/reencryption.ts';
import type { DecisionPolicyRecord } from '#core/policies/decision-policy.ts';
import type {
  ApprovalFilter,
  ApprovalLedger,
  Ballots,
  DecisionPolicies,
  DecisionPolicyChange,
} from '#core/ports/approvals.ts';
import type { Elevations, ElevationsChange, ElevationsRecord } from '#core/ports/elevations.ts';
import type { ShareArchive } from '#core/ports/escrow.ts';
import type {
  ApprovalChange,
  DueItem,
  IdempotencyRecord,
  KeyChange,
  KeySnapshot,
  KeyStoreChange,
  Ledger,
  ListedScope,
  Occupancy,
  Page,
} from '#core/ports/ledger.ts';
import type { Passkeys, PasskeysChange, PasskeysRecord } from '#core/ports/passkeys.ts';
import type { PurgeWatch } from '#core/ports/purge-watches.ts';
import type { HsmTaskRecord, KeyStoreRecord } from '#core/provisioning/records.ts';
import type { RecoveryRecord } from '#core/recovery/records.ts';
import { escrowItems, escrowOf, sharesAddress } from './escrow-rows.ts';
import {
  listApprovals,
  listAssigned,
  listDataKeys,
  listDue,
  listDueApprovals,
  listDueBetween,
  listDueDestructions,
  listDueReencryptions,
  listKeys,
} from './indexes.ts';
import * as items from './items.ts';
import { countWrite, recordWrite } from './key-writes.ts';
import { statusItem } from './status-rows.ts';
import { TableRows, type Write } from './table-rows.ts';

const below = (rows: readonly items.Item[], prefix: string) =>
  rows.filter((row) => String(row[SORT_KEY]).startsWith(prefix));

export class DynamoDbLedger
  implements Ledger, ApprovalLedger, Ballots, ShareArchive, Elevations, Passkeys, DecisionPolicies
{
  readonly #rows: TableRows;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#rows = new TableRows(client, table);
  }

  async readKey(name: string): Promise<KeySnapshot | null> {
    // One query in sort order: the key comes before everything else, so a change in between makes our revision stale
    // and the commit fails; it can never make a stale version look current.
    const rows = await this.#rows.query(items.keyPartition(name));
    const [first, ...rest] = rows;
    if (!first) return null;
    const key = items.toRecord<KeyRecord>(first);
    const versions = below(rest, items.VERSION_PREFIX).map((row) =>
      items.toRecord<VersionRecord>(row),
    );
    const consumers = below(rest, items.CONSUMER_PREFIX)
      .map((row) => items.toRecord<ConsumerRecord>(row))
      .filter((consumer) => consumer.state !== 'removed');
    const operation = key.lease ? await this.readOperation(key.lease.operationId) : null;
    const escrow = escrowOf(rest);
    const [watch] = below(rest, items.PURGE_WATCH_SORT);
    const purgeWatch = watch ? items.toRecord<PurgeWatch>(watch) : null;
    const others = { ...reencryptionOf(rest), escrow, purgeWatch };
    return { key, versions, consumers, ...others, operation };
  }

  async readKeyRecord(name: string): Promise<KeyRecord | null> {
    return this.#rows.get<KeyRecord>(items.keyAddress(name));
  }

  async readVersion(name: string, version: number): Promise<VersionRecord | null> {
    return this.#rows.get<VersionRecord>(items.versionAddress(name, version));
  }

  async readOperation(id: string): Promise<OperationRecord | null> {
    return this.#rows.get<OperationRecord>(items.operationAddress(id));
  }

  async readIdempotency(scope: string): Promise<IdempotencyRecord | null> {
    return this.#rows.get<IdempotencyRecord>(items.idempotencyAddress(scope));
  }

  async findRecordedKey(keyId: string): Promise<{ name: string; version: number } | null> {
    const found = await this.#rows.get<NonNullable<KeyChange['recordedKey']>>(
      items.vaultKeyAddress(keyId),
    );
    return found && !found.isGivenBack ? { name: found.name, version: found.version } : null;
  }

  async listKeys(after: string | null, limit: number): Promise<Page<KeyRecord>> {
    return this.#rows.translated(() =>
      listKeys(this.#rows.client, this.#rows.table, { after, limit }),
    );
  }

  async listKeysOf(
    { kind, value }: ListedScope,
    after: string | null,
    limit: number,
  ): Promise<Page<KeyRecord>> {
    const { client, table } = this.#rows;
    if (kind === 'owner')
      return this.#rows.translated(() => listKeys(client, table, { after, limit, owner: value }));
    const found = await this.#rows.translated(() =>
      listAssigned(client, table, { kind, value, after, limit }),
    );
    const keys = await Promise.all(found.items.map((name) => this.readKeyRecord(name)));
    // Read as it is now: what was assigned elsewhere since the index was written is left out.
    const items = keys.flatMap((key) => (key?.[kind] === value ? [key] : []));
    return { items, nextCursor: found.nextCursor };
  }

  async listDataKeys(
    parent: string,
    shard: number,
    after: string | null,
    limit: number,
  ): Promise<Page<VersionRecord>> {
    return this.#rows.translated(() =>
      listDataKeys(this.#rows.client, this.#rows.table, { parent, shard, after, limit }),
    );
  }

  async listDue(before: Instant, limit: number): Promise<readonly DueItem[]> {
    return this.#rows.translated(() => listDue(this.#rows.client, this.#rows.table, before, limit));
  }

  async listDueBetween(from: string, until: Instant, limit: number): Promise<readonly DueItem[]> {
    return this.#rows.translated(() =>
      listDueBetween(this.#rows.client, this.#rows.table, { from, until, limit }),
    );
  }

  async listDueReencryptions(before: Instant, limit: number): Promise<readonly string[]> {
    return this.#rows.translated(() =>
      listDueReencryptions(this.#rows.client, this.#rows.table, before, limit),
    );
  }

  async listDueDestructions(
    before: Instant,
    limit: number,
  ): Promise<readonly { name: string; version: number }[]> {
    return this.#rows.translated(() =>
      listDueDestructions(this.#rows.client, this.#rows.table, before, limit),
    );
  }

  async readAudit(
    stream: string,
    afterSequence: number,
    limit: number,
  ): Promise<{ records: readonly AuditRecord[]; head: AuditHead }> {
    const rows = await this.#rows.query(items.auditPartition(stream), {
      after: items.auditSort(afterSequence),
      limit,
    });
    return {
      records: rows.map((row) => items.toRecord<AuditRecord>(row)),
      head: await this.#headOf(stream),
    };
  }

  async commit(change: KeyChange): Promise<void> {
    await this.#rows.transact([
      this.#rows.guarded(items.keyItem(change.key), change.expectedRevision),
      ...(change.versions ?? []).map((version) => this.#rows.put(items.versionItem(version))),
      ...(change.consumers ?? []).map((consumer) => this.#rows.put(items.consumerItem(consumer))),
      ...(change.sources ?? []).map((source) => this.#rows.put(items.sourceItem(source))),
      ...(change.holds ?? []).map((hold) => this.#rows.put(items.holdItem(hold))),
      ...(change.reencryption ? [this.#rows.put(items.reencryptionItem(change.reencryption))] : []),
      ...escrowItems(change.escrow).map((item) => this.#rows.put(item)),
      ...(change.operation ? [this.#rows.put(items.operationItem(change.operation))] : []),
      ...(change.otherOperations ?? []).map((other) => this.#rows.put(items.operationItem(other))),
      ...(change.statuses ?? []).map((entry) => this.#rows.put(statusItem(entry))),
      ...(change.purgeWatch ? [this.#rows.put(items.purgeWatchItem(change.purgeWatch))] : []),
      ...(change.occupancy
        ? [countWrite(this.#rows.table, change.key.name, change.occupancy)]
        : []),
      ...(change.recordedKey ? [recordWrite(this.#rows.table, change.recordedKey)] : []),
      ...(change.assignments ?? []).map((one) =>
        this.#rows.put(items.assignmentItem(change.key.name, one)),
      ),
      ...(change.review ? [this.#rows.guarded(items.reviewItem(change.review), null)] : []),
      ...(change.denials ? [this.#stillDenied(change.key.name, change.denials)] : []),
      ...(change.approval ? this.#approvalWrites(change.approval) : []),
      ...this.#tail(change),
    ]);
  }

  async readApproval(id: string): Promise<ApprovalRecord | null> {
    return this.#rows.get<ApprovalRecord>(items.approvalAddress(id));
  }

  async listApprovals(
    filter: ApprovalFilter,
    after: string | null,
    limit: number,
  ): Promise<Page<ApprovalRecord>> {
    return this.#rows.translated(() =>
      listApprovals(this.#rows.client, this.#rows.table, { filter, after, limit }),
    );
  }

  async listDueApprovals(before: Instant, limit: number): Promise<readonly string[]> {
    return this.#rows.translated(() =>
      listDueApprovals(this.#rows.client, this.#rows.table, before, limit),
    );
  }

  async commitApproval(change: ApprovalChange): Promise<void> {
    await this.#rows.transact(this.#approvalWrites(change));
  }

  async readElevations(): Promise<ElevationsRecord | null> {
    return this.#rows.get<ElevationsRecord>(items.elevationsAddress());
  }

  async commitElevations(change: ElevationsChange): Promise<void> {
    const item = { ...items.elevationsAddress(), ...change.elevations };
    await this.#rows.transact([
      this.#rows.guarded(item, change.expectedRevision),
      ...this.#approvalWrites(change.approval),
    ]);
  }

  async readPasskeys(): Promise<PasskeysRecord | null> {
    return this.#rows.get<PasskeysRecord>(items.passkeysAddress());
  }

  async commitPasskeys({ expectedRevision, passkeys, approval }: PasskeysChange): Promise<void> {
    const item = { ...items.passkeysAddress(), ...passkeys };
    await this.#rows.transact([
      this.#rows.guarded(item, expectedRevision),
      ...this.#approvalWrites(approval),
    ]);
  }

  #approvalWrites(change: ApprovalChange): Write[] {
    return [
      this.#rows.guarded(items.approvalItem(change.approval), change.expectedRevision),
      ...this.#tail(change),
    ];
  }

  async putBallot(approvalId: string, sealedToken: string): Promise<void> {
    const Item = { ...items.ballotAddress(approvalId), sealedToken };
    await this.#rows.translated(() =>
      this.#rows.client.send(new PutCommand({ TableName: this.#rows.table, Item })),
    );
  }

  async readBallot(approvalId: string): Promise<string | null> {
    const found = await this.#rows.get<{ sealedToken: string }>(items.ballotAddress(approvalId));
    return found?.sealedToken ?? null;
  }

  async readShares(setId: string, generation: number): Promise<readonly ShareEnvelope[]> {
    return (await this.#rows.get<StoredShares>(sharesAddress(setId, generation)))?.envelopes ?? [];
  }

  async readDecisionPolicy(): Promise<DecisionPolicyRecord | null> {
    return this.#rows.get<DecisionPolicyRecord>(items.DECISION_POLICY_ADDRESS);
  }

  async commitDecisionPolicy(change: DecisionPolicyChange): Promise<void> {
    const item = { ...items.DECISION_POLICY_ADDRESS, ...change.record };
    await this.#rows.transact([
      this.#rows.guarded(item, change.expectedRevision),
      ...(change.approval ? this.#approvalWrites(change.approval) : []),
      ...this.#tail(change),
    ]);
  }

  async readOccupancy(keyStore: string): Promise<readonly Occupancy[]> {
    const rows = await this.#rows.query(items.occupancyPartition(keyStore));
    const classes = new Map<string, Occupancy>();
    for (const row of rows.map((one) => items.toRecord<Occupancy>(one))) {
      const known = classes.get(row.class) ?? { keys: 0, versions: 0 };
      const keys = known.keys + row.keys;
      classes.set(row.class, { class: row.class, keys, versions: known.versions + row.versions });
    }
    return [...classes.values()];
  }

  async readKeyStore(name: string): Promise<KeyStoreRecord | null> {
    return this.#rows.get<KeyStoreRecord>(items.keyStoreAddress(name));
  }

  async readTasks(keyStore: string): Promise<readonly HsmTaskRecord[]> {
    const rows = await this.#rows.query(items.keyStorePartition(keyStore), {
      after: items.TASK_PREFIX,
    });
    return rows.map((row) => items.toRecord<HsmTaskRecord>(row));
  }

  async readRecoveries(keyStore: string): Promise<readonly RecoveryRecord[]> {
    const rows = await this.#rows.query(items.keyStorePartition(keyStore), {
      after: items.RECOVERY_PREFIX,
    });
    return below(rows, items.RECOVERY_PREFIX).map((row) => items.toRecord<RecoveryRecord>(row));
  }

  async commitKeyStore(change: KeyStoreChange): Promise<void> {
    await this.#rows.transact([
      this.#rows.guarded(items.keyStoreItem(change.keyStore), change.expectedRevision),
      ...(change.tasks ?? []).map((task) => this.#rows.put(items.taskItem(task))),
      ...(change.recovery ? [this.#rows.put(items.recoveryItem(change.recovery))] : []),
      ...(change.review ? [this.#rows.guarded(items.reviewItem(change.review), null)] : []),
      ...(change.approval ? this.#approvalWrites(change.approval) : []),
      ...this.#tail(change),
    ]);
  }

  /** What every change ends with: its idempotency row, if any, and its audit row, each written once only. */
  #tail(change: { idempotency?: IdempotencyRecord; audit: AuditRecord }): Write[] {
    const once = [items.auditItem(change.audit)];
    if (change.idempotency) once.push(items.idempotencyItem(change.idempotency));
    return once.map((item) => this.#rows.guarded(item, null));
  }

  #stillDenied(key: string, { revision }: NonNullable<KeyChange['denials']>): Write {
    return this.#rows.unchanged(items.scopeDenialsAddress(items.denialCopyOf(key)), revision);
  }

  async #headOf(stream: string): Promise<AuditHead> {
    const [kind, name] = stream.split('/');
    const record = await this.#headRecord(kind ?? '', name ?? '');
    if (!record) return { sequence: 0, hash: genesisHash(stream) };
    return { sequence: record.revision, hash: record.auditHead };
  }

  #headRecord(kind: string, name: string) {
    if (kind === 'key') return this.readKeyRecord(name);
    if (kind === 'policy') return this.readDecisionPolicy();
    return kind === 'approval' ? this.readApproval(name) : this.readKeyStore(name);
  }
}

/** What the key's partition says about re-encryption and retirement. */
function reencryptionOf(
  rows: readonly items.Item[],
): Pick<KeySnapshot, 'sources' | 'holds' | 'reencryption'> {
  const [run] = below(rows, items.REENCRYPTION_SORT);
  return {
    sources: below(rows, items.SOURCE_PREFIX)
      .map((row) => items.toRecord<SourceRecord>(row))
      .filter((source) => source.removedAt === null),
    holds: below(rows, items.HOLD_PREFIX)
      .map((row) => items.toRecord<HoldRecord>(row))
      .filter((hold) => hold.releasedAt === null),
    reencryption: run ? items.toRecord<ReencryptionRecord>(run) : null,
  };
}
