// SPDX-License-Identifier: Apache-2.0
// Use case: a batch of KMS calls that CloudTrail saw becomes counts by version and principal. What Keyturn's own steps
// do with a key (canaries, probes, re-encryption) is not use by anybody. A consumer that encrypts under an older version than
// the one it acknowledged has contradicted itself: its acknowledgement is taken back (fault F10).
import type { KeyUse, UseFailure } from '../contract/key-use-events.ts';
import { isError } from '../errors.ts';
import type { ConsumerRecord } from '../keys/consumers.ts';
import { dataKeyNamed } from '../keys/naming.ts';
import type { Instant, VersionRecord } from '../keys/records.ts';
import type { KeyUseLog, MinuteCount, UseCount } from '../ports/key-use-log.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock } from '../ports/platform.ts';
import { mutateKey } from './mutate-key.ts';
import { isWatched, watchDestruction } from './watch-destruction.ts';
import { isNews, withdrawn } from './withdraw-retirement.ts';

export interface RecordKeyUseDeps {
  readonly ledger: Ledger;
  readonly log: KeyUseLog;
  readonly clock: Clock;
  /** Names of Keyturn's own roles whose use of a key is not counted. */
  readonly ownRoles: readonly string[];
  /** The role of the data plane, which tells its failures itself; absent: nobody does. */
  readonly dataPlaneRole?: string;
}

export interface FoundUse extends KeyUse {
  readonly key: string;
  readonly version: number;
}

/** What a batch came to. */
export interface RecordedUse {
  readonly uses: number;
  readonly unknown: number;
  readonly contradicted: readonly string[];
  /** Keys with refused calls: their bake, if they are in one, is to be judged. */
  readonly failing: readonly string[];
  /** Keys with uses of a version that is being destroyed. */
  readonly leaving: readonly string[];
  /** The uses that were counted, each with its key and version. */
  readonly counted: readonly FoundUse[];
}

const roleNameOf = (arn: string) => /:role\/(?:.*\/)?([\w+=,.@-]+)$/.exec(arn)?.[1] ?? '';
const max = (a: Instant | null, b: Instant) => (a === null || b > a ? b : a);
const minuteOf = (at: Instant) => `${at.slice(0, 16)}:00.000Z`;

async function findVersions(deps: RecordKeyUseDeps, uses: readonly KeyUse[]): Promise<FoundUse[]> {
  const ids = [...new Set(uses.map(({ keyId }) => keyId))];
  const found = await Promise.all(ids.map((id) => deps.ledger.findRecordedKey(id)));
  const versions = new Map(ids.map((id, index) => [id, found[index] ?? null]));
  return uses.flatMap((use) => {
    const version = versions.get(use.keyId);
    return version ? [{ ...use, key: version.name, version: version.version }] : [];
  });
}

/** What was told of data keys: neither of these is a use of a KMS key of its own. */
type DataKeyUse = Omit<FoundUse, 'keyId' | 'context'>;

/** Uses of versions of tier `data`: KMS opened one for somebody, or somebody was refused one that is being destroyed. */
async function findDataKeyUses(
  { ledger }: RecordKeyUseDeps,
  found: readonly FoundUse[],
  failures: readonly UseFailure[],
): Promise<DataKeyUse[]> {
  const named = found.flatMap((use) => {
    const dataKey = use.context ? dataKeyNamed(use.context) : null;
    return dataKey ? [{ use, dataKey, id: `${dataKey.name}#${dataKey.version}` }] : [];
  });
  // A batch has many uses of few versions: each is read once.
  const versions = new Map(
    await Promise.all(
      [...new Map(named.map(({ id, dataKey }) => [id, dataKey]))].map(
        async ([id, { name, version }]) => [id, await ledger.readVersion(name, version)] as const,
      ),
    ),
  );
  const opened = named.flatMap(({ id, use: { key: parent, principal, act, outcome, at } }) => {
    const version = versions.get(id);
    // Whoever asks KMS chooses the words; only the parent can have opened it.
    if (version?.dataKey?.parent !== parent) return [];
    return [{ key: version.name, version: version.version, principal, act, outcome, at }];
  });
  const refused = failures.flatMap(({ key, keyVersion: version, at, principal }) =>
    principal === undefined
      ? []
      : [{ key, version, principal, act: 'decrypt' as const, outcome: 'refused' as const, at }],
  );
  return [...opened, ...refused];
}

