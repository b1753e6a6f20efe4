// SPDX-License-Identifier: Apache-2.0
// Use case: what speaks against destroying a version, and the record that its destruction begins with. The same is
// judged when it is asked for and again inside the transaction that begins it.
import { KeyturnError } from '../errors.ts';
import { headOf, isDataTier, sharing } from '../keys/destruction.ts';
import type { DestructionRecord } from '../keys/destruction-record.ts';
import type { VersionRecord } from '../keys/records.ts';
import {
  DEFAULT_QUIET_DAYS,
  judgeConditions,
  type RetirementCondition,
} from '../keys/retirement.ts';
import { type ClassPolicy, classOf, DEFAULT_DESTRUCTION } from '../policies/classes.ts';
import type { KeyUseLog } from '../ports/key-use-log.ts';
import type { LastUse, LastUseReader } from '../ports/key-vault.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock } from '../ports/platform.ts';
import { lastUseOfVersion } from './retire-version.ts';

export interface DestroyDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly classes: readonly ClassPolicy[];
  readonly uses: Pick<KeyUseLog, 'read'>;
  /** Null for who executes: it reaches no key, and takes the vault's word from the request. */
  readonly lastUses: LastUseReader | null;
}

/** What a quorum may accept the loss of; nothing else that speaks against it can be waived. */
export const WAIVABLE = ['no-ciphertexts', 'copies-expired'] as const;
const isWaivable = (name: string) => (WAIVABLE as readonly string[]).includes(name);

export interface DestructionCase {
  readonly snapshot: KeySnapshot;
  readonly head: VersionRecord;
  readonly acceptLoss: boolean;
  readonly lastUse: LastUse | null;
}

const refused = (text: string) => new KeyturnError('TransitionForbidden', text);

/** What no evidence can mend. @throws KeyturnError `TransitionForbidden` */
function requireDestroyable(snapshot: KeySnapshot, head: VersionRecord, asked: number): void {
  const { key } = snapshot;
  const name = `version ${head.version} of ${key.name}`;
  if (asked !== head.version)
    throw refused(`version ${asked} is one KMS key with version ${head.version}: ask for that one`);
  if (isDataTier(snapshot) ? !head.dataKey : head.keyId === null)
    throw refused(`${name} has no key material: it was never made, or is gone already`);
  if (snapshot.operation?.isRelease) throw refused(`${key.name} is being let go`);
  if (head.adoption) throw refused(`${name} was adopted: who made the KMS key deletes it`);
  if (
    head.version === key.currentVersion ||
    (head.state !== 'deactivated' && head.state !== 'compromised')
  )
    throw refused(`${name} is ${head.state}; only a replaced version is destroyed`);
  if (head.destruction && head.destruction.phase !== 'stopped')
    throw refused(`${name} is being destroyed already: it is ${head.destruction.phase}`);
  if (head.substate !== null && head.substate !== 'ready-to-destroy')
    throw refused(`${name} is ${head.substate}`);
}

/** Conditions that are not met; `replaced` is judged by {@link requireDestroyable}, compromised versions included. */
function unmet(deps: Pick<DestroyDeps, 'classes' | 'clock'>, facts: DestructionCase) {
  const { snapshot, head, lastUse } = facts;
  const quietDays =
    classOf(deps.classes, snapshot.key.class)?.retirement?.quietDays ?? DEFAULT_QUIET_DAYS;
  const now = deps.clock.now();
  return judgeConditions({ snapshot, version: head, lastUse, quietDays, now }).filter(
    ({ name, isMet }) => !isMet && name !== 'replaced',
  );
}

/**
 * Judges a case on the state of now.
 * @returns conditions whose loss is accepted with it
 * @throws KeyturnError `TransitionForbidden` naming what speaks against it
 */
export function requireNoObjection(
  deps: Pick<DestroyDeps, 'classes' | 'clock'>,
  facts: DestructionCase,
  asked: number,
): readonly RetirementCondition[] {
  const { snapshot, head, acceptLoss } = facts;
  requireDestroyable(snapshot, head, asked);
  const open = unmet(deps, facts);
  const against = open.filter(({ name }) => !acceptLoss || !isWaivable(name));
  if (against.length > 0) {
    const words = against.map(({ name, found }) => `${name}: ${found}`).join('; ');
    throw refused(
      `this speaks against destroying version ${asked} of ${snapshot.key.name}: ${words}`,
    );
  }
  if (!acceptLoss && head.substate !== 'ready-to-destroy')
    throw refused(
      `version ${asked} of ${snapshot.key.name} has no stored evidence; "key retire" judges and stores it`,
    );
  return open;
}

/** The case of a version as it is now. @throws KeyturnError `KeyNotFound`, and what the vault answers */
export async function caseOf(
  deps: DestroyDeps,
  snapshot: KeySnapshot,
  version: number,
  acceptLoss: boolean,
): Promise<DestructionCase> {
  const head = headOf(snapshot, version);
  const lastUse = await lastUseOfVersion(deps, snapshot, head);
  return { snapshot, head, acceptLoss, lastUse };
}

/** Ciphertexts under a KMS key, by a count of them. */
export function leftUnder(
  snapshot: KeySnapshot,
  head: VersionRecord,
  byVersion: Readonly<Record<number, number>>,
): number {
  return sharing(snapshot, head).reduce((sum, { version }) => sum + (byVersion[version] ?? 0), 0);
}

/** What the request rests on: whoever counts, holds, binds or uses meanwhile makes it stale. */
export function destructionBasis({ snapshot, head, acceptLoss }: DestructionCase) {
  return {
    key: snapshot.key.name,
    keyId: head.keyId,
    state: head.state,
    substate: head.substate,
    evidence: head.retirement?.digest ?? null,
    versions: sharing(snapshot, head).map(({ version }) => version),
    acceptLoss,
    currentVersion: snapshot.key.currentVersion,
    sources: snapshot.sources.map(({ name, count }) => ({
      name,
      left: leftUnder(snapshot, head, count?.byVersion ?? {}),
      dead: count?.dead ?? null,
    })),
  };
}

interface Beginning {
  readonly id: string;
  readonly approvalId: string;
  readonly requestedBy: string;
  readonly reason: string | null;
  readonly wrappedKeys: number;
  readonly lossAccepted: readonly string[];
}

/** The record of a destruction that begins now; nothing is done to the KMS key yet. */
export function beginDestruction(
  deps: Pick<DestroyDeps, 'classes' | 'clock'>,
  { snapshot, head }: DestructionCase,
  beginning: Beginning,
): DestructionRecord {
  const now = deps.clock.now();
  const policy = classOf(deps.classes, snapshot.key.class)?.destruction ?? DEFAULT_DESTRUCTION;
  return {
    ...beginning,
    ...policy,
    phase: 'disabling',
    begunAt: now,
    versions: sharing(snapshot, head).map(({ version }) => version),
    quietUntil: null,
    deletionAt: null,
    noticedAt: null,
    uses: 0,
    lastUseAt: null,
    stopped: null,
    logicalAt: null,
    materialAt: null,
    materialReport: null,
    backupsUntil: null,
    finalAt: null,
    certificate: null,
    dueAt: now,
  };
}
