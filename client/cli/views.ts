// SPDX-License-Identifier: Apache-2.0
// How each body of the API looks as a table.
import type { ResponseOf } from '../sdk/index.ts';
import { renderFields, renderTable } from './table.ts';

type Key = ResponseOf<'getKey'>;
type Version = ResponseOf<'listVersions'>['items'][number];
type AuditRecord = ResponseOf<'readAudit'>['items'][number];
type Task = ResponseOf<'listTasks'>['items'][number];
type Width = number | undefined;

function stateOf(item: { state: string; substate: string | null }): string {
  return item.substate ? `${item.state} (${item.substate})` : item.state;
}

export function viewKeys(keys: readonly Key[], width: Width): string {
  // Fits 80 columns for usual names; "key show" has the rest.
  const titles = ['name', 'class', 'owner', 'state', 'version', 'next rotation'];
  const rows = keys.map((key) => [
    key.name,
    key.class,
    key.owner,
    stateOf(key),
    key.currentVersion,
    key.nextRotationAt?.replace(/\.\d+Z$/, 'Z') ?? null,
  ]);
  return renderTable(titles, rows, width);
}

export function viewKey(key: Key, width: Width): string {
  const { account, region, keyStore } = key.location;
  return renderFields(
    [
      ['name', key.name],
      ['state', stateOf(key)],
      ['class', key.class],
      ['owner', key.owner],
      ['purpose', key.purpose],
      ['environment', key.environment],
      ['application', key.application ?? null],
      ['host', key.host ?? null],
      ['tier', key.tier],
      ['parent', key.parent],
      ['current version', key.currentVersion],
      ['alias', key.alias],
      ['location', `${account} ${region} ${keyStore}`],
      ...key.access.map(
        ({ principal, rights }) => ['access', `${principal} ${rights.join(', ')}`] as const,
      ),
      ['operation', key.operationId],
      ['next rotation', key.nextRotationAt],
      ['last rotation', key.lastRotatedAt],
      ['created', key.createdAt],
      ['revision', key.revision],
    ],
    width,
  );
}

export function viewVersions(versions: readonly Version[], width: Width): string {
  const rows = versions.map((version) => [
    `v${version.version}`,
    stateOf(version),
    version.keyId ??
      (version.wrappedBy && `wrapped by ${version.wrappedBy.key} v${version.wrappedBy.version}`),
    version.activatedAt,
    version.deactivatedAt,
  ]);
  return renderTable(['version', 'state', 'kms key', 'active from', 'active until'], rows, width);
}

type Use = ResponseOf<'readUsage'>['items'][number];

export function viewUsage(uses: readonly Use[], width: Width): string {
  const titles = ['version', 'principal', 'encrypts', 'last', 'decrypts', 'last', 'refused'];
  const rows = uses.map((use) => [
    `v${use.version}`,
    use.principal,
    use.encrypts,
    use.lastEncryptAt,
    use.decrypts,
    use.lastDecryptAt,
    use.refusals,
  ]);
  return renderTable(titles, rows, width);
}

type Calendar = ResponseOf<'readCalendar'>;

export function viewCalendar(entries: readonly Calendar['items'][number][], width: Width): string {
  const rows = entries.map((entry) => [
    entry.dueAt.replace(/\.\d+Z$/, 'Z'),
    entry.key,
    entry.class,
    entry.owner,
    entry.because,
  ]);
  return renderTable(['due', 'key', 'class', 'owner', 'because'], rows, width);
}

/** Hours in which more of a class is due than its policy lets begin. */
export function viewCrowded(hours: readonly Calendar['crowded'][number][], width: Width): string {
  const rows = hours.map(({ hour, class: name, due, limit }) => [hour, name, due, limit]);
  return renderTable(['crowded hour', 'class', 'due', 'may begin'], rows, width);
}

export function viewAudit(records: readonly AuditRecord[], width: Width): string {
  const rows = records.map((record) => [
    record.sequence,
    record.at,
    record.actor,
    record.action,
    `${record.decision.effect} (${record.decision.rule})`,
    record.operationId,
  ]);
  return renderTable(['#', 'at', 'actor', 'action', 'decision', 'operation'], rows, width);
}

export function viewOperation(operation: ResponseOf<'getOperation'>, width: Width): string {
  const fields = renderFields(
    [
      ['id', operation.id],
      ['kind', operation.kind],
      ['key', operation.key],
      ['version', operation.version],
      ['state', operation.state],
      ['step', operation.step],
      ['cause', operation.cause],
      ['attempt', operation.attempt],
      ['trigger', operation.trigger],
      ['requested by', operation.requestedBy],
      ['reason', operation.reason],
      ['started', operation.startedAt],
      ['ended', operation.endedAt],
      ['retry at', operation.retryAt],
    ],
    width,
  );
  const steps = operation.timeline.map(({ step, at }) => [step, at]);
  return steps.length > 0
    ? `${fields}\n\n${renderTable(['step', 'reached'], steps, width)}`
    : fields;
}

export function viewKeyStore(store: ResponseOf<'getKeyStore'>, width: Width): string {
  return renderFields(
    [
      ['name', store.name],
      ['state', store.state],
      ['key store', store.keyStoreId],
      ['cluster', store.clusterId],
      ['operation', store.operationId],
    ],
    width,
  );
}

export function viewTasks(tasks: readonly Task[], width: Width): string {
  const rows = tasks.map(({ id, kind, state, createdAt }) => [id, kind, state, createdAt]);
  return renderTable(['task', 'kind', 'state', 'created'], rows, width);
}

/** One task with what its administrator needs while it is open; PEM keeps its line breaks, so that it can be copied. */
export function viewTask(task: Task, width: Width): string {
  const fields = renderFields(
    [
      ['task', task.id],
      ['kind', task.kind],
      ['key store', task.keyStore],
      ['cluster', task.clusterId],
      ['state', task.state],
      ['instructions', task.instructions],
    ],
    width,
  );
  if (task.state !== 'open') return fields;
  if (task.objects.length > 0)
    return `${fields}\n\n${task.objects.map((label) => label.replace(/[^\x20-\x7e]/g, '')).join('\n')}`;
  const pem = task.certificateRequest?.replace(/[^\n\x20-\x7e]/g, '').trim();
  return pem ? `${fields}\n\n${pem}` : fields;
}
