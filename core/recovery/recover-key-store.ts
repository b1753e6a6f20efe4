// SPDX-License-Identifier: Apache-2.0
// One step of the recovery of a key store: looks at CloudHSM and KMS as they are now, does the next thing that is missing,
// and says what the workflow is to do before the next look. Whatever happened meanwhile, a lost HSM too, is seen by the
// look, so any step may run again.
import type { RecoveryPhase } from '../contract/recoveries.ts';
import { KeyturnError } from '../errors.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Clock } from '../ports/platform.ts';
import type { Backup, ClusterView, Connection, RecoverySite } from '../ports/recovery-site.ts';
import { taskIdOf } from '../provisioning/provision-key-store.ts';
import {
  mutateRecovery,
  NOTHING_SURVEYED,
  nextPhase,
  type RecoveryAddress,
  type RecoveryDraft,
} from './key-store-recovery.ts';
import type { RecoveryRecord } from './records.ts';
import { deletionTasks } from './resurrected.ts';

export interface RecoverKeyStoreDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly site: RecoverySite;
  /** Zones that have an HSM each. */
  readonly zones: readonly string[];
  /** Seconds that one phase may take, tasks of people aside. */
  readonly patienceSeconds: number;
}

/** What the workflow does next: look again (at once or later), ask the HSM administrator, survey, or end. */
export type Next = 'look' | 'wait' | 'ask-admin' | 'survey' | 'done';
export interface Outcome {
  readonly next: Next;
  readonly round: number;
  readonly clusterId: string | null;
}

/** What a phase came to: where to go on, or that it is waited for. */
type Move = { readonly to: RecoveryPhase } & Partial<
  Pick<RecoveryDraft, 'patch' | 'keyStore' | 'tasks'>
>;
type Step = (deps: RecoverKeyStoreDeps, recovery: RecoveryRecord) => Promise<Move | Next>;

/** Connection errors that a new password of `kmsuser` mends (KMS developer guide, "Fix a CloudHSM key store"). */
const USER_ERRORS = ['INVALID_CREDENTIALS', 'USER_LOCKED_OUT', 'USER_LOGGED_IN', 'USER_NOT_FOUND'];
/** How often an HSM administrator is asked before the recovery stops instead. */
const MAX_ROUNDS = 3;

const unavailable = (text: string) => new KeyturnError('KeyStoreUnavailable', text);
const isActive = ({ state }: { readonly state: string }) => state === 'ACTIVE';
/** `FAILED` must be disconnected too, before anything of the key store can be changed. */
const isLinked = ({ state }: Connection) => state === 'CONNECTED' || state === 'FAILED';
const isPassing = ({ state }: Connection) => state === 'CONNECTING' || state === 'DISCONNECTING';

function coveredZones({ hsms }: ClusterView, states: readonly string[]): ReadonlySet<string> {
  return new Set(hsms.filter(({ state }) => states.includes(state)).map(({ zone }) => zone));
}

async function diagnose(deps: RecoverKeyStoreDeps, recovery: RecoveryRecord): Promise<Move> {
  const { site } = deps;
  const connection = await site.connection(recovery.keyStoreId);
  const cluster = await site.cluster(recovery.sourceClusterId);
  const activeHsms = cluster?.hsms.filter(isActive).length ?? 0;
  const patch = {
    diagnosis: {
      connectionState: connection.state,
      connectionError: connection.error,
      clusterState: cluster?.state ?? null,
      activeHsms,
    },
  };
  if (recovery.kind === 'key-store.restore') {
    const { id, at } = await backupFor(deps, recovery);
    return { to: 'create-cluster', patch: { ...patch, backupId: id, backupAt: at } };
  }
  // What is there to be stopped is the connection; the cluster may be gone.
  if (recovery.kind === 'key-store.disconnect') return { to: 'disconnect', patch };
  if (!cluster)
    throw unavailable('the cluster of the key store is gone: recover it by key-store.restore');
  if (connection.state === 'CONNECTED') return { to: 'survey', patch };
  return { to: 'start-hsms', patch };
}

/**
 * The backup that was named, or the newest of the cluster that the key store is on. One of a cluster that it left counts
 * only when the present one has none, and only from before it was left: CloudHSM backs a cluster up once more when it is
 * deleted, without what was made since.
 * @throws KeyturnError `KeyStoreUnavailable` when there is no such backup
 */
