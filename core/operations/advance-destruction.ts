// SPDX-License-Identifier: Apache-2.0
// Use case: what is to be done next for a destruction, by its record and the clock. Waits are rows: whoever looks early
// is told to come again, and whoever looks late loses nothing. It touches no key.

import { destructionOf, isDataTier, isErased, withDestruction } from '../keys/destruction.ts';
import type { DestructionPhase, DestructionRecord } from '../keys/destruction-record.ts';
import { attemptOfMinute } from '../keys/naming.ts';
import type { Instant, VersionRecord } from '../keys/records.ts';
import { judgeConditions } from '../keys/retirement.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock } from '../ports/platform.ts';
import { type Draft, mutateKey } from './mutate-key.ts';
import { activePause, type PauseDeps } from './pauses.ts';

export interface AdvanceDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
}

export const DESTROYER = 'system/destroy-key';

/** What the workflow does next; `rest` ends the execution, and the sweep begins another one when the row is due. */
export interface NextStep {
  readonly step: 'remove' | 'restore' | 'verify' | 'certify' | 'rest';
}

/** What speaks against going on after the quiet period: nobody can waive these. */
const WATCHED = ['no-hold', 'no-binding', 'consumers-moved'];

/** A change of the record, with its audit row. */
export function destructionDraft(
  snapshot: KeySnapshot,
  head: VersionRecord,
  record: DestructionRecord,
  audit: {
    readonly at: Instant;
    readonly actor?: string;
    readonly action: string;
    readonly rule?: string;
    readonly detail?: Readonly<Record<string, string | number | boolean | null>>;
  },
): Draft {
  return {
    versions: withDestruction(snapshot, head, record),
    audit: {
      at: audit.at,
      actor: audit.actor ?? DESTROYER,
      action: audit.action,
      decision: { effect: 'permit', rule: audit.rule ?? 'what-was-approved-is-done' },
      operationId: null,
      detail: { version: head.version, destruction: record.id, ...audit.detail },
    },
  };
}

function objectionsNow(snapshot: KeySnapshot, head: VersionRecord, now: Instant): string[] {
  const facts = { snapshot, version: head, lastUse: null, quietDays: 0, now };
  return judgeConditions(facts)
    .filter(({ name, isMet }) => !isMet && WATCHED.includes(name))
    .map(({ name, found }) => `${name}: ${found}`);
}

const rest = (): NextStep => ({ step: 'rest' });
const go = (step: NextStep['step']): NextStep => ({ step });

/** Whether its certificate is of an earlier phase than it is in. */
const lacksCertificate = ({ certificate, phase }: DestructionRecord) =>
  certificate?.phase !== phase;

function ofTheGone(record: DestructionRecord, now: Instant): NextStep {
  if (lacksCertificate(record)) return go('certify');
  const { phase, backupsUntil } = record;
  if (phase === 'material' && backupsUntil !== null && backupsUntil <= now) return go('verify');
  return rest();
}

/**
 * The next step of a destruction. At the end of the quiet period it decides whether to go on: that is written here.
 * @param isLook true for the first look of an execution: whatever is pending is looked at, also before its time
 * @throws KeyturnError `KeyNotFound`, `DestructionNotFound`
 */
export async function nextDestructionStep(
  deps: AdvanceDeps & PauseDeps,
  target: { readonly key: string; readonly version: number; readonly isLook: boolean },
): Promise<NextStep> {
  const { ledger, clock } = deps;
  const isPaused = (await activePause(deps)) !== null;
  return mutateKey<NextStep>(ledger, target.key, (snapshot) => {
    const now = clock.now();
    const { head, record } = destructionOf(snapshot, target.version);
    switch (record.phase) {
      case 'disabling':
        return { draft: null, result: go('remove') };
      case 'scheduling':
        return { draft: null, result: isPaused ? rest() : go('remove') };
      case 'stopping':
        return { draft: null, result: go('restore') };
      case 'stopped':
        return {
          draft: null,
          result: record.dueAt !== null && record.dueAt <= now ? go('restore') : rest(),
        };
      case 'quiet':
        return afterQuiet(snapshot, head, record, { now, isPaused });
      case 'pending': {
        if (isDataTier(snapshot))
          return beforeErasure(snapshot, head, record, { isLook: target.isLook, now, isPaused });
        const isDue = target.isLook || (record.dueAt ?? now) <= now;
        return { draft: null, result: isDue ? go('verify') : rest() };
      }
      default:
        return { draft: null, result: ofTheGone(record, now) };
    }
  });
}

