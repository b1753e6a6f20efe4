// SPDX-License-Identifier: Apache-2.0
// Use case: what CloudTrail tells of a key is judged by the rules of detection, and what is odd opens an incident with the
// playbook of its kind: one a day for each key and rule, however often it is told. Where a rule says so for the class of the key,
// the key is suspended too, within a cap (`respond.ts`); else it stops nothing: an event may be late, or about a reader that
// nobody registered, and a key that is stopped for nothing is an outage.
import { sha256Hex } from '../crypto/hashing.ts';
import { accessOf } from '../keys/consumers.ts';
import type { Instant, VersionRecord } from '../keys/records.ts';
import { later } from '../operations/admit-operation.ts';
import {
  DETECTION_NAMES,
  type DetectionName,
  type DetectionRules,
} from '../policies/detection-rules.ts';
import { isOpen } from '../policies/schedule.ts';
import type { KeyUseLog } from '../ports/key-use-log.ts';
import type { KeySnapshot } from '../ports/ledger.ts';
import { type IncidentDeps, openIncident } from './manage-incidents.ts';
import { DETECTION, type RespondDeps, respond } from './respond.ts';
import { hourOf, type Spike, spikesOf } from './volume.ts';

/** A use as it was recorded. */
export interface JudgedUse {
  readonly key: string;
  readonly version: number;
  readonly principal: string;
  readonly act: 'encrypt' | 'decrypt' | 'other';
  readonly outcome: 'allowed' | 'refused';
  readonly at: Instant;
}

export interface Detection {
  readonly name: DetectionName;
  readonly key: string;
  readonly uses: readonly JudgedUse[];
}

interface Facts {
  readonly snapshot: KeySnapshot;
  readonly rules: DetectionRules;
  /** True for roles of this deployment, whose uses are duties. */
  readonly isOwn: (principal: string) => boolean;
  /** Refused calls under the versions that somebody was refused under just now, of the last minutes. */
  readonly refusals: number;
  /** Hours in which the key was used far more than usual. */
  readonly spikes: readonly Spike[];
}

const versionOf = ({ versions }: KeySnapshot, number: number): VersionRecord | undefined =>
  versions.find(({ version }) => version === number);

/** From when on nobody should use a version any more; null: somebody may. */
function stoppedSince(version: VersionRecord | undefined, settled: number): Instant | null {
  const { containment, destruction } = version ?? {};
  // Not from the call on: KMS goes on for a while, and so do readers that know nothing yet.
  if (containment?.confirmedAt) return later(containment.confirmedAt, settled);
  if (destruction && destruction.phase === 'pending') return later(destruction.begunAt, settled);
  return null;
}

type Judge = (use: JudgedUse, facts: Facts) => boolean;

const JUDGES: Readonly<Record<DetectionName, Judge>> = {
  'stopped-key-used': (use, { snapshot, rules }) => {
    const since = stoppedSince(versionOf(snapshot, use.version), rules.settledSeconds);
    return since !== null && use.at > since;
  },
  'replaced-version-encrypts': (use, { snapshot, rules }) => {
    const version = versionOf(snapshot, use.version);
    if (use.act !== 'encrypt' || use.outcome !== 'allowed' || !version?.deactivatedAt) return false;
    // One that an AWS service is bound to goes on encrypting, on purpose.
    if (version.substate === 'bound' || version.isInPlace) return false;
    return use.at > later(version.deactivatedAt, rules.settledSeconds);
  },
  'unknown-principal': (use, { snapshot }) => {
    // Who had a key before its adoption, or after it was let go, may be let in by IAM alone.
    if (use.outcome !== 'allowed' || snapshot.key.releasedAt) return false;
    if (snapshot.versions.some(({ adoption }) => adoption)) return false;
    return !accessOf(snapshot.key).some(({ principal }) => principal === use.principal);
  },
  'repeated-denials': ({ outcome }, { refusals, rules }) =>
    outcome === 'refused' && refusals >= rules.denials,
  'volume-spike': ({ at }, { spikes }) => spikes.some(({ hour }) => hour === hourOf(at)),
  'off-hours': ({ at, outcome }, { snapshot, rules }) => {
    const hours = rules.hours[snapshot.key.class];
    return outcome === 'allowed' && hours !== undefined && !isOpen(hours, at);
  },
  'decrypt-without-consumer': (use, { snapshot }) => {
    const { access } = snapshot.key;
    // Only where somebody registers consumers; who is in no list at all is the rule above's.
    if (use.outcome !== 'allowed' || use.act !== 'decrypt' || snapshot.consumers.length === 0)
      return false;
    const isConsumer = snapshot.consumers.some(({ principal }) => principal === use.principal);
    return !isConsumer && access.some(({ principal }) => principal === use.principal);
  },
};