function totals(uses: readonly DataKeyUse[]): readonly UseCount[] {
  const counts = new Map<string, UseCount>();
  for (const { key, version, principal, act, outcome, at } of uses) {
    const id = `${key}#${version}#${principal}`;
    const known = counts.get(id);
    const [isEncrypt, isDecrypt] = [act === 'encrypt', act === 'decrypt'];
    const isAllowed = outcome === 'allowed';
    const lastEncryptAt = known?.lastEncryptAt ?? null;
    const lastDecryptAt = known?.lastDecryptAt ?? null;
    counts.set(id, {
      key,
      version,
      principal,
      encrypts: (known?.encrypts ?? 0) + (isAllowed && isEncrypt ? 1 : 0),
      decrypts: (known?.decrypts ?? 0) + (isAllowed && isDecrypt ? 1 : 0),
      refusals: (known?.refusals ?? 0) + (isAllowed ? 0 : 1),
      lastEncryptAt: isAllowed && isEncrypt ? max(lastEncryptAt, at) : lastEncryptAt,
      lastDecryptAt: isAllowed && isDecrypt ? max(lastDecryptAt, at) : lastDecryptAt,
    });
  }
  return [...counts.values()];
}

function minutes(uses: readonly FoundUse[]): readonly MinuteCount[] {
  const counts = new Map<string, MinuteCount>();
  for (const { key, version, outcome, at } of uses) {
    const minute = minuteOf(at);
    const id = `${key}#${version}#${minute}`;
    const known = counts.get(id) ?? { key, version, minute, calls: 0, errors: 0 };
    const errors = known.errors + (outcome === 'refused' ? 1 : 0);
    counts.set(id, { ...known, calls: known.calls + 1, errors });
  }
  return [...counts.values()];
}

/** Failures by minute. */
function failed(failures: readonly UseFailure[]): readonly MinuteCount[] {
  return failures.map(({ key, keyVersion: version, at }) => ({
    key,
    version,
    minute: minuteOf(at),
    calls: 1,
    errors: 1,
  }));
}

/** What a use says of a consumer: the version it runs, and that it does not run the one it acknowledged. */
function seen(consumer: ConsumerRecord, snapshot: KeySnapshot, use: UseCount): ConsumerRecord {
  const at = use.lastEncryptAt;
  if (at === null || (consumer.lastSeenAt !== null && consumer.lastSeenAt >= at)) return consumer;
  const isOlder = use.version < (consumer.acknowledgedVersion ?? 0);
  // A use from before the acknowledgement, or from before the switch, says nothing against it.
  const switchedAt = snapshot.versions.find(
    ({ version }) => version === consumer.acknowledgedVersion,
  )?.activatedAt;
  const isContradiction =
    isOlder &&
    switchedAt != null &&
    at > switchedAt &&
    consumer.acknowledgedAt !== null &&
    at > consumer.acknowledgedAt;
  if (consumer.lastSeenVersion === use.version && !isContradiction) return consumer;
  return {
    ...consumer,
    lastSeenVersion: use.version,
    lastSeenAt: at,
    ...(isContradiction ? { acknowledgedVersion: null, acknowledgedAt: null } : {}),
  };
}

/** True for a use of the version that its mark, where it has one, was not judged on. */
function isNewUse(use: UseCount, version: VersionRecord): boolean {
  if (use.version !== version.version) return false;
  return [use.lastEncryptAt, use.lastDecryptAt].some((at) => at !== null && isNews(version, at));
}

