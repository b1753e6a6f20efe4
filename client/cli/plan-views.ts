// SPDX-License-Identifier: Apache-2.0
// Plans and capacity as people read them.
import type { ResponseOf } from '../sdk/index.ts';
import { type Cell, renderFields, renderTable } from './table.ts';

type Plan = ResponseOf<'createPlan'>;
type Capacity = ResponseOf<'readCapacity'>;
type Width = number | undefined;

const usd = (amount: number) => `$${amount.toFixed(2)}`;

function fieldsOf(plan: Plan): [string, Cell][] {
  const { versions, capacity, cost, waits, start, approvals } = plan;
  return [
    ['key', plan.key],
    ['operation', plan.operation],
    ['current version', `v${versions.current.version} (${versions.current.keyId})`],
    ['new version', `v${versions.next}`],
    ['readable after it', versions.readable.map((version) => `v${version}`).join(', ')],
    ['settles for', `${waits.settleSeconds} s`],
    ['waits for consumers', `up to ${waits.acknowledgementSeconds} s, then ${waits.onDeadline}`],
    ['bakes for', `${waits.bakeSeconds} s`],
    ['HSM capacity after it', `${capacity.versionsAfter} of ${capacity.holds}`],
    ['cost a month', `${usd(cost.usdPerMonthNow)} now, ${usd(cost.usdPerMonthAfter)} after it`],
    ['approvals', approvals.map((one) => `${one.act}: ${one.required} of ${one.of}`).join(', ')],
    ['by schedule not before', start.bySchedule],
    ...plan.warnings.map((warning): [string, Cell] => ['warning', warning]),
    ['digest', plan.digest],
  ];
}

/** A plan: what it is about, then what it touches. */
export function viewPlan(plan: Plan, width: Width): string {
  const aliases = plan.aliases.map(({ alias, act, from }) => [alias, act, from && `v${from}`]);
  const calls = plan.kmsCalls.map(({ call, count, seconds }) => [call, count, seconds]);
  const consumers = plan.consumers.map((one) => [
    one.name,
    one.kind,
    one.mustAcknowledge ? one.mode : 'not asked',
    one.isBehind ? 'yes' : 'no',
    one.holdsOldVersion ? 'yes' : 'no',
  ]);
  const counts = plan.ciphertexts.map((one) => [one.source, `v${one.version}`, one.count]);
  return [
    renderFields(fieldsOf(plan), width),
    renderTable(['alias', 'act', 'from'], aliases, width),
    ...(consumers.length > 0
      ? [renderTable(['consumer', 'kind', 'answers by', 'behind', 'bound'], consumers, width)]
      : []),
    ...(counts.length > 0
      ? [renderTable(['source', 'version', 'ciphertexts'], counts, width)]
      : []),
    renderTable(['kms call', 'count', 'seconds of our share'], calls, width),
  ].join('\n\n');
}

/** What a KMS key is, and what was found. */
export function viewAdoption(report: ResponseOf<'createAdoption'>, width: Width): string {
  const fields = renderFields(
    [
      ['kms key', report.keyId],
      ['state', `${report.state}, ${report.keySpec} for ${report.usage}`],
      ['origin', report.origin],
      ['key store', report.keyStoreId],
      ['aliases', report.aliases.join(', ')],
      ['grants', report.grants],
      ['last used', report.lastUsedAt],
      ['created', report.createdAt],
      ...report.access.map(({ principal, rights }): [string, Cell] => [
        'access',
        `${principal} ${rights.join(', ')}`,
      ]),
      ['can be adopted', report.isAdoptable ? 'yes' : 'no'],
    ],
    width,
  );
  if (report.findings.length === 0) return fields;
  const rows = report.findings.map(({ weight, code, accept, detail }) => [
    weight,
    code,
    accept,
    detail,
  ]);
  return `${fields}\n\n${renderTable(['weight', 'finding', 'to accept', 'detail'], rows, width)}`;
}

/** How full a key store is, by class. */
export function viewCapacity(capacity: Capacity, width: Width): string {
  const rows = capacity.classes.map((one) => [
    one.class,
    one.keys,
    one.versions,
    one.versionsKeptPerKey,
    one.versionsWhenSteady,
    one.versionsPerDay.toFixed(1),
  ]);
  const titles = ['class', 'keys', 'versions', 'kept per key', 'when steady', 'a day'];
  const fields = renderFields(
    [
      ['key store', capacity.keyStore],
      ['cluster holds', `${capacity.holds} keys (${capacity.hsmType})`],
      ['versions now', capacity.versions],
      ['free', capacity.free],
      ['versions when steady', capacity.versionsWhenSteady],
      ['feasible', capacity.isFeasible ? 'yes' : 'no: the classes keep more than fits'],
      ['full at', capacity.fullAt],
    ],
    width,
  );
  return rows.length > 0 ? `${fields}\n\n${renderTable(titles, rows, width)}` : fields;
}