/** What is used through Keyturn's API is used by its own role, and counts as much. */
const COUNTS_OWN: readonly DetectionName[] = ['volume-spike'];

/** What is odd about the uses of one key. Pure. */
export function judgeUses(uses: readonly JudgedUse[], facts: Facts): readonly Detection[] {
  const others = uses.filter(({ principal }) => !facts.isOwn(principal));
  return DETECTION_NAMES.flatMap((name) => {
    const judged = COUNTS_OWN.includes(name) ? uses : others;
    const found = judged.filter((use) => JUDGES[name](use, facts));
    return found.length > 0 ? [{ name, key: facts.snapshot.key.name, uses: found }] : [];
  });
}

export interface DetectDeps extends IncidentDeps, RespondDeps {
  readonly log: Pick<KeyUseLog, 'sumSince' | 'addHours' | 'readHours'>;
  readonly detections: DetectionRules;
  readonly isOwn: Facts['isOwn'];
}

/** Batches are small where little happens, so refusals are counted over some minutes. */
async function recentRefusals(
  { log, clock, detections, isOwn }: DetectDeps,
  key: string,
  uses: readonly JudgedUse[],
): Promise<number> {
  const refused = uses.filter((use) => use.outcome === 'refused' && !isOwn(use.principal));
  const since = later(clock.now(), -detections.denialSeconds);
  const versions = [...new Set(refused.map(({ version }) => version))];
  const sums = await Promise.all(versions.map((version) => log.sumSince(key, version, since)));
  return sums.reduce((total, { errors }) => total + errors, 0);
}

const MAX_TITLE = 400;

/** Who did it, how often, and when last: what somebody needs to begin with. */
function titleOf({ uses, key }: Detection, means: string): string {
  const who = [...new Set(uses.map(({ principal }) => principal))];
  const last =
    uses
      .map(({ at }) => at)
      .sort()
      .at(-1) ?? '';
  const acts = [...new Set(uses.map(({ act, outcome }) => `${act} ${outcome}`))].join(', ');
  const versions = [...new Set(uses.map(({ version }) => `v${version}`))].join(', ');
  return `${key} ${versions}: ${means}; ${uses.length} (${acts}), last at ${last}, by ${who.join(', ')}`
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, MAX_TITLE);
}

/** The same day, key and rule are the same incident. */
function claimOf({ name, key }: Detection, now: Instant) {
  const scope = sha256Hex(`detection\n${name}\n${key}\n${now.slice(0, 10)}`);
  return { scope, bodyHash: scope };
}

/**
 * Judges a batch of uses, and opens an incident for each finding.
 * @returns the incidents that are open for it, new or from earlier that day, as `rule key id`, and what it was answered with
 * @throws KeyturnError what the table answers
 */
export async function detectMisuse(
  deps: DetectDeps,
  uses: readonly JudgedUse[],
): Promise<readonly string[]> {
  const raised: string[] = [];
  for (const [key, ofKey] of Map.groupBy(uses, (use) => use.key)) {
    const snapshot = await deps.ledger.readKey(key);
    if (!snapshot) continue;
    const [refusals, spikes] = await Promise.all([
      recentRefusals(deps, key, ofKey),
      spikesOf(deps.log, deps.detections.spike, key, ofKey),
    ]);
    const facts = { snapshot, rules: deps.detections, isOwn: deps.isOwn, refusals, spikes };
    for (const detection of judgeUses(ofKey, facts)) {
      const rule = deps.detections.rules[detection.name];
      const { incident: type, means } = rule;
      if (type === null) continue;
      const { id } = await openIncident(deps, {
        type,
        title: titleOf(detection, means),
        keys: [key],
        occurredAt: null,
        by: DETECTION,
        decision: { effect: 'permit', rule: `detection/${detection.name}` },
        claim: claimOf(detection, deps.clock.now()),
      });
      const answer = await respond(deps, rule, { snapshot, incident: id, name: detection.name });
      raised.push([detection.name, key, id, ...(answer ? [answer] : [])].join(' '));
    }
  }
  return raised;
}
