// SPDX-License-Identifier: Apache-2.0
// How sources, re-encryption, holds and retirement look as tables.
import type { ResponseOf } from '../sdk/index.ts';
import { renderFields, renderTable } from './table.ts';

type Source = ResponseOf<'putSource'>;
type Hold = ResponseOf<'putHold'>;
type Reencryption = ResponseOf<'getReencryption'>;
type Retirement = ResponseOf<'checkRetirement'>;
type Width = number | undefined;

const versions = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts)
    .map(([version, count]) => `v${version}: ${count}`)
    .join(', ');

export function viewSources({ items }: { items: readonly Source[] }, width: Width): string {
  const titles = ['name', 'kind', 'shards', 'counted', 'ciphertexts', 'dead'];
  const rows = items.map(({ name, location, shards, count }) => [
    name,
    location.kind,
    shards,
    count?.endedAt ?? null,
    count ? versions(count.byVersion) : null,
    count?.dead ?? null,
  ]);
  return renderTable(titles, rows, width);
}

export function viewSource(source: Source, width: Width): string {
  return renderFields(
    [
      ['name', source.name],
      ['key', source.key],
      ['location', JSON.stringify(source.location)],
      ['shards', source.shards],
      ...source.copies.map(
        ({ kind, retentionDays }) => ['copy', `${kind}, ${retentionDays} days`] as const,
      ),
      ['ciphertexts', source.count ? versions(source.count.byVersion) : null],
      ['dead', source.count?.dead ?? null],
    ],
    width,
  );
}

export function viewHolds({ items }: { items: readonly Hold[] }, width: Width): string {
  const rows = items.map((hold) => [hold.name, hold.reason, hold.until, hold.placedBy]);
  return renderTable(['name', 'reason', 'until', 'placed by'], rows, width);
}

export function viewHold(hold: Hold, width: Width): string {
  return renderFields(
    [
      ['name', hold.name],
      ['key', hold.key],
      ['reason', hold.reason],
      ['until', hold.until],
      ['placed by', hold.placedBy],
      ['placed', hold.placedAt],
    ],
    width,
  );
}

export function viewReencryption(run: Reencryption, width: Width): string {
  const head = renderFields(
    [
      ['state', run.state],
      ['operation', run.operationId],
      ['cause', run.cause],
      ['pass', run.pass],
      ['items a second', run.itemsPerSecond && Math.round(run.itemsPerSecond)],
      ['seconds left in pass', run.secondsLeft],
    ],
    width,
  );
  const titles = ['source', 'items', 'expected', 'rewritten', 'changed', 'dead', 'found', 'shards'];
  const rows = run.sources.map((one) => [
    one.source,
    one.items,
    one.expected,
    one.rewritten,
    one.changed,
    one.dead,
    versions(one.byVersion),
    `${one.shardsDone}/${one.shards}`,
  ]);
  const dead = run.deadItems.map(({ source, id, cause }) => [source, id, cause]);
  return [
    head,
    ...(rows.length > 0 ? [renderTable(titles, rows, width)] : []),
    ...(dead.length > 0 ? [renderTable(['source', 'dead item', 'cause'], dead, width)] : []),
  ].join('\n\n');
}

export function viewRetirement(verdict: Retirement, width: Width): string {
  const rows = verdict.conditions.map(({ name, isMet, found }) => [
    isMet ? 'yes' : 'no',
    name,
    found,
  ]);
  const end = renderFields(
    [
      ['ready', verdict.isReady ? 'yes' : 'no'],
      ['evidence', verdict.evidence?.object ?? null],
      ['digest', verdict.evidence?.digest ?? null],
    ],
    width,
  );
  return `${renderTable(['met', 'condition', 'found'], rows, width)}\n\n${end}`;
}
