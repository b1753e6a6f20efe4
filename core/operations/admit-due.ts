// SPDX-License-Identifier: Apache-2.0
// Use cases of the sweep on one key: admit a rotation that is due, put it off where the class's windows, freezes or
// hourly limit say so, or tell of the due date ahead. All is decided on the record as it is now: an index entry or an
// event only says where to look.
import { rotationDueAt } from '../keys/due.ts';
import type { Instant } from '../keys/records.ts';
import { type ClassPolicy, classOf, nextNoticeAt } from '../policies/classes.ts';
import { isOpen, nextOpening } from '../policies/schedule.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock, Ids } from '../ports/platform.ts';
import type { StartSlots } from '../ports/start-slots.ts';
import { type Entry, firstEntry, type Placed } from './batches.ts';
import type { Waits } from './begin-operation.ts';
import { mutateKey } from './mutate-key.ts';
import { admitRotation } from './rotate-key.ts';

export interface AdmitDueDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly slots: StartSlots;
  readonly classes: readonly ClassPolicy[];
  readonly waits: Waits;
}

/** Who acts when nobody asked. */
export const SCHEDULE = 'schedule/rotation-sweep';
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

function isDue(snapshot: KeySnapshot, now: Instant): boolean {
  const due = rotationDueAt(snapshot.key);
  return due !== null && due <= now;
}

function policyOf(deps: AdmitDueDeps, snapshot: KeySnapshot): ClassPolicy | undefined {
  return classOf(deps.classes, snapshot.key.class);
}

function nextHour(now: Instant): Instant {
  return new Date((Math.floor(Date.parse(now) / HOUR_MS) + 1) * HOUR_MS).toISOString();
}

/** Why a due rotation has to wait, and until when; null when it may start. */
async function postponement(
  deps: AdmitDueDeps,
  snapshot: KeySnapshot,
  now: Instant,
): Promise<{ until: Instant; why: string } | null> {
  const schedule = policyOf(deps, snapshot)?.schedule;
  if (!schedule) return null;
  const because = snapshot.key.dueBecause;
  // A key that is closed until it has a successor waits for nothing.
  if (because?.trigger === 'compromise') return null;
  const isUrgent = because?.isUrgent === true;
  if (!isUrgent && !isOpen(schedule, now)) {
    const until = nextOpening(schedule, now) ?? new Date(Date.parse(now) + DAY_MS).toISOString();
    return { until, why: 'outside the windows of the class, or in a freeze' };
  }
  const limit = schedule.maxStartsPerHour;
  if (limit === undefined || (await deps.slots.take(snapshot.key.class, now, limit))) return null;
  return { until: nextHour(now), why: `${limit} rotations of the class began in this hour` };
}

async function postpone(
  deps: AdmitDueDeps,
  name: string,
  now: Instant,
  { until, why }: { until: Instant; why: string },
): Promise<void> {
  await mutateKey(deps.ledger, name, (snapshot) => {
    if (!isDue(snapshot, now)) return { draft: null, result: undefined };
    const draft = {
      key: { retryNotBefore: until },
      audit: {
        at: now,
        actor: SCHEDULE,
        action: 'rotation.postponed',
        decision: { effect: 'permit' as const, rule: 'class-schedule' },
        operationId: null,
        detail: { until, why },
      },
    };
    return { draft, result: undefined };
  });
}

/**
 * Does what is due on a key: gives the notice, admits the rotation.
 * @param batchIdFor the batch that runs it, by where it begins; none for an execution of its own
 * @returns the operation as it is to be started, or null when the key is not due, or has to wait for its class's schedule
 * @throws KeyturnError `OperationInProgress`, `TransitionForbidden`, `RevisionConflict` when somebody was faster
 */
export async function admitDue(
  deps: AdmitDueDeps,
  stage: string,
  name: string,
  batchIdFor: (entry: Entry) => string | null = () => null,
): Promise<Placed | null> {
  const now = deps.clock.now();
  const snapshot = await deps.ledger.readKey(name);
  if (!snapshot) return null;
  if (isNoticeDue(snapshot, now)) await giveNotice(deps, name);
  if (!isDue(snapshot, now)) return null;
  const wait = await postponement(deps, snapshot, now);
  if (wait) {
    await postpone(deps, name, now, wait);
    return null;
  }
  const because = snapshot.key.dueBecause ?? null;
  return admitRotation(
    deps,
    {
      name,
      stage,
      trigger: because?.trigger ?? 'schedule',
      requestedBy: SCHEDULE,
      reason: because?.reason ?? 'due by policy',
      decision: { effect: 'permit', rule: 'schedule-rotates-due-keys' },
      claim: null,
      batchId: batchIdFor(firstEntry(snapshot.key)),
    },
    (current) => isDue(current, now),
  );
}

function isNoticeDue({ key }: KeySnapshot, now: Instant): boolean {
  return key.nextNoticeAt != null && key.nextNoticeAt <= now && key.nextRotationAt !== null;
}

/** Tells of the due date once per lead time; leads that passed unnoticed are told as one. */
async function giveNotice(deps: AdmitDueDeps, name: string): Promise<void> {
  await mutateKey(deps.ledger, name, (snapshot) => {
    const now = deps.clock.now();
    const due = snapshot.key.nextRotationAt;
    if (!isNoticeDue(snapshot, now) || due === null) return { draft: null, result: undefined };
    const policy = policyOf(deps, snapshot);
    const daysLeft = Math.max(0, Math.ceil((Date.parse(due) - Date.parse(now)) / DAY_MS));
    const draft = {
      key: { nextNoticeAt: policy ? nextNoticeAt(policy, due, now) : null },
      audit: {
        at: now,
        actor: SCHEDULE,
        action: 'rotation.noticed',
        decision: { effect: 'permit' as const, rule: 'class-notices' },
        operationId: null,
        detail: { dueAt: due, daysLeft, owner: snapshot.key.owner },
      },
    };
    return { draft, result: undefined };
  });
}
