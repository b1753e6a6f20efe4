// SPDX-License-Identifier: Apache-2.0
// Use case: an event from outside says that keys may have to rotate early. It is a hint (threat T15): what it claims
// is read again here, and a claim that does not hold changes nothing. What holds makes the key due, once per event,
// within the class's hourly limit, and not again within its cooldown; then it is admitted like any due key.
import type { Signal } from '../contract/signals.ts';
import { sha256Hex } from '../crypto/hashing.ts';
import { isError } from '../errors.ts';
import type { DueReason, Instant } from '../keys/records.ts';
import { type ClassPolicy, classOf, DEFAULT_MAXIMUM_ENCRYPTIONS } from '../policies/classes.ts';
import type { KeyUseLog } from '../ports/key-use-log.ts';
import type { KeySnapshot } from '../ports/ledger.ts';
import type { Directory, Workflows } from '../ports/platform.ts';
import { type AdmitDueDeps, admitDue } from './admit-due.ts';
import { findClaimed, idempotencyRecord, later } from './admit-operation.ts';
import { batchOfOne, rotationWorkflow } from './batches.ts';
import { mutateKey } from './mutate-key.ts';

export interface SignalDeps extends AdmitDueDeps {
  readonly directory: Directory;
  readonly workflows: Workflows;
  readonly log: Pick<KeyUseLog, 'read'>;
}

/**
 * What an event did to one key. `untrue`: the records do not bear the claim out; `stale`: the key rotated since, or
 * within the cooldown; `capped`: the hour's limit is used up, and the daily sweep finds what stays due.
 */
export type SignalOutcome =
  | 'due'
  | 'repeated'
  | 'untrue'
  | 'stale'
  | 'capped'
  | 'busy'
  | 'not-active';

/** Events that make keys due in one hour where the class sets no limit: more than that is a storm (threat T16). */
const DEFAULT_HOURLY_LIMIT = 100;
/** Without a setting a key rotated within a day is rotated. */
const DEFAULT_COOLDOWN_HOURS = 24;
/** Keys of one departed owner that one event looks at; the daily review finds the rest. */
const MAX_KEYS_OF_OWNER = 1000;
/** Material that ends within so long is replaced at once. */
const EXPIRY_LEAD_SECONDS = 30 * 86_400;
const HOUR_MS = 3_600_000;

/** One key an event is about, and what must be true of it. */
interface Claim {
  readonly key: string;
  readonly reason: DueReason;
  readonly holds: (snapshot: KeySnapshot, policy: ClassPolicy | undefined) => boolean;
}

const reason = (text: string, isUrgent: boolean): DueReason => ({
  trigger: 'event',
  reason: text,
  isUrgent,
});

async function claimsOf(deps: SignalDeps, signal: Signal): Promise<readonly Claim[]> {
  switch (signal.type) {
    case 'personnel.changed':
      return claimsOfDeparture(deps, signal.detail.person);
    case 'dependency.incident':
      return signal.detail.keys.map((key) => ({
        key,
        reason: reason('a dependency was reported as compromised', true),
        holds: () => true,
      }));
    case 'risk.score': {
      const { key, score } = signal.detail;
      return [
        {
          key,
          reason: reason(`risk score ${score}`, true),
          holds: (_snapshot, policy) =>
            score >= (policy?.triggers?.riskThreshold ?? Number.POSITIVE_INFINITY),
        },
      ];
    }
    case 'usage.volume':
      return [await claimOfVolume(deps, signal.detail.key)];
    case 'material.expiring':
      return [claimOfExpiry(signal.detail.key, deps.clock.now())];
    case 'policy.changed':
      return [];
  }
}

/** What is recorded of the import says when it ends; an event about material that stays claims nothing. */
function claimOfExpiry(name: string, now: Instant): Claim {
  return {
    key: name,
    reason: reason('its imported material expires', true),
    holds: ({ key, versions }) => {
      const current = versions.find(({ version }) => version === key.currentVersion);
      const expiresAt = current?.materialExpiresAt ?? null;
      return expiresAt !== null && expiresAt <= later(now, EXPIRY_LEAD_SECONDS);
    },
  };
}

/** Counts are upper bounds, so a key rotates rather early than late. */
async function claimOfVolume(deps: SignalDeps, name: string): Promise<Claim> {
  const uses = await deps.log.read(name);
  return {
    key: name,
    reason: reason('its version protected much', false),
    holds: ({ key }, policy) => {
      const current = uses.filter(({ version }) => version === key.currentVersion);
      const encryptions = current.reduce((sum, { encrypts }) => sum + encrypts, 0);
      return encryptions >= (policy?.triggers?.maximumEncryptions ?? DEFAULT_MAXIMUM_ENCRYPTIONS);
    },
  };
}

