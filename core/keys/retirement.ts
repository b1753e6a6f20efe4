// SPDX-License-Identifier: Apache-2.0
// The conditions under which a replaced version may be destroyed (requirement R4): evidence, never time alone. Pure,
// so that the same judgement is made before the evidence is stored and again inside the transaction that believes it.
import type { RetirementConditionName } from '../contract/vocabulary.ts';
import type { LastUse } from '../ports/key-vault.ts';
import type { KeySnapshot } from '../ports/ledger.ts';
import type { Instant, VersionRecord } from './records.ts';
import type { SourceRecord } from './reencryption.ts';
import { sharingKey } from './sharing.ts';

const DAY_MILLISECONDS = 86_400_000;
/** Days without use where the class says nothing. */
export const DEFAULT_QUIET_DAYS = 30;

export interface RetirementCondition {
  readonly name: RetirementConditionName;
  readonly isMet: boolean;
  /** What was found, for people and for the evidence. */
  readonly found: string;
}

export interface RetirementFacts {
  readonly snapshot: KeySnapshot;
  readonly version: VersionRecord;
  /** What the vault says; null when it was not asked, which meets no condition. */
  readonly lastUse: LastUse | null;
  readonly quietDays: number;
  readonly now: Instant;
}

type Judge = (facts: RetirementFacts) => Omit<RetirementCondition, 'name'>;

const later = (from: Instant, days: number): Instant =>
  new Date(Date.parse(from) + days * DAY_MILLISECONDS).toISOString();

const listed = (names: readonly string[]) => names.slice(0, 5).join(', ');

function replaced({ snapshot, version }: RetirementFacts) {
  const heir = sharingKey(snapshot.versions, version).find(
    ({ version: number }) => number > version.version,
  );
  if (heir)
    return {
      isMet: false,
      found: `version ${version.version} is one KMS key with version ${heir.version}: it goes with it`,
    };
  const { destruction } = version;
  if (destruction && destruction.phase !== 'stopped')
    return { isMet: false, found: `version ${version.version} is being destroyed` };
  const isMet = version.state === 'deactivated' && version.version !== snapshot.key.currentVersion;
  return {
    isMet,
    found: `version ${version.version} is ${version.substate === 'bound' ? 'bound' : version.state}`,
  };
}

/** Why a source does not prove that it holds nothing of the version; null when it does. */
function objection(source: SourceRecord, { snapshot, version }: RetirementFacts): string | null {
  const { count, location, name } = source;
  if (location.kind === 'none') return null;
  if (count === null) return `${name} was never counted`;
  // A count that began before the version was restricted may have missed what was written behind it.
  if (version.deactivatedAt === null || count.startedAt <= version.deactivatedAt)
    return `${name} was counted before the version was replaced`;
  // Older versions of the same KMS key go with it: what they wrote is lost as well.
  const left = sharingKey(snapshot.versions, version)
    .map((one) => count.byVersion[one.version] ?? 0)
    .reduce((sum, one) => sum + one, 0);
  if (left > 0) return `${name} holds ${left} ciphertexts`;
  return count.dead > 0 ? `${name} holds ${count.dead} ciphertexts of unknown version` : null;
}

function noCiphertexts(facts: RetirementFacts) {
  const { sources } = facts.snapshot;
  if (sources.length === 0) {
    return {
      isMet: false,
      found: 'no source is registered; one of kind none declares that nothing is stored',
    };
  }
  const objections = sources.flatMap((source) => objection(source, facts) ?? []);
  const isMet = objections.length === 0;
  return { isMet, found: isMet ? `0 in ${sources.length} sources` : objections.join('; ') };
}

function copiesExpired({ snapshot, now }: RetirementFacts) {
  const kept = snapshot.sources.flatMap(({ name, copies, count }) =>
    copies.flatMap(({ kind, retentionDays }) => {
      const until = count && later(count.endedAt, retentionDays);
      return until !== null && until <= now
        ? []
        : [`${kind} of ${name} until ${until ?? 'counted'}`];
    }),
  );
  return { isMet: kept.length === 0, found: kept.length === 0 ? 'none is left' : kept.join('; ') };
}

function notUsed({ lastUse, quietDays, now }: RetirementFacts) {
  if (lastUse === null) return { isMet: false, found: 'the last use is not known' };
  if (lastUse.at === null) {
    return { isMet: true, found: `no use since ${lastUse.trackedSince ?? 'it was made'}` };
  }
  const until = later(lastUse.at, quietDays);
  return {
    isMet: until <= now,
    found: `last used at ${lastUse.at} (${lastUse.operation ?? 'unknown'}); quiet from ${until}`,
  };
}

function consumersMoved({ snapshot, version }: RetirementFacts) {
  const behind = snapshot.consumers.filter(
    ({ kind, acknowledgement, acknowledgedVersion, lastSeenVersion }) =>
      kind !== 'aws-service' &&
      ((lastSeenVersion !== null && lastSeenVersion <= version.version) ||
        (acknowledgement.mode !== 'wait' && (acknowledgedVersion ?? 0) <= version.version)),
  );
  const isMet = behind.length === 0;
  const all = snapshot.consumers.length;
  const names = listed(behind.map(({ name }) => name));
  return {
    isMet,
    found: isMet ? `all ${all} moved on` : `${behind.length} of ${all} did not move on: ${names}`,
  };
}

function noHold({ snapshot, now }: RetirementFacts) {
  const holding = snapshot.holds.filter(({ until }) => until === null || until > now);
  const names = listed(holding.map(({ name }) => name));
  return { isMet: holding.length === 0, found: holding.length === 0 ? 'none' : `held by ${names}` };
}

function noBinding({ snapshot, version }: RetirementFacts) {
  const bound = snapshot.consumers.filter(
    ({ boundKeyArn }) => boundKeyArn !== null && boundKeyArn === version.keyArn,
  );
  const names = listed(bound.map(({ name }) => name));
  return { isMet: bound.length === 0, found: bound.length === 0 ? 'none' : `bound by ${names}` };
}

const JUDGES: Readonly<Record<RetirementConditionName, Judge>> = {
  replaced,
  'no-ciphertexts': noCiphertexts,
  'copies-expired': copiesExpired,
  'not-used': notUsed,
  'consumers-moved': consumersMoved,
  'no-hold': noHold,
  'no-binding': noBinding,
};

/** Every condition, in a fixed order. */
export function judgeConditions(facts: RetirementFacts): readonly RetirementCondition[] {
  return Object.entries(JUDGES).map(([name, judge]) => ({
    name: name as RetirementConditionName,
    ...judge(facts),
  }));
}
