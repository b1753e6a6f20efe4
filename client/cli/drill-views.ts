// SPDX-License-Identifier: Apache-2.0
// How drills look: the one table, and the report of one.
import type { ResponseOf } from '../sdk/index.ts';
import { renderFields, renderTable } from './table.ts';

type Drill = ResponseOf<'getDrill'>;
type Width = number | undefined;

const seconds = (value: number | null) => (value === null ? null : `${value.toFixed(1)} s`);
const reached = ({ custodians: { answered, items, required } }: Drill) =>
  `${answered} of ${items.length} answered, ${required} are needed`;

export function viewDrills(drills: readonly Drill[], width: Width): string {
  const titles = ['id', 'state', 'phase', 'began', 'recovery in', 'missing', 'custodians'];
  const rows = drills.map((one) => [
    one.id,
    one.state,
    one.phase,
    one.startedAt,
    seconds(one.recoverySeconds),
    one.keys === null ? null : String(one.keys.missingCount),
    `${one.custodians.answered}/${one.custodians.items.length}`,
  ]);
  return renderTable(titles, rows, width);
}

function viewVersions(
  title: string,
  versions: NonNullable<Drill['keys']>['missing'],
  width: Width,
) {
  if (versions.length === 0) return [];
  const rows = versions.map(({ key, version, keyId }) => [`${key} v${version}`, keyId]);
  return [renderTable([title, 'KMS key'], rows, width)];
}

/** What is waited for from whoever reads this. */
function nextOf({ id, state, phase, clusterIds }: Drill): readonly string[] {
  if (state !== 'running') return [];
  if (phase === 'list-keys')
    return [
      `next: list the keys of ${clusterIds.join(', ')} as its administrator, then "keyturn drill keys ${id} --file FILE" (docs/recovery.md)`,
    ];
  return [`custodians answer with "keyturn drill answer ${id}"`];
}

export function viewDrill(one: Drill, width: Width): string {
  const { keys, custodians } = one;
  const fields = renderFields(
    [
      ['id', one.id],
      ['state', one.state],
      ['phase', one.phase],
      ...one.causes.map((cause) => ['failed, for', cause] as const),
      ['key store', one.keyStore],
      ['backup', one.backupId && `${one.backupId} of ${one.backupAt ?? 'unknown'}`],
      ['clusters made', one.clusterIds.join(', ')],
      ['not removed, for', one.removalRefusal],
      ['HSM restored in', seconds(one.restoreSeconds)],
      ['quorum in', seconds(one.quorumSeconds)],
      ['recovery in', seconds(one.recoverySeconds)],
      [
        'keys',
        keys &&
          `${keys.found} of ${keys.expected} expected versions found, ${keys.missingCount} missing, ${keys.lingeringCount} destroyed ones still there, ${keys.unknown} unknown`,
      ],
      ['custodians', reached(one)],
      ['answers until', custodians.answerUntil],
    ],
    width,
  );
  const phases = renderTable(
    ['phase', 'began', 'took'],
    one.phases.map((phase) => [phase.name, phase.startedAt, seconds(phase.seconds)]),
    width,
  );
  const people = renderTable(
    ['custodian', 'told at', 'answered at', 'after'],
    custodians.items.map((item) => [
      item.user,
      item.toldAt,
      item.answeredAt,
      seconds(item.answerSeconds),
    ]),
    width,
  );
  const versions = [
    ...viewVersions('missing in the backup', keys?.missing ?? [], width),
    ...viewVersions('destroyed, and in the backup', keys?.lingering ?? [], width),
  ];
  return [fields, phases, people, ...versions, ...nextOf(one)].join('\n\n');
}