function actionFor(contradicted: readonly string[], versions: readonly VersionRecord[]): string {
  if (contradicted.length > 0) return 'consumer.acknowledgement-contradicted';
  return versions.length > 0 ? 'version.retirement-withdrawn' : 'consumer.seen';
}

/** Records on consumers what their use shows. One audit record for a changed version, none for more of the same. */
async function followConsumers(
  deps: RecordKeyUseDeps,
  key: string,
  uses: readonly UseCount[],
  look: (snapshot: KeySnapshot) => void,
): Promise<readonly string[]> {
  return mutateKey<readonly string[]>(deps.ledger, key, (snapshot) => {
    look(snapshot);
    const changed: ConsumerRecord[] = [];
    for (const consumer of snapshot.consumers) {
      let next = consumer;
      for (const use of uses)
        if (use.principal === consumer.principal) next = seen(next, snapshot, use);
      if (next !== consumer) changed.push(next);
    }
    // A version that is used again is not ready to be destroyed.
    const versions = withdrawn(snapshot, (version) => uses.some((use) => isNewUse(use, version)));
    if (changed.length === 0 && versions.length === 0) return { draft: null, result: [] };
    const contradicted = changed
      .filter(
        ({ name, acknowledgedVersion }) =>
          acknowledgedVersion === null &&
          snapshot.consumers.find((known) => known.name === name)?.acknowledgedVersion != null,
      )
      .map(({ name }) => name);
    const draft = {
      consumers: changed,
      versions,
      audit: {
        at: deps.clock.now(),
        actor: 'system/key-use',
        action: actionFor(contradicted, versions),
        decision: { effect: 'permit' as const, rule: 'key-use-record' },
        operationId: null,
        detail: {
          consumers: changed
            .map(({ name, lastSeenVersion }) => `${name} v${lastSeenVersion}`)
            .join(', '),
          contradicted: contradicted.join(', ') || null,
          withdrawn: versions.map(({ version }) => `v${version}`).join(', ') || null,
        },
      },
    };
    return { draft, result: contradicted };
  });
}

/** Records one batch. Counts are upper bounds: a batch that is delivered again counts again. */
export async function recordKeyUse(
  deps: RecordKeyUseDeps,
  uses: readonly KeyUse[],
  failures: readonly UseFailure[] = [],
): Promise<RecordedUse> {
  const found = await findVersions(deps, uses);
  const others = found.filter(({ principal }) => !deps.ownRoles.includes(roleNameOf(principal)));
  const all = [...others, ...(await findDataKeyUses(deps, others, failures))];
  const counts = totals(all);
  await deps.log.add(counts);
  // The data plane has told its own failures; CloudTrail's word on them comes second.
  const untold = others.filter(
    ({ outcome, principal, act }) =>
      outcome !== 'refused' || act !== 'encrypt' || roleNameOf(principal) !== deps.dataPlaneRole,
  );
  await deps.log.addMinutes([...minutes(untold), ...failed(failures)]);
  const contradicted: string[] = [];
  const leaving = new Set<string>();
  for (const key of new Set(counts.map((count) => count.key))) {
    const ofKey = all.filter((use) => use.key === key);
    try {
      const names = await followConsumers(
        deps,
        key,
        counts.filter((count) => count.key === key),
        (snapshot) => {
          if (isWatched(snapshot, ofKey)) leaving.add(key);
        },
      );
      if (leaving.has(key)) await watchDestruction(deps, key, ofKey);
      contradicted.push(...names.map((name) => `${key}/${name}`));
    } catch (error) {
      // The key is busy: the next use says the same.
      if (!isError(error, 'RevisionConflict')) throw error;
    }
  }
  const refused = counts.filter(({ refusals }) => refusals > 0);
  const failing = [...new Set([...refused, ...failures].map(({ key }) => key))];
  return {
    uses: others.length,
    unknown: uses.length - found.length,
    contradicted,
    failing,
    leaving: [...leaving],
    counted: others,
  };
}
