// SPDX-License-Identifier: Apache-2.0
// Use cases of the retire gate: look at its conditions, and mark a version as ready to be destroyed. The evidence is
// stored first, and its digest is written with the mark; the conditions are judged again inside that transaction, so
// a hold, a count or a consumer that came meanwhile wins. Destruction itself is another, approved act.
import { canonicalHash } from '../crypto/hashing.ts';
import { KeyturnError } from '../errors.ts';
import type { RetirementEvidence, VersionRecord } from '../keys/records.ts';
import {
  DEFAULT_QUIET_DAYS,
  judgeConditions,
  type RetirementCondition,
  type RetirementFacts,
} from '../keys/retirement.ts';
import { sharingKey } from '../keys/sharing.ts';
import { type ClassPolicy, classOf } from '../policies/classes.ts';
import type { EvidenceStore } from '../ports/evidence-store.ts';
import type { KeyUseLog } from '../ports/key-use-log.ts';
import type { LastUse, LastUseReader } from '../ports/key-vault.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock, Decision } from '../ports/platform.ts';
import { keyNotFound, mutateKey } from './mutate-key.ts';

export interface RetirementDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly classes: readonly ClassPolicy[];
  readonly lastUses: LastUseReader;
  /** What CloudTrail saw: the vault's own word alone is never enough (AWS KMS developer guide, last usage). */
  readonly uses: Pick<KeyUseLog, 'read'>;
}

export interface Verdict {
  readonly version: number;
  readonly isReady: boolean;
  readonly conditions: readonly RetirementCondition[];
  /** Present once the version is marked. */
  readonly evidence: RetirementEvidence | null;
  readonly judgedAt: string;
}

/** @throws KeyturnError `KeyNotFound` for a version that does not exist */
function requireVersion(snapshot: KeySnapshot, version: number): VersionRecord {
  const found = snapshot.versions.find((candidate) => candidate.version === version);
  if (found) return found;
  throw new KeyturnError('KeyNotFound', `${snapshot.key.name} has no version ${version}`);
}

function factsOf(
  deps: RetirementDeps,
  snapshot: KeySnapshot,
  version: number,
  lastUse: LastUse | null,
): RetirementFacts {
  const policy = classOf(deps.classes, snapshot.key.class);
  return {
    snapshot,
    version: requireVersion(snapshot, version),
    lastUse,
    quietDays: policy?.retirement?.quietDays ?? DEFAULT_QUIET_DAYS,
    now: deps.clock.now(),
  };
}

function verdictOf(facts: RetirementFacts): Verdict {
  const conditions = judgeConditions(facts);
  return {
    version: facts.version.version,
    isReady: conditions.every(({ isMet }) => isMet),
    conditions,
    evidence: facts.version.retirement ?? null,
    judgedAt: facts.now,
  };
}

/** Every condition as the records have it; KMS was not asked, so the last use is not known. */
export function conditionsOnRecord(
  deps: RetirementDeps,
  snapshot: KeySnapshot,
  version: number,
): readonly RetirementCondition[] {
  return judgeConditions(factsOf(deps, snapshot, version, null));
}

/** The later of what the vault says and what the record of key use has of all versions that are the KMS key. */
export async function lastUseOf(
  deps: Pick<RetirementDeps, 'lastUses' | 'uses'>,
  name: string,
  sharing: readonly VersionRecord[],
  keyId: string,
): Promise<LastUse> {
  const [told, uses] = await Promise.all([deps.lastUses.lastUse(keyId), deps.uses.read(name)]);
  const seen = uses
    .filter((use) => sharing.some(({ version }) => version === use.version))
    .flatMap(({ lastEncryptAt, lastDecryptAt }) =>
      [lastEncryptAt ?? [], lastDecryptAt ?? []].flat(),
    )
    .sort()
    .at(-1);
  if (seen === undefined || (told.at !== null && told.at >= seen)) return told;
  return { ...told, at: seen, operation: 'seen by CloudTrail' };
}

/**
 * The last use of a version. Of tier `data` it is the record of key use alone: whoever opens a data key names the version in
 * the encryption context, and CloudTrail tells it.
 * @param lastUses null for who may not ask the vault
 * @returns null when it cannot be known
 */
export async function lastUseOfVersion(
  { lastUses, uses }: Pick<RetirementDeps, 'uses'> & { readonly lastUses: LastUseReader | null },
  { key, versions }: KeySnapshot,
  version: VersionRecord,
): Promise<LastUse | null> {
  const { keyId, dataKey, createdAt } = version;
  const sharing = sharingKey(versions, version);
  if (key.tier === 'data') {
    const record = {
      lastUse: async () => ({ at: null, operation: null, trackedSince: createdAt }),
    };
    return dataKey ? lastUseOf({ lastUses: record, uses }, key.name, sharing, '') : null;
  }
  if (keyId === null || lastUses === null) return null;
  return lastUseOf({ lastUses, uses }, key.name, sharing, keyId);
}

