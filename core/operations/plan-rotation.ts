// SPDX-License-Identifier: Apache-2.0
// Use case: show what a rotation would touch, take and cost. It reads and computes; nothing is written. What is shown
// and what is run are the same records at the same revision, so the digest binds the run to the plan.
import type { KmsBudget } from '../contract/kms-quotas.ts';
import type { Plan } from '../contract/plans.ts';
import { precondition } from '../errors.ts';
import { answering, boundTo, type ConsumerRecord } from '../keys/consumers.ts';
import { versionAlias } from '../keys/naming.ts';
import { strategyOf } from '../keys/origins/all.ts';
import type { Instant, VersionRecord } from '../keys/records.ts';
import { mayProcess } from '../keys/transitions.ts';
import { type Forecast, forecast, requireRoomForVersion } from '../limits/hsm-capacity.ts';
import { DEFAULT_ACKNOWLEDGEMENT } from '../policies/acknowledgement.ts';
import { type ClassPolicy, classOf } from '../policies/classes.ts';
import { nextOpening } from '../policies/schedule.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock } from '../ports/platform.ts';
import { keyNotFound, versionOf } from './mutate-key.ts';
import { type PlanSite, planDigest } from './plan-digest.ts';
import { checkRotatable } from './rotate-key.ts';
import { rotationCalls } from './rotation-calls.ts';

/** A KMS key costs a dollar a month, also a disabled one, until its deletion is scheduled (AWS KMS pricing, 2026-11). */
const USD_PER_KMS_KEY_MONTH = 1;

export interface PlanDeps extends PlanSite {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly stage: string;
  readonly hsmType: string;
  readonly budget: KmsBudget;
}

/** What the parts of a plan are made of. */
interface Facts {
  readonly snapshot: KeySnapshot;
  readonly current: VersionRecord;
  readonly policy: ClassPolicy;
  readonly next: number;
  readonly now: Instant;
}

function consumersOf({ snapshot, current }: Facts): Plan['consumers'] {
  const asked = new Set(answering(snapshot.consumers).map(({ name }) => name));
  const bound = new Set(boundTo(snapshot.consumers, current).map(({ name }) => name));
  return snapshot.consumers.map((consumer) => ({
    name: consumer.name,
    kind: consumer.kind,
    mode: consumer.acknowledgement.mode,
    mustAcknowledge: asked.has(consumer.name),
    isBehind: isBehind(consumer, current.version),
    holdsOldVersion: bound.has(consumer.name),
  }));
}

function isBehind({ lastSeenVersion }: ConsumerRecord, current: number): boolean {
  return lastSeenVersion !== null && lastSeenVersion < current;
}

function waitsOf({ waits }: PlanDeps, { snapshot, policy }: Facts): Plan['waits'] {
  const { windowSeconds, onDeadline } = policy.acknowledgement ?? DEFAULT_ACKNOWLEDGEMENT;
  const isAsked = answering(snapshot.consumers).length > 0;
  const none = { settleSeconds: 0, bakeSeconds: 0 };
  const { settleSeconds, bakeSeconds } = snapshot.key.tier === 'data' ? none : waits;
  const acknowledgementSeconds = isAsked ? windowSeconds : 0;
  return { settleSeconds, bakeSeconds, acknowledgementSeconds, onDeadline };
}

/** A rotation needs nobody's consent; forcing one that consumers hold up does. */
function approvalsOf({ onDeadline, acknowledgementSeconds }: Plan['waits'], policy: ClassPolicy) {
  const canStall = acknowledgementSeconds > 0 && onDeadline === 'wait-for-force';
  return canStall ? [{ act: 'rotation.force', ...policy.quorum }] : [];
}

function aliasesOf(deps: PlanDeps, { snapshot, next }: Facts): Plan['aliases'] {
  const { key } = snapshot;
  if (key.tier === 'data') return [];
  const named = {
    alias: versionAlias(deps.stage, key.name, next),
    act: 'create' as const,
    from: null,
  };
  // In place, the alias leads to the right KMS key already.
  if (newKmsKeys(snapshot) === 0) return [named];
  const moved = [key.alias, ...(key.legacyAliases ?? [])].map((alias) => ({
    alias,
    act: 'move' as const,
    from: key.currentVersion,
  }));
  return [named, ...moved];
}

/** KMS keys, and places in the cluster, that a rotation takes: a data key takes none. */
function newKmsKeys({ key, versions }: KeySnapshot): number {
  if (key.tier === 'data') return 0;
  return strategyOf(key).nextVersion({ key, versions }) === 'in-place' ? 0 : 1;
}

/** KMS bills the first two rotations of a key as it bills keys (AWS KMS pricing). */
const BILLED_ROTATIONS = 2;

type Billed = Pick<VersionRecord, 'keyId' | 'substate'>;

/** What is billed by the month: KMS keys that are not scheduled for deletion, and their first rotations. */
function billedOf(versions: readonly Billed[]): number {
  const materials = new Map<string, number>();
  for (const { keyId, substate } of versions) {
    if (keyId === null || substate === 'destroy-scheduled') continue;
    materials.set(keyId, (materials.get(keyId) ?? 0) + 1);
  }
  const billed = [...materials.values()].map((count) => Math.min(count, 1 + BILLED_ROTATIONS));
  return billed.reduce((sum, count) => sum + count, 0);
}