async function backupFor({ site, ledger }: RecoverKeyStoreDeps, recovery: RecoveryRecord) {
  const { id, keyStore, sourceClusterId, backupId } = recovery;
  const left = (await ledger.readRecoveries(keyStore)).filter((one) => one.id !== id);
  const ids = new Set([sourceClusterId, ...left.map((one) => one.sourceClusterId)]);
  const backups = await site.backupsOf([...ids]);
  const isOfNow = ({ clusterId }: Backup) => clusterId === sourceClusterId;
  const isOfThen = ({ clusterId, at }: Backup) =>
    left.some((one) => one.sourceClusterId === clusterId && at <= one.startedAt);
  const newest = backups.find(isOfNow) ?? backups.find(isOfThen);
  const found = backupId === null ? newest : backups.find((one) => one.id === backupId);
  if (found) return found;
  throw unavailable(
    backupId === null
      ? 'CloudHSM has no backup of the clusters of this key store'
      : `backup ${backupId} is none of this key store, or is not ready`,
  );
}

async function createCluster({ site }: RecoverKeyStoreDeps, recovery: RecoveryRecord) {
  const { id, backupId, clusterId } = recovery;
  if (clusterId !== null) return { to: 'start-hsms' } as const;
  // CreateCluster has no client token: one that an earlier try made is found by its tag.
  const made = (await site.clusterOf(id)) ?? (await site.createCluster(backupId ?? '', id));
  return { to: 'start-hsms', patch: { clusterId: made } } as const;
}

const startHsms: Step = async ({ site, zones }, recovery) => {
  const { clusterId, kind, adminRound, diagnosis } = recovery;
  const cluster = await site.cluster(clusterId ?? '');
  // A cluster that was made just now may not be listed yet.
  if (!cluster || cluster.state === 'CREATE_IN_PROGRESS') return 'wait';
  const started = coveredZones(cluster, ['ACTIVE', 'CREATE_IN_PROGRESS']);
  const lacking = zones.filter((zone) => !started.has(zone));
  const takesHsms = ['INITIALIZED', 'ACTIVE'].includes(cluster.state);
  // The first HSM of a restored cluster brings its content; the others follow.
  const isFirst = cluster.state === 'UNINITIALIZED' && cluster.hsms.length === 0;
  if (takesHsms || isFirst)
    for (const zone of isFirst ? lacking.slice(0, 1) : lacking)
      await site.createHsm(clusterId ?? '', zone);
  const active = coveredZones(cluster, ['ACTIVE']);
  if (!takesHsms || zones.some((zone) => !active.has(zone))) return 'wait';
  const isLockedOut = USER_ERRORS.includes(diagnosis?.connectionError ?? '');
  const needsAdmin = kind === 'key-store.restore' || isLockedOut || adminRound > 1;
  return { to: needsAdmin ? 'reset-kmsuser' : 'disconnect' };
};

const resetKmsUser: Step = async ({ ledger, site, zones }, recovery) => {
  const { id, keyStore, clusterId, adminRound } = recovery;
  const task = (await ledger.readTasks(keyStore)).find(
    (one) => one.id === taskIdOf('reset-kmsuser', id, adminRound),
  );
  if (task?.state !== 'done') return 'ask-admin';
  const cluster = await site.cluster(clusterId ?? '');
  const active = cluster ? coveredZones(cluster, ['ACTIVE']) : new Set<string>();
  // An HSM was lost while the administrator worked.
  return { to: zones.every((zone) => active.has(zone)) ? 'disconnect' : 'start-hsms' };
};

const disconnect: Step = async ({ site }, { keyStoreId, kind }) => {
  const connection = await site.connection(keyStoreId);
  if (isPassing(connection)) return 'wait';
  if (!isLinked(connection)) return { to: kind === 'key-store.disconnect' ? 'done' : 'repoint' };
  await site.disconnect(keyStoreId);
  return 'wait';
};

const repoint: Step = async ({ site }, { keyStoreId, clusterId, kind, adminRound, diagnosis }) => {
  const known = USER_ERRORS.includes(diagnosis?.connectionError ?? '');
  // After a mere loss of connection KMS still has the password, which nobody else knows.
  if (kind === 'key-store.restore' || known || adminRound > 1)
    await site.repoint(keyStoreId, clusterId ?? '');
  return { to: 'connect', keyStore: { clusterId } };
};

