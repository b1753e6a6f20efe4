// SPDX-License-Identifier: Apache-2.0
// One look at a drill: reads CloudHSM as it is and does the one thing that is missing, whose intent is recorded first.
// So of two looks at once one alone asks for a cluster or an HSM. Whatever fails, the clusters it made and their backups
// are removed before it ends.
import type { DrillPhase } from '../contract/drills.ts';
import { isError, precondition } from '../errors.ts';
import type { Instant } from '../keys/records.ts';
import { later } from '../operations/admit-operation.ts';
import type { DrillBackup, DrillCluster, DrillNotices, DrillSite } from '../ports/drill-site.ts';
import {
  commitDraft,
  type DrillDraft,
  type DrillStore,
  failure,
  intoPhase,
} from './drill-record.ts';
import type { DrillRecord } from './records.ts';
import { drillTag } from './start-drill.ts';

export interface AdvanceDrillDeps extends DrillStore {
  readonly site: DrillSite;
  readonly notices: DrillNotices;
  /** Seconds that CloudHSM may take for one phase. */
  readonly patienceSeconds: number;
  /** Seconds after the end of its clusters in which a last backup of them may still show itself. */
  readonly settleSeconds: number;
}

/** An HSM administrator lists the keys in so long; the HSM costs all the while. */
export const LIST_SECONDS = 86_400;
/** A cluster or an HSM that was asked for is seen sooner than this; later on it is asked for again. */
const ASK_AGAIN_SECONDS = 600;

interface Move extends DrillDraft {
  /** What is asked of CloudHSM once that is recorded. */
  readonly ask?: (site: DrillSite) => Promise<void>;
}
/** Null: nothing changed, and it is looked at again. */
type Step = (deps: AdvanceDrillDeps, drill: DrillRecord, now: Instant) => Promise<Move | null>;

const isOver = (since: Instant, seconds: number, now: Instant) => later(since, seconds) <= now;
const mayAsk = ({ askedAt }: DrillRecord, now: Instant) =>
  askedAt === null || isOver(askedAt, ASK_AGAIN_SECONDS, now);

const moved = (
  drill: DrillRecord,
  to: DrillPhase,
  now: Instant,
  patch: Partial<DrillRecord> = {},
): Move => ({
  action: 'drill.progressed',
  patch: { ...patch, ...intoPhase(drill, to, now) },
  detail: { from: drill.phase, to },
});

const idsWith = ({ clusterIds }: DrillRecord, clusters: readonly DrillCluster[]) =>
  [...new Set([...clusterIds, ...clusters.map(({ id }) => id)])].sort();

const findBackup: Step = async ({ site }, drill, now) => {
  const backup = await site.newestBackup(drill.sourceClusterId);
  if (!backup)
    return failure(
      drill,
      `CloudHSM has no backup of ${drill.sourceClusterId} that can be restored`,
      now,
    );
  return moved(drill, 'create-cluster', now, { backupId: backup.id, backupAt: backup.at });
};

const createCluster: Step = async ({ site }, drill, now) => {
  // CreateCluster has no client token: one that was made is found by its tag.
  const made = await site.clustersOf(drillTag(drill));
  if (made.length > 0) return moved(drill, 'start-hsm', now, { clusterIds: idsWith(drill, made) });
  if (!mayAsk(drill, now)) return null;
  return {
    action: 'drill.cluster-intended',
    patch: { askedAt: now },
    detail: { backupId: drill.backupId },
    ask: (asked) => asked.createCluster(drill.backupId ?? '', drillTag(drill)),
  };
};

const startHsm: Step = async ({ site }, drill, now) => {
  const [cluster] = await site.clustersOf(drillTag(drill));
  if (!cluster) return null;
  const there = cluster.hsms.filter(({ state }) => state !== 'DELETE_IN_PROGRESS');
  const isUp = ['ACTIVE', 'INITIALIZED'].includes(cluster.state);
  if (isUp && there.some(({ state }) => state === 'ACTIVE')) return moved(drill, 'list-keys', now);
  // A cluster made of a backup takes its content with its first HSM.
  const takesHsm = isUp || cluster.state === 'UNINITIALIZED';
  if (there.length > 0 || !takesHsm || !mayAsk(drill, now)) return null;
  return {
    action: 'drill.hsm-intended',
    patch: { askedAt: now },
    detail: { clusterId: cluster.id },
    ask: (asked) => asked.createHsm(cluster.id),
  };
};