function costOf({ snapshot }: Facts): Plan['cost'] {
  const { versions, key } = snapshot;
  const billed = billedOf(versions);
  const isInPlace = key.tier === 'kms' && newKmsKeys(snapshot) === 0;
  const rotated: Billed = { keyId: key.currentKeyId, substate: null };
  const after = isInPlace ? billedOf([...versions, rotated]) : billed + newKmsKeys(snapshot);
  return {
    usdPerMonthNow: billed * USD_PER_KMS_KEY_MONTH,
    usdPerMonthAfter: after * USD_PER_KMS_KEY_MONTH,
  };
}

/** What re-encryption will find, as each source was last counted. */
function ciphertextsOf({ snapshot }: Facts): Plan['ciphertexts'] {
  return snapshot.sources.flatMap(({ name: source, count: counted }) => {
    if (!counted) return [];
    return Object.entries(counted.byVersion).map(([version, count]) => ({
      source,
      version: Number(version),
      count,
      countedAt: counted.endedAt,
    }));
  });
}

function warningsOf(consumers: Plan['consumers'], room: Forecast): string[] {
  const named = (wanted: Plan['consumers']) => wanted.map(({ name }) => name).join(', ');
  const behind = consumers.filter((consumer) => consumer.isBehind);
  const holding = consumers.filter((consumer) => consumer.holdsOldVersion);
  return [
    ...(behind.length > 0 ? [`on an older version than the current one: ${named(behind)}`] : []),
    ...(holding.length > 0
      ? [`the old version goes on encrypting until these are moved: ${named(holding)}`]
      : []),
    ...(room.isFeasible
      ? []
      : [
          `the classes keep ${room.versionsWhenSteady} versions, the cluster holds ${room.holds}: it will be full`,
        ]),
  ];
}

async function factsOf(deps: PlanDeps, name: string): Promise<Facts> {
  const snapshot = await deps.ledger.readKey(name);
  if (!snapshot) throw keyNotFound(name);
  checkRotatable(snapshot);
  const { key } = snapshot;
  precondition(key.currentVersion, 'an active key has a current version');
  const policy = classOf(deps.classes, key.class);
  precondition(policy, `class ${key.class} exists`);
  const current = versionOf(snapshot, key.currentVersion);
  return { snapshot, current, policy, next: key.latestVersion + 1, now: deps.clock.now() };
}

function versionsOf({ snapshot, current, next }: Facts): Plan['versions'] {
  const keyId = current.keyId ?? current.dataKey?.keyId;
  precondition(keyId, 'an active version has a KMS key, or is wrapped by one');
  const readable = snapshot.versions.filter(
    (version) => (version.keyId !== null || version.dataKey) && mayProcess(version.state),
  );
  return {
    current: { version: current.version, keyId },
    next,
    readable: [...readable.map(({ version }) => version), next],
  };
}

/**
 * Plans a rotation.
 * @throws KeyturnError `KeyNotFound`, `OperationInProgress`, `TransitionForbidden`, `InfeasiblePolicy`
 */
export async function planRotation(deps: PlanDeps, name: string): Promise<Plan> {
  const facts = await factsOf(deps, name);
  const { snapshot, policy, now } = facts;
  const { keyStore } = snapshot.key;
  const occupancies = await deps.ledger.readOccupancy(keyStore);
  const room = forecast(deps.hsmType, occupancies, deps.classes, now);
  const { tier } = snapshot.key;
  const legacyAliases = snapshot.key.legacyAliases?.length ?? 0;
  const strategy = strategyOf(snapshot.key);
  const isInKeyStore = strategy.keyStore === null;
  if (tier === 'kms' && isInKeyStore) requireRoomForVersion(deps.hsmType, room.versions);
  const consumers = consumersOf(facts);
  const waits = waitsOf(deps, facts);
  const isOldVersionBound = consumers.some(({ holdsOldVersion }) => holdsOldVersion);
  return {
    operation: 'rotate-key',
    key: name,
    revision: snapshot.key.revision,
    digest: planDigest(deps, snapshot),
    plannedAt: now,
    versions: versionsOf(facts),
    aliases: aliasesOf(deps, facts),
    consumers,
    ciphertexts: ciphertextsOf(facts),
    kmsCalls: [
      ...rotationCalls(
        {
          tier,
          isOldVersionBound,
          nextVersion: strategy.nextVersion(snapshot),
          importsMaterial: strategy.importsMaterial,
          isInKeyStore,
          legacyAliases,
        },
        deps.budget,
      ),
    ],
    capacity: {
      keyStore,
      hsmType: deps.hsmType,
      holds: room.holds,
      versionsNow: room.versions,
      versionsAfter: room.versions + newKmsKeys(snapshot),
    },
    cost: costOf(facts),
    approvals: approvalsOf(waits, policy),
    waits,
    start: {
      onDemand: now,
      bySchedule: policy.schedule ? nextOpening(policy.schedule, now) : now,
    },
    warnings: warningsOf(consumers, isInKeyStore ? room : { ...room, isFeasible: true }),
  };
}