const connect: Step = async ({ site }, recovery) => {
  const connection = await site.connection(recovery.keyStoreId);
  if (connection.state === 'CONNECTED') return { to: 'survey' };
  if (isPassing(connection)) return 'wait';
  if (connection.state === 'DISCONNECTED') {
    await site.connect(recovery.keyStoreId);
    return 'wait';
  }
  const error = connection.error ?? 'FAILED';
  const { adminRound } = recovery;
  if (USER_ERRORS.includes(error) && adminRound < MAX_ROUNDS)
    return { to: 'reset-kmsuser', patch: { adminRound: adminRound + 1 } };
  if (error === 'INSUFFICIENT_CLOUDHSM_HSMS') return { to: 'start-hsms' };
  throw unavailable(`the key store does not connect: ${error}; docs/recovery.md says what to do`);
};

const survey: Step = async ({ site, ledger, clock }, recovery) => {
  if (!recovery.survey.isDone) return 'survey';
  const { state } = await site.connection(recovery.keyStoreId);
  if (state === 'CONNECTED' && recovery.kind === 'key-store.restore')
    return { to: 'done', tasks: await deletionTasks(ledger, recovery, clock.now()) };
  if (state === 'CONNECTED') return { to: 'done' };
  // What did not open says nothing then: all keys are looked at again.
  return { to: 'connect', patch: { survey: NOTHING_SURVEYED } };
};

const STEPS: Readonly<Record<Exclude<RecoveryPhase, 'done'>, Step>> = {
  diagnose,
  'create-cluster': createCluster,
  'start-hsms': startHsms,
  'reset-kmsuser': resetKmsUser,
  disconnect,
  repoint,
  connect,
  survey,
};

function requirePatience(deps: RecoverKeyStoreDeps, { phase, phases, clusterId }: RecoveryRecord) {
  const since = phases.at(-1)?.startedAt ?? deps.clock.now();
  const waited = (Date.parse(deps.clock.now()) - Date.parse(since)) / 1000;
  if (waited <= deps.patienceSeconds) return;
  throw unavailable(
    `${phase} of ${clusterId ?? 'the key store'} took longer than ${deps.patienceSeconds} s; see it in CloudHSM, then resume`,
  );
}

function drafted(recovery: RecoveryRecord, move: Move, now: string): RecoveryDraft {
  const { to, patch = {}, keyStore, tasks } = move;
  const phases = nextPhase(recovery, to, now);
  const { missingCount, readable, resurrectedCount } = recovery.survey;
  const isDone = to === 'done';
  const owner = isDone
    ? {
        state: 'done' as const,
        step: recovery.kind === 'key-store.disconnect' ? 'Disconnected' : 'Recovered',
        cause: null,
        endedAt: now,
      }
    : { step: `Recover:${to}` };
  const ended = isDone ? { state: 'done' as const, endedAt: now } : {};
  return {
    patch: { ...patch, phase: to, phases, ...ended },
    keyStore: { ...owner, ...keyStore },
    tasks,
    action: isDone ? 'recovery.completed' : 'recovery.progressed',
    detail: isDone
      ? { kind: recovery.kind, readable, missing: missingCount, resurrected: resurrectedCount }
      : { from: recovery.phase, to },
  };
}

/**
 * Does the next step.
 * @throws KeyturnError `LeaseLost`, `KeyStoreUnavailable` when only a person can help, and what the site answers
 */
export async function recoverKeyStore(
  deps: RecoverKeyStoreDeps,
  at: RecoveryAddress,
): Promise<Outcome> {
  const recovery = await mutateRecovery(deps, at, () => null);
  const said = (one: RecoveryRecord, next: Next): Outcome => ({
    next,
    round: one.adminRound,
    clusterId: one.clusterId,
  });
  if (recovery.phase === 'done' || recovery.state !== 'running') return said(recovery, 'done');
  const came = await STEPS[recovery.phase](deps, recovery);
  if (typeof came !== 'string') {
    const next = await mutateRecovery(deps, at, (found, now) =>
      found.phase === recovery.phase ? drafted(found, came, now) : null,
    );
    return said(next, next.state === 'done' ? 'done' : 'look');
  }
  if (came === 'wait') requirePatience(deps, recovery);
  return said(recovery, came);
}