/** The list comes by `reportDrillKeys`; here it is only waited for. */
const listKeys: Step = async (_deps, drill, now) =>
  isOver(phaseStart(drill), LIST_SECONDS, now)
    ? failure(drill, `no HSM administrator listed the keys in ${LIST_SECONDS / 3600} hours`, now)
    : null;

/** @returns why CloudHSM refuses; null when it does as asked. The next look sees what is left, and asks for it again. */
async function refusalOf(call: () => Promise<void>): Promise<string | null> {
  try {
    await call();
    return null;
  } catch (error) {
    if (isError(error, 'KeyStoreUnavailable')) return error.message;
    throw error;
  }
}

const isPassing = ({ state }: { readonly state: string }) => state.endsWith('_IN_PROGRESS');

/** What can be ended now: HSMs, then the cluster that has none, then the backups of clusters that are gone. */
function endsOf(
  site: DrillSite,
  clusters: readonly DrillCluster[],
  backups: readonly DrillBackup[],
): readonly (() => Promise<void>)[] {
  const hsms = clusters.flatMap(({ id, hsms: all }) =>
    all.filter((hsm) => !isPassing(hsm)).map((hsm) => () => site.deleteHsm(id, hsm.id)),
  );
  const empty = clusters.filter((one) => one.hsms.length === 0 && !isPassing(one));
  const ready = backups.filter(({ state }) => state === 'READY');
  return [
    ...hsms,
    ...empty.map(
      ({ id }) =>
        () =>
          site.deleteCluster(id),
    ),
    ...ready.map(
      ({ id }) =>
        () =>
          site.deleteBackup(id),
    ),
  ];
}

/** Asks for all that can be ended, and tells what was refused unless it was told before. */
async function ended(
  drill: DrillRecord,
  ends: readonly (() => Promise<void>)[],
): Promise<Move | null> {
  const refusals: string[] = [];
  for (const end of ends) {
    const refusal = await refusalOf(end);
    if (refusal !== null) refusals.push(refusal);
  }
  const [refusal] = refusals;
  if (refusal === undefined || refusal === drill.removalRefusal) return null;
  return {
    action: 'drill.removal-refused',
    patch: { removalRefusal: refusal },
    detail: { cause: refusal },
  };
}

/** Ends are asked for as often as something is there: asked twice, the same thing ends once. */
const remove: Step = async ({ site, settleSeconds }, drill, now) => {
  const clusters = await site.clustersOf(drillTag(drill));
  precondition(
    clusters.every(({ id }) => id !== drill.sourceClusterId),
    'the cluster of the key store has no tag of a drill',
  );
  const clusterIds = idsWith(drill, clusters);
  const detail = { clusters: clusterIds.length };
  if (clusterIds.length > drill.clusterIds.length)
    return { action: 'drill.cluster-found', patch: { clusterIds }, detail };
  if (clusters.length > 0) return ended(drill, endsOf(site, clusters, []));
  if (clusterIds.length > 0 && drill.goneAt === null)
    return { action: 'drill.clusters-gone', patch: { goneAt: now }, detail };
  const left = clusterIds.length > 0 ? await site.backupsOf(clusterIds) : [];
  const isLeft = left.some((one) => one.state === 'READY' || isPassing(one));
  if (isLeft) return ended(drill, endsOf(site, [], left));
  const mayShow = wasAsked(drill) && !isOver(drill.goneAt ?? phaseStart(drill), settleSeconds, now);
  return mayShow ? null : moved(drill, 'await-custodians', now, { removalRefusal: null });
};

/** Something may have been made that CloudHSM has not shown yet. */
const wasAsked = ({ phases }: DrillRecord) => phases.some(({ name }) => name === 'create-cluster');

