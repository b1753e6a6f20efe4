// SPDX-License-Identifier: Apache-2.0
// How the record of a drill changes: read, decide, and one conditional transaction with its audit record.
import { type AuditEntry, type AuditValue, genesisHash, link } from '../audit/chain.ts';
import type { DrillPhase } from '../contract/drills.ts';
import { KeyturnError } from '../errors.ts';
import type { Instant } from '../keys/records.ts';
import { decidingAgain } from '../operations/decide-again.ts';
import type { Clock, Decision } from '../ports/platform.ts';
import { type DrillChange, type DrillRecord, type Drills, drillStream } from './records.ts';

const MAX_TRIES = 4;

export interface DrillStore {
  readonly drills: Drills;
  readonly clock: Clock;
}

export function drillNotFound(): KeyturnError {
  return new KeyturnError(
    'OperationNotFound',
    'no such drill; "keyturn drill report" shows the last one',
  );
}

/** What a change is made of. */
export interface DrillDraft {
  readonly action: string;
  readonly patch: Partial<DrillRecord>;
  readonly detail?: Readonly<Record<string, AuditValue>>;
}

export interface DrillActor {
  readonly by: string;
  readonly decision: Decision;
}

type Unlinked = Omit<DrillRecord, 'revision' | 'auditHead'>;

/** The transaction that makes `next` of what is there. */
export function drillChange(
  before: Pick<DrillRecord, 'revision' | 'auditHead'> | null,
  next: Unlinked,
  entry: Omit<AuditEntry, 'operationId'>,
): DrillChange {
  const stream = drillStream(next.id);
  const head = before
    ? { sequence: before.revision, hash: before.auditHead }
    : { sequence: 0, hash: genesisHash(stream) };
  const audit = link(stream, head, { ...entry, operationId: null });
  const drill = { ...next, revision: audit.sequence, auditHead: audit.hash };
  return { expectedRevision: before?.revision ?? null, drill, audit };
}

/**
 * Commits one decision on what was read. @throws KeyturnError `RevisionConflict` when another was faster
 */
export async function commitDraft(
  { drills, clock }: DrillStore,
  before: DrillRecord,
  draft: DrillDraft,
  { by, decision }: DrillActor,
): Promise<DrillRecord> {
  const { action, detail = {} } = draft;
  const entry = { at: clock.now(), actor: by, action, decision, detail };
  const change = drillChange(before, { ...before, ...draft.patch }, entry);
  await drills.commitDrill(change);
  return change.drill;
}

/**
 * Reads, decides, commits; decides again when the record moved meanwhile.
 * @param decide null: it is so already
 * @throws KeyturnError `OperationNotFound`, and what `decide` throws
 */
export async function mutateDrill(
  deps: DrillStore,
  id: string,
  actor: DrillActor,
  decide: (drill: DrillRecord, now: Instant) => DrillDraft | null,
): Promise<DrillRecord> {
  return decidingAgain(MAX_TRIES, async () => {
    const before = await deps.drills.readDrill(id);
    if (!before) throw drillNotFound();
    const draft = decide(before, deps.clock.now());
    return draft ? commitDraft(deps, before, draft, actor) : before;
  });
}

/** The change into another phase. What was asked in the one before does not count for the next. */
export function intoPhase(
  { phases }: Pick<DrillRecord, 'phases'>,
  phase: DrillPhase,
  now: Instant,
): Pick<DrillRecord, 'phase' | 'phases' | 'askedAt'> {
  const ended = phases.map((one) => (one.endedAt === null ? { ...one, endedAt: now } : one));
  const next = { name: phase, startedAt: now, endedAt: null };
  return { phase, phases: phase === 'done' ? ended : [...ended, next], askedAt: null };
}

/** A drill that cannot pass any more still removes what it made. */
export function failure(drill: DrillRecord, cause: string, now: Instant): DrillDraft {
  const causes = [...drill.causes, cause];
  return {
    action: 'drill.missed',
    patch: { causes, ...intoPhase(drill, 'remove', now) },
    detail: { phase: drill.phase, cause },
  };
}