/** It is taken back when something speaks against it that nobody can waive; null: nothing does. */
function stoppedByObjection(
  snapshot: KeySnapshot,
  head: VersionRecord,
  record: DestructionRecord,
  now: Instant,
): { draft: Draft; result: NextStep } | null {
  const objections = objectionsNow(snapshot, head, now);
  if (objections.length === 0) return null;
  const reason = objections.join('; ');
  return {
    draft: stopDraft(snapshot, head, record, { by: DESTROYER, reason, now }),
    result: go('restore'),
  };
}

/** A pause holds back what brings a destruction on; what takes it back, or finds it done, goes on. */
interface Moment {
  readonly now: Instant;
  readonly isPaused: boolean;
}

/** Tier `data` while it waits: we erase it ourselves, so what speaks against it counts until the end. */
function beforeErasure(
  snapshot: KeySnapshot,
  head: VersionRecord,
  record: DestructionRecord,
  { isLook, now, isPaused }: Moment & { readonly isLook: boolean },
): { draft: Draft | null; result: NextStep } {
  if (isErased(snapshot, head)) return { draft: null, result: go('verify') };
  if ((record.deletionAt ?? now) <= now)
    return (
      stoppedByObjection(snapshot, head, record, now) ?? {
        draft: null,
        result: isPaused ? rest() : go('remove'),
      }
    );
  const isDue = isLook || (record.dueAt ?? now) <= now;
  return { draft: null, result: isDue ? go('verify') : rest() };
}

function afterQuiet(
  snapshot: KeySnapshot,
  head: VersionRecord,
  record: DestructionRecord,
  { now, isPaused }: Moment,
): { draft: Draft | null; result: NextStep } {
  const quietUntil = record.quietUntil ?? now;
  if (quietUntil > now) return { draft: null, result: rest() };
  const objected = stoppedByObjection(snapshot, head, record, now);
  if (objected) return objected;
  // The next sweep behind the pause goes on: the row stays due.
  if (isPaused) return { draft: null, result: rest() };
  const next = { ...record, phase: 'scheduling' as const, dueAt: now };
  const audit = {
    at: now,
    action: 'destruction.schedule-intended',
    detail: { windowDays: record.windowDays, uses: record.uses },
  };
  return { draft: destructionDraft(snapshot, head, next, audit), result: go('remove') };
}

/** It is to be taken back: the intent, before KMS is asked. */
export function stopDraft(
  snapshot: KeySnapshot,
  head: VersionRecord,
  record: DestructionRecord,
  {
    by,
    reason,
    now,
    rule = 'stopping-is-always-allowed',
  }: { by: string; reason: string; now: Instant; rule?: string },
): Draft {
  const stopped = { by, at: now, reason };
  const next = { ...record, phase: 'stopping' as const, stopped, dueAt: now };
  const audit = {
    at: now,
    actor: by,
    rule,
    action: 'destruction.stopped',
    detail: { phase: record.phase, reason },
  };
  return destructionDraft(snapshot, head, next, audit);
}

export interface StartDestructionDeps extends AdvanceDeps {
  readonly workflows: {
    start(
      kind: 'destroy-key',
      operationId: string,
      attempt: number,
      input: Readonly<Record<string, unknown>>,
    ): Promise<void>;
  };
}

/** Most looks of one sweep; the rest comes with the next, the longest overdue first. */
const LIMIT = 100;
const PAUSED_LIMIT = 1000;
/** Phases in which the next thing to do brings it on. */
const HELD_BACK: readonly DestructionPhase[] = ['quiet', 'scheduling'];

/** Begins an execution for each destruction that is due. @returns how many */
export async function resumeDestructions(deps: StartDestructionDeps & PauseDeps): Promise<number> {
  const { ledger, clock } = deps;
  const now = clock.now();
  const isPaused = (await activePause(deps)) !== null;
  // What a pause holds back stays due, and must not stand before what goes on.
  const due = await ledger.listDueDestructions(now, isPaused ? PAUSED_LIMIT : LIMIT);
  for (const { name, version } of due) {
    const found = await ledger.readVersion(name, version);
    if (!found?.destruction?.dueAt || found.destruction.dueAt > now) continue;
    if (isPaused && HELD_BACK.includes(found.destruction.phase)) continue;
    await deps.workflows.start('destroy-key', found.destruction.id, attemptOfMinute(now), {
      key: name,
      version,
    });
  }
  return due.length;
}
