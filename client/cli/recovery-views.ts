// SPDX-License-Identifier: Apache-2.0
// How recoveries look: the one table, and the report of one.
import type { ResponseOf } from '../sdk/index.ts';
import { renderFields, renderTable } from './table.ts';

type Recovery = ResponseOf<'getRecovery'>;
type Width = number | undefined;

const seconds = (value: number | null) => (value === null ? '…' : `${value.toFixed(1)} s`);

export function viewRecoveries(recoveries: readonly Recovery[], width: Width): string {
  const titles = ['id', 'kind', 'state', 'phase', 'took', 'missing'];
  const rows = recoveries.map((one) => [
    one.id,
    one.kind,
    one.state,
    one.phase,
    seconds(one.recoverySeconds),
    String(one.survey.missingCount),
  ]);
  return renderTable(titles, rows, width);
}

function viewMissing({ survey }: Recovery, width: Width): string {
  if (survey.missing.length === 0) return '';
  const rows = survey.missing.map((one) => [
    `${one.key} v${one.version}`,
    one.keyId,
    one.isAfterBackup ? 'made after the backup' : one.why,
  ]);
  return `\n\n${renderTable(['does not open', 'KMS key', 'why'], rows, width)}`;
}

export function viewRecovery(one: Recovery, width: Width): string {
  const { survey, diagnosis } = one;
  const found = diagnosis
    ? `${diagnosis.connectionState} ${diagnosis.connectionError ?? ''}, cluster ${diagnosis.clusterState ?? 'gone'}, ${diagnosis.activeHsms} HSMs`
    : null;
  const fields = renderFields(
    [
      ['id', one.id],
      ['kind', one.kind],
      ['state', one.state],
      ['phase', one.phase],
      ['cause', one.cause],
      ['key store', one.keyStore],
      ['found', found],
      ['backup', one.backupId && `${one.backupId} of ${one.backupAt ?? 'unknown'}`],
      ['cluster', one.clusterId],
      ['approved by', one.approvalId ?? `nobody: ${one.requestedBy} acted alone`],
      ['review', one.approvalId === null ? (one.isReviewOpen ? 'open' : 'closed') : null],
      ['took', seconds(one.recoverySeconds)],
      [
        'versions',
        `${survey.readable} of ${survey.checked} open, ${survey.missingCount} missing, ${survey.unverified} unverified`,
      ],
    ],
    width,
  );
  const phases = renderTable(
    ['phase', 'began', 'took'],
    one.phases.map((phase) => [phase.name, phase.startedAt, seconds(phase.seconds)]),
    width,
  );
  const risen = survey.resurrected.map(({ key, version }) => `${key} v${version}`).join(', ');
  const { deletion, keyStore } = one;
  const task = deletion
    ? `\ntask ${deletion.task} is ${deletion.state}${deletion.state === 'open' ? `\n  next: keyturn key-store tasks ${keyStore}` : ''}`
    : '';
  const warned = risen && `\n\nin the restored HSMs again, though destroyed: ${risen}${task}`;
  return `${fields}\n\n${phases}${viewMissing(one, width)}${warned}`;
}
