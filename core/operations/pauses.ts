// SPDX-License-Identifier: Apache-2.0
// Use cases of the pause: an operator stops Keyturn from beginning work on keys by schedule, for some hours. What people
// ask for goes on, and so does what has begun; containment and the use of keys never look at it (threat T16).
import { type AuditEntry, genesisHash, link } from '../audit/chain.ts';
import { KeyturnError } from '../errors.ts';
import type { Instant } from '../keys/records.ts';
import { PAUSE_STREAM, type PauseRecord, type PauseRow, type Pauses } from '../ports/pauses.ts';
import type { Clock, Decision } from '../ports/platform.ts';
import { later } from './admit-operation.ts';
import { decidingAgain } from './decide-again.ts';

export interface PauseDeps {
  readonly pauses: Pauses;
  readonly clock: Clock;
}

/** A weekend. Whoever needs longer says so again. */
export const MOST_PAUSE_HOURS = 72;
const HOUR_SECONDS = 3600;
const MAX_TRIES = 4;
const CLOCKWORK = 'system/pause';

/** Whether it holds at an instant. */
export function isPausing({ until, endedAt }: PauseRecord, now: Instant): boolean {
  return endedAt === null && now < until;
}

/** The pause that holds now; null: none. */
export async function activePause({ pauses, clock }: PauseDeps): Promise<PauseRecord | null> {
  const row = await pauses.readPause();
  return row && isPausing(row.pause, clock.now()) ? row.pause : null;
}

async function commit(
  { pauses }: PauseDeps,
  before: PauseRow | null,
  pause: PauseRecord,
  entry: Pick<AuditEntry, 'at' | 'actor' | 'action' | 'decision'>,
): Promise<PauseRecord> {
  const head = before
    ? { sequence: before.revision, hash: before.auditHead }
    : { sequence: 0, hash: genesisHash(PAUSE_STREAM) };
  const { id, reason, until } = pause;
  const full = { ...entry, operationId: null, detail: { pause: id, reason, until } };
  const audit = link(PAUSE_STREAM, head, full);
  const row = { pause, revision: audit.sequence, auditHead: audit.hash };
  await pauses.commitPause({ expectedRevision: before?.revision ?? null, row, audit });
  return pause;
}

/**
 * What a sweep does first: says whether a pause holds, and records that one has run out.
 * @throws KeyturnError what reads and writes answer: without an answer nothing begins
 */
export async function settlePause(deps: PauseDeps): Promise<PauseRecord | null> {
  return decidingAgain(MAX_TRIES, async () => {
    const row = await deps.pauses.readPause();
    const now = deps.clock.now();
    if (!row || row.pause.endedAt !== null) return null;
    if (isPausing(row.pause, now)) return row.pause;
    const ended = { ...row.pause, endedAt: row.pause.until, endedBy: CLOCKWORK };
    const decision = { effect: 'permit' as const, rule: 'pauses-end-by-the-clock' };
    await commit(deps, row, ended, {
      at: now,
      actor: CLOCKWORK,
      action: 'pause.expired',
      decision,
    });
    return null;
  });
}

export interface StartPauseInput {
  readonly reason: string;
  /** 1 to {@link MOST_PAUSE_HOURS}. */
  readonly hours: number;
  readonly by: string;
  readonly decision: Decision;
}

/** Begins a pause. @throws KeyturnError `TransitionForbidden` while one holds, `RevisionConflict` */
export async function startPause(deps: PauseDeps, input: StartPauseInput): Promise<PauseRecord> {
  const { reason, hours, by, decision } = input;
  return decidingAgain(MAX_TRIES, async () => {
    await settlePause(deps);
    const row = await deps.pauses.readPause();
    const at = deps.clock.now();
    if (row && isPausing(row.pause, at))
      throw new KeyturnError(
        'TransitionForbidden',
        `${row.pause.id} holds until ${row.pause.until}; end it first to begin another`,
        { details: { pause: row.pause.id } },
      );
    const pause: PauseRecord = {
      id: `pause-${(row?.revision ?? 0) + 1}`,
      ...{ reason, by, startedAt: at, until: later(at, hours * HOUR_SECONDS) },
      ...{ endedAt: null, endedBy: null },
    };
    return commit(deps, row, pause, { at, actor: by, action: 'pause.started', decision });
  });
}

export interface EndPauseInput {
  readonly id: string;
  readonly by: string;
  readonly decision: Decision;
}

/** Ends a pause before its time; one that has ended stays as it ended. @throws KeyturnError `PauseNotFound` */
export async function endPause(deps: PauseDeps, input: EndPauseInput): Promise<PauseRecord> {
  return decidingAgain(MAX_TRIES, async () => {
    const row = await deps.pauses.readPause();
    if (row?.pause.id !== input.id)
      throw new KeyturnError('PauseNotFound', 'no such pause; "pause show" says what holds');
    const at = deps.clock.now();
    if (!isPausing(row.pause, at)) return row.pause;
    const ended = { ...row.pause, endedAt: at, endedBy: input.by };
    const { by: actor, decision } = input;
    return commit(deps, row, ended, { at, actor, action: 'pause.ended', decision });
  });
}