/** The directory is the truth about who is there; an event about somebody it still knows claims nothing. */
async function claimsOfDeparture(deps: SignalDeps, person: string): Promise<readonly Claim[]> {
  if (await deps.directory.ownerExists(person)) return [];
  const { items } = await deps.ledger.listKeysOf(
    { kind: 'owner', value: person },
    null,
    MAX_KEYS_OF_OWNER,
  );
  return items.map(({ name }) => ({
    key: name,
    reason: reason('its owner left', false),
    holds: ({ key }) => key.owner === person,
  }));
}

function verdict(
  {
    snapshot,
    claim,
    policy,
  }: { snapshot: KeySnapshot; claim: Claim; policy: ClassPolicy | undefined },
  at: Instant,
  now: Instant,
): Exclude<SignalOutcome, 'due' | 'repeated' | 'capped'> | null {
  const { key } = snapshot;
  if (!claim.holds(snapshot, policy)) return 'untrue';
  if (key.state !== 'active') return 'not-active';
  if (key.lease) return 'busy';
  const rotatedAt = key.lastRotatedAt;
  const cooldownMs = (policy?.triggers?.cooldownHours ?? DEFAULT_COOLDOWN_HOURS) * HOUR_MS;
  const isFresh =
    rotatedAt !== null && (rotatedAt >= at || Date.parse(rotatedAt) + cooldownMs > Date.parse(now));
  return isFresh ? 'stale' : null;
}

async function makeDue(deps: SignalDeps, signal: Signal, claim: Claim): Promise<SignalOutcome> {
  const now = deps.clock.now();
  const idempotency = {
    scope: sha256Hex(`signal\n${signal.source}\n${signal.id}\n${claim.key}`),
    bodyHash: sha256Hex(JSON.stringify(signal.detail)),
  };
  if (await findClaimed(deps.ledger, idempotency)) return 'repeated';
  const known = await deps.ledger.readKey(claim.key);
  if (!known) return 'untrue';
  const policy = classOf(deps.classes, known.key.class);
  const refusal = verdict({ snapshot: known, claim, policy }, signal.at, now);
  if (refusal) return refusal;
  const limit = policy?.schedule?.maxStartsPerHour ?? DEFAULT_HOURLY_LIMIT;
  if (!(await deps.slots.take(`events/${known.key.class}`, now, limit))) return 'capped';
  return mutateKey<SignalOutcome>(deps.ledger, claim.key, (snapshot) => {
    const changed = verdict({ snapshot, claim, policy }, signal.at, now);
    if (changed) return { draft: null, result: changed };
    const draft = {
      key: {
        nextRotationAt: now,
        retryNotBefore: null,
        nextNoticeAt: null,
        dueBecause: claim.reason,
      },
      idempotency: idempotencyRecord(idempotency, signal.id, now),
      audit: {
        at: now,
        actor: `event/${signal.source}`,
        action: 'rotation.due-by-event',
        decision: { effect: 'permit' as const, rule: `signal-${signal.type}` },
        operationId: null,
        detail: {
          event: signal.id,
          type: signal.type,
          reason: claim.reason.reason,
          was: snapshot.key.nextRotationAt,
        },
      },
    };
    return { draft, result: 'due' };
  });
}

async function admitAndStart(deps: SignalDeps, stage: string, key: string): Promise<void> {
  try {
    const placed = await admitDue(deps, stage, key);
    if (!placed) return;
    const { operationId, attempt } = placed.item;
    await deps.workflows.start(
      rotationWorkflow(placed.entry),
      operationId,
      attempt,
      batchOfOne(placed),
    );
  } catch (error) {
    // Somebody was faster, or the start was lost: the sweep finds the key due, or the lease run out.
    if (
      !isError(
        error,
        'OperationInProgress',
        'TransitionForbidden',
        'RevisionConflict',
        'DependencyUnavailable',
      )
    )
      throw error;
  }
}

/**
 * Follows one event.
 * @returns what it did, key by key
 * @throws KeyturnError `IdempotencyKeyReused` when an event's id comes again with another detail
 */
export async function receiveSignal(
  deps: SignalDeps,
  stage: string,
  signal: Signal,
): Promise<Readonly<Record<string, SignalOutcome>>> {
  const outcomes: Record<string, SignalOutcome> = {};
  for (const claim of await claimsOf(deps, signal)) {
    const outcome = await makeDue(deps, signal, claim);
    outcomes[claim.key] = outcome;
    if (outcome === 'due') await admitAndStart(deps, stage, claim.key);
  }
  return outcomes;
}