async function readFacts(
  deps: RetirementDeps,
  name: string,
  version: number,
): Promise<RetirementFacts> {
  const snapshot = await deps.ledger.readKey(name);
  if (!snapshot) throw keyNotFound(name);
  const found = requireVersion(snapshot, version);
  const lastUse = await lastUseOfVersion(deps, snapshot, found);
  return factsOf(deps, snapshot, version, lastUse);
}

/** Shows every condition; changes nothing. @throws KeyturnError `KeyNotFound`, and what the vault answers */
export async function checkRetirement(
  deps: RetirementDeps,
  name: string,
  version: number,
): Promise<Verdict> {
  return verdictOf(await readFacts(deps, name, version));
}

/** What an auditor is to find: the conditions, and the records that they were judged on. */
function documentOf(facts: RetirementFacts, verdict: Verdict) {
  const { snapshot, version, lastUse, quietDays } = facts;
  const { key, sources, consumers } = snapshot;
  return {
    format: 'keyturn-retirement-v1',
    key: key.name,
    revision: key.revision,
    auditHead: key.auditHead,
    version: version.version,
    keyId: version.keyId,
    deactivatedAt: version.deactivatedAt,
    judgedAt: verdict.judgedAt,
    conditions: verdict.conditions,
    sources: sources.map(({ name, location, copies, count }) => ({
      name,
      kind: location.kind,
      copies,
      count,
    })),
    consumers: consumers.map(({ name, acknowledgedVersion, lastSeenVersion, lastSeenAt }) => ({
      name,
      acknowledgedVersion,
      lastSeenVersion,
      lastSeenAt,
    })),
    lastUse,
    quietDays,
  };
}

interface RetireInput {
  readonly key: string;
  readonly version: number;
  readonly by: string;
  readonly decision: Decision;
}

function markDraft(
  facts: RetirementFacts,
  input: RetireInput,
  retirement: RetirementEvidence | null,
  conditions: readonly RetirementCondition[],
) {
  const unmet = conditions.filter(({ isMet }) => !isMet).map(({ name }) => name);
  return {
    versions: [
      {
        ...facts.version,
        substate: retirement ? ('ready-to-destroy' as const) : null,
        retirement,
      },
    ],
    audit: {
      at: facts.now,
      actor: input.by,
      action: retirement ? 'version.ready-to-destroy' : 'version.retirement-withdrawn',
      decision: input.decision,
      operationId: null,
      detail: {
        version: input.version,
        evidence: retirement?.object ?? null,
        digest: retirement?.digest ?? null,
        unmet: unmet.join(','),
      },
    },
  };
}

/**
 * Marks a version as ready to be destroyed, with its evidence; or takes the mark back when a condition no longer holds.
 * @returns the verdict that was recorded; not ready is an answer, not an error
 * @throws KeyturnError `KeyNotFound`, and what vault and evidence store answer
 */
export async function retireVersion(
  deps: RetirementDeps & { evidence: EvidenceStore },
  input: RetireInput,
): Promise<Verdict> {
  const seen = await readFacts(deps, input.key, input.version);
  const verdict = verdictOf(seen);
  const stored = verdict.isReady ? await store(deps.evidence, seen, verdict) : null;
  return mutateKey<Verdict>(deps.ledger, input.key, (snapshot) => {
    const facts = factsOf(deps, snapshot, input.version, seen.lastUse);
    const now = verdictOf(facts);
    const isMarked = facts.version.substate === 'ready-to-destroy';
    if (now.isReady && stored) {
      if (isMarked) return { draft: null, result: now };
      const draft = markDraft(facts, input, stored, now.conditions);
      return { draft, result: { ...now, evidence: stored } };
    }
    const refused = { ...now, isReady: false, evidence: null };
    if (!isMarked) return { draft: null, result: refused };
    return { draft: markDraft(facts, input, null, now.conditions), result: refused };
  });
}

async function store(
  evidence: EvidenceStore,
  facts: RetirementFacts,
  verdict: Verdict,
): Promise<RetirementEvidence> {
  const document = documentOf(facts, verdict);
  const digest = canonicalHash(document);
  const object = `retirement/${facts.snapshot.key.name}/v${facts.version.version}/${digest}.json`;
  await evidence.store(object, JSON.stringify(document));
  return { at: facts.now, object, digest, lastUseAt: facts.lastUse?.at ?? null };
}