const awaitCustodians: Step = async (_deps, drill, now) => {
  const answers = drill.custodians.filter(({ answeredAt }) => answeredAt !== null).length;
  if (answers < drill.custodians.length && drill.answerUntil > now) return null;
  const causes =
    answers >= drill.required
      ? drill.causes
      : [
          ...drill.causes,
          `${answers} custodians answered in time, and a recovery takes ${drill.required}`,
        ];
  const state = causes.length === 0 ? 'passed' : 'failed';
  return {
    action: `drill.${state}`,
    patch: { state, causes, endedAt: now, ...intoPhase(drill, 'done', now) },
    detail: { answers, cause: causes[0] ?? null },
  };
};

const STEPS: Readonly<Record<Exclude<DrillPhase, 'done'>, Step>> = {
  'find-backup': findBackup,
  'create-cluster': createCluster,
  'start-hsm': startHsm,
  'list-keys': listKeys,
  remove,
  'await-custodians': awaitCustodians,
};

/** Phases in which CloudHSM is waited for, and given up on. */
const HASTY: readonly DrillPhase[] = ['find-backup', 'create-cluster', 'start-hsm'];

/** When the present phase began. */
export function phaseStart({ phases, startedAt }: DrillRecord): Instant {
  return phases.at(-1)?.startedAt ?? startedAt;
}

const ACTOR = {
  by: 'schedule/watch-drills',
  decision: { effect: 'permit' as const, rule: 'drills-look-and-do-what-is-missing' },
};

/** Tells who was not told yet. Who cannot be told now is told by a later look. */
async function tellCustodians(deps: AdvanceDrillDeps, drill: DrillRecord): Promise<DrillRecord> {
  const { id: drillId, keyStore, answerUntil } = drill;
  const told: string[] = [];
  for (const { sub, toldAt, answeredAt } of drill.custodians) {
    if (toldAt !== null || answeredAt !== null || answerUntil <= deps.clock.now()) continue;
    const hasTold = await deps.notices
      .tell(sub, { drillId, keyStore, answerUntil })
      .catch((error: unknown) => {
        if (isError(error, 'DependencyUnavailable', 'Throttled')) return false;
        throw error;
      });
    if (hasTold) told.push(sub);
  }
  if (told.length === 0) return drill;
  const now = deps.clock.now();
  const custodians = drill.custodians.map((one) =>
    told.includes(one.sub) ? { ...one, toldAt: now } : one,
  );
  const draft = {
    action: 'drill.custodians-told',
    patch: { custodians },
    detail: { told: told.length },
  };
  return commitDraft(deps, drill, draft, ACTOR);
}

/** Looks once. @returns the drill as recorded, and whether it is worth looking again at once */
async function look(deps: AdvanceDrillDeps, drill: DrillRecord) {
  if (drill.phase === 'done') return { drill, isMoving: false };
  const now = deps.clock.now();
  const isLate =
    HASTY.includes(drill.phase) && isOver(phaseStart(drill), deps.patienceSeconds, now);
  const late = () =>
    failure(drill, `${drill.phase} took longer than ${deps.patienceSeconds / 60} minutes`, now);
  const move: Move | null = isLate ? late() : await STEPS[drill.phase](deps, drill, now);
  if (!move) return { drill, isMoving: false };
  const next = await commitDraft(deps, drill, move, ACTOR);
  try {
    await move.ask?.(deps.site);
  } catch (error) {
    // Refused for good. What may have been made all the same is found by its tag, and removed.
    if (!isError(error, 'KeyStoreUnavailable')) throw error;
    const refusal = failure(next, error.message, deps.clock.now());
    return { drill: await commitDraft(deps, next, refusal, ACTOR), isMoving: true };
  }
  return { drill: next, isMoving: move.ask === undefined };
}

/** More than there are phases: a look ends by itself. */
const MOST_MOVES = 12;

/**
 * Goes on with the drill that runs, as far as it goes without waiting.
 * @returns the drill as it is then; null when none runs
 * @throws KeyturnError `RevisionConflict` when another look was faster, `DependencyUnavailable`
 */
export async function advanceDrill(deps: AdvanceDrillDeps): Promise<DrillRecord | null> {
  const running = (await deps.drills.listDrills()).find(({ state }) => state === 'running');
  if (!running) return null;
  let drill = await tellCustodians(deps, running);
  for (let moves = 0; moves < MOST_MOVES; moves += 1) {
    const seen = await look(deps, drill);
    drill = seen.drill;
    if (!seen.isMoving) break;
  }
  return drill;
}
