// SPDX-License-Identifier: Apache-2.0
// Containment: what keeps a key or a version from being used. A suspension can be lifted, a revocation cannot. The record
// says what is denied from the moment it is written; whether KMS refuses too is what `confirmedAt` says.
import type {
  ContainmentKind,
  ContainmentMode,
  KeyState,
  PolicyTemplate,
} from '../contract/vocabulary.ts';
import { KeyturnError } from '../errors.ts';
import type { AccessGrant, Containment, Instant, KeyRecord, VersionRecord } from './records.ts';
import { transition } from './transitions.ts';

/** `revoking`, `suspending`: denied here, and not yet proven at KMS. */
export type ContainmentState = 'revoking' | 'revoked' | 'suspending' | 'suspended';

/** What a containment is called outside. It is never `revoked` before KMS was seen to refuse. */
export function containmentState({
  kind,
  confirmedAt,
}: Pick<Containment, 'kind' | 'confirmedAt'>): ContainmentState {
  if (kind === 'revocation') return confirmedAt === null ? 'revoking' : 'revoked';
  return confirmedAt === null ? 'suspending' : 'suspended';
}

function refusal(name: string, containment: Containment): KeyturnError {
  const state = containmentState(containment);
  return new KeyturnError('KeyNotUsable', `${name} is ${state} since ${containment.at}`, {
    details: { key: name, state, operationId: containment.operationId },
  });
}

/** [INV-12] what is contained is refused from the moment that it is recorded. @throws KeyturnError `KeyNotUsable` */
export function requireUncontained({ name, containment }: KeyRecord): void {
  if (containment) throw refusal(name, containment);
}

/** @throws KeyturnError `KeyNotUsable` */
export function requireVersionUncontained({ name, version, containment }: VersionRecord): void {
  if (containment) throw refusal(`version ${version} of ${name}`, containment);
}

/** A parent whose version cannot be used opens no data key either. @throws KeyturnError `KeyNotUsable` */
export function requireParentUncontained(parent: KeyRecord | null, version: number): void {
  if (!parent) return;
  requireUncontained(parent);
  if (!parent.containedVersions?.includes(version)) return;
  throw new KeyturnError(
    'KeyNotUsable',
    `version ${version} of ${parent.name}, which wraps the data key, is contained`,
    { details: { key: parent.name, version } },
  );
}

/** A key whose current version alone was revoked: closed, and its only way on is another version. */
export function awaitsSuccessor(
  key: Pick<KeyRecord, 'state' | 'containment' | 'currentVersion'>,
): boolean {
  return key.state === 'compromised' && !key.containment && key.currentVersion !== null;
}

/** Whether a version may be read to re-encrypt what it protects: any that was not revoked, or one that is open for it. */
export function mayReencryptFrom({ containment }: VersionRecord, now: Instant): boolean {
  if (containment?.kind !== 'revocation') return true;
  return containment.opening !== undefined && containment.opening.until > now;
}

/** Whom the policy of a contained version lets in: the role of re-encryption, for as long as a quorum said. */
export function accessOfContained({ containment }: VersionRecord): readonly AccessGrant[] {
  const until = containment?.opening?.until;
  return until === undefined ? [] : [{ principal: 'reencrypt', rights: ['decrypt'], until }];
}

const STRENGTH = { suspension: 0, revocation: 2 } as const;

/** A revocation outweighs a suspension, and a disabled key one that is only locked. */
export function strengthOf({ kind, mode }: Pick<Containment, 'kind' | 'mode'>): number {
  return STRENGTH[kind] + (mode === 'hard' ? 1 : 0);
}

/** True when what there is denies at least as much. */
export function covers(
  there: Containment | null | undefined,
  asked: Pick<Containment, 'kind' | 'mode'>,
): boolean {
  if (!there) return false;
  // What is revoked is not suspended as well, in whatever mode.
  if (there.kind === 'revocation' && asked.kind === 'suspension') return true;
  return strengthOf(there) >= strengthOf(asked);
}

/** True for a version that has something to contain. */
export function isContainable({ state, substate }: VersionRecord): boolean {
  return state !== 'destroyed' && substate !== 'given-back';
}

function stateOf(version: VersionRecord, kind: ContainmentKind): KeyState {
  const { state, keyId, dataKey } = version;
  if (kind === 'suspension') return state === 'active' ? transition(state, 'suspended') : state;
  if (state === 'compromised') return state;
  // T2: nothing was made yet, so there is nothing that could be compromised.
  if (state === 'pre-activation' && keyId === null && !dataKey)
    return transition(state, 'destroyed');
  return transition(state, 'compromised');
}

/** A policy that somebody else wrote is not replaced by a suspension: the KMS key is disabled instead. */
function modeFor({ policyTemplate }: VersionRecord, { kind, mode }: Containment): ContainmentMode {
  return kind === 'suspension' && policyTemplate === 'original' ? 'hard' : mode;
}

function templateFor(
  version: VersionRecord,
  kind: ContainmentKind,
  mode: ContainmentMode,
): PolicyTemplate | 'original' {
  if (kind === 'revocation') return 'contained';
  return mode === 'locked' ? 'suspended' : version.policyTemplate;
}

/** The version as it is denied. What it was before the first containment is kept. */
export function contained(version: VersionRecord, containment: Containment): VersionRecord {
  if (covers(version.containment, containment)) return version;
  const { resumes: _resumes, ...shared } = containment;
  const mode = modeFor(version, containment);
  const state = stateOf(version, containment.kind);
  const before = version.containment?.before ?? {
    state: version.state,
    policyTemplate: version.policyTemplate,
  };
  return {
    ...version,
    state,
    policyTemplate:
      state === 'destroyed' ? version.policyTemplate : templateFor(version, containment.kind, mode),
    containment: { ...shared, mode, before },
  };
}

/** The version as it was before a suspension; one that is revoked stays. */
export function uncontained(version: VersionRecord): VersionRecord {
  const { containment } = version;
  if (containment?.kind !== 'suspension') return version;
  const { state: before, policyTemplate } = containment.before;
  const state = version.state === before ? before : transition(version.state, before);
  return { ...version, state, policyTemplate, containment: null };
}
