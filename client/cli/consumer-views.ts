// SPDX-License-Identifier: Apache-2.0
// Consumers, and the rotations that wait for them, as tables.
import type { ResponseOf } from '../sdk/index.ts';
import { renderFields, renderTable } from './table.ts';

type Consumer = ResponseOf<'getConsumer'>;
type Rotation = ResponseOf<'getRotation'>;
type Width = number | undefined;

const versionOf = (version: number | null) => (version === null ? null : `v${version}`);

/** Behind with a version, or with forgetting what is stopped. */
function laggingOf({ isLagging, stop }: Consumer): string {
  if (stop?.isLagging) return 'not purged';
  return isLagging ? 'yes' : 'no';
}

export function viewConsumers(consumers: readonly Consumer[], width: Width): string {
  const titles = ['consumer', 'owner', 'kind', 'state', 'acknowledged', 'last seen', 'lagging'];
  const rows = consumers.map((consumer) => [
    consumer.name,
    consumer.owner,
    consumer.kind,
    consumer.state,
    versionOf(consumer.acknowledgedVersion),
    versionOf(consumer.lastSeenVersion),
    laggingOf(consumer),
  ]);
  return renderTable(titles, rows, width);
}

function planOf({ mode, waitSeconds, url }: Consumer['acknowledgement']): string {
  if (mode === 'wait') return `counts as ready after ${waitSeconds} s`;
  return url === null ? mode : `${mode} ${url}`;
}

export function viewConsumer(consumer: Consumer, width: Width): string {
  const { delivery, stop } = consumer;
  return renderFields(
    [
      ['consumer', consumer.name],
      ['key', consumer.key],
      ['state', consumer.state],
      ['owner', consumer.owner],
      ['contact', consumer.contact],
      ['access', `${consumer.principal} ${consumer.rights.join(', ')}`],
      ['kind', consumer.kind],
      ['acknowledges by', planOf(consumer.acknowledgement)],
      ['bound to', consumer.boundKeyArn],
      ['acknowledged', versionOf(consumer.acknowledgedVersion)],
      ['acknowledged at', consumer.acknowledgedAt],
      ['last seen on', versionOf(consumer.lastSeenVersion)],
      ['last seen at', consumer.lastSeenAt],
      ['lagging', consumer.isLagging ? 'yes' : 'no'],
      ['last notice', delivery && `${delivery.at} ${delivery.outcome} (${delivery.detail})`],
      ['told of the stop', stop && (stop.toldAt ?? 'not yet')],
      [
        'caches empty',
        stop && (stop.purgedAt ?? (stop.isLagging ? 'not said: lagging' : 'not said')),
      ],
      ['registered', `${consumer.registeredAt} by ${consumer.registeredBy}`],
      ['operation', consumer.operationId],
      ['revision', consumer.revision],
    ],
    width,
  );
}

export function viewRotation(rotation: Rotation, width: Width): string {
  const fields = renderFields(
    [
      ['operation', rotation.operationId],
      ['key', rotation.key],
      ['version', `${versionOf(rotation.previousVersion) ?? '-'} to v${rotation.version}`],
      ['state', rotation.state],
      ['step', rotation.step],
      ['waiting', rotation.isWaiting ? 'yes' : 'no'],
      ['told at', rotation.stagedAt],
      ['deadline', rotation.deadlineAt],
      ['at the deadline', rotation.onDeadline],
    ],
    width,
  );
  if (rotation.consumers.length === 0) return fields;
  const rows = rotation.consumers.map((consumer) => [
    consumer.name,
    consumer.mode,
    consumer.isAcknowledged ? 'yes' : 'no',
    consumer.acknowledgedAt,
    versionOf(consumer.lastSeenVersion),
    consumer.lastSeenAt,
  ]);
  const titles = ['consumer', 'by', 'ready', 'acknowledged at', 'last seen on', 'last seen at'];
  return `${fields}\n\n${renderTable(titles, rows, width)}`;
}
