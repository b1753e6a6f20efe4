// SPDX-License-Identifier: Apache-2.0
// Use case: take over a KMS key that somebody else made. Whatever its users could lose has to be accepted by name; then
// name, version and KMS key are claimed in one transaction, and the `adopt-key` workflow does the rest.
import { sha256Hex } from '../crypto/hashing.ts';
import { isError, KeyturnError, precondition } from '../errors.ts';
import { assignedOf, firstAssignments } from '../keys/assignments.ts';
import { strategyOf } from '../keys/origins/all.ts';
import type { AccessGrant, KeyRecord, VersionRecord } from '../keys/records.ts';
import type { ForeignKey } from '../ports/key-inspector.ts';
import type { KeyChange } from '../ports/ledger.ts';
import { admit, admitOnce, idempotencyRecord } from './admit-operation.ts';
import {
  checkPolicy,
  checkRoom,
  freeName,
  type GenerateKeyDeps,
  type GenerateKeyInput,
  type KeySite,
  type Requester,
  snapshotOf,
} from './generate-key.ts';
import { toChange } from './mutate-key.ts';
import {
  type Finding,
  type Judged,
  judgeAdoption,
  type ReportAdoptionDeps,
} from './report-adoption.ts';

export interface AdoptKeyDeps extends GenerateKeyDeps, ReportAdoptionDeps {
  /** Aliases of others that the stage may move, `*` at the end for a family (setting `adoption.aliases`). */
  readonly movableAliases: readonly string[];
}

export interface AdoptKeyInput
  extends Omit<GenerateKeyInput, 'tier' | 'keySpec' | 'escrow' | 'parent' | 'access'> {
  readonly kmsKey: string;
  /** Absent: the roles that the key's policy names. */
  readonly access?: readonly AccessGrant[] | undefined;
  readonly aliases: readonly string[];
  readonly accept: readonly string[];
}

function refuse(findings: readonly Finding[], pointer: string, message: string): void {
  if (findings.length === 0) return;
  throw new KeyturnError('KeyNotAdoptable', message, {
    fields: findings.map(({ code, detail, accept }) => ({
      pointer,
      detail: accept === null ? `${code}: ${detail}` : `must name "${accept}": ${detail}`,
    })),
  });
}

/** Roles of the present policy that would not keep all their rights. */
function leftOut(present: readonly AccessGrant[], wanted: readonly AccessGrant[]): Finding[] {
  return present.flatMap(({ principal, rights }) => {
    const kept = wanted.find((grant) => grant.principal === principal)?.rights ?? [];
    const lost = rights.filter((right) => !kept.includes(right));
    if (lost.length === 0) return [];
    const detail = `${principal} could no longer ${lost.join(' and ')}`;
    return [
      { code: 'access-lost', weight: 'warns' as const, detail, accept: `access:${principal}` },
    ];
  });
}

function isMovable(alias: string, movable: readonly string[]): boolean {
  return movable.some((one) =>
    one.endsWith('*') ? alias.startsWith(one.slice(0, -1)) : alias === one,
  );
}

function checkAliases({ movableAliases }: AdoptKeyDeps, key: ForeignKey, input: AdoptKeyInput) {
  const fields = input.aliases.flatMap((alias, index) => {
    const pointer = `/aliases/${index}`;
    if (!key.aliases?.includes(alias)) return [{ pointer, detail: 'is no alias of this KMS key' }];
    if (isMovable(alias, movableAliases)) return [];
    const detail = 'is not in the setting adoption.aliases of the stage: no role may move it';
    return [{ pointer, detail }];
  });
  if (fields.length > 0)
    throw new KeyturnError('ValidationFailed', 'some aliases cannot be taken along', { fields });
}

/** Its next versions lie in the key store, or stay of the origin that it has. @throws KeyturnError `ValidationFailed` */
function checkOrigin(key: ForeignKey, { origin }: AdoptKeyInput): void {
  if (origin === undefined || origin === 'AWS_CLOUDHSM' || origin === key.origin) return;
  throw new KeyturnError(
    'ValidationFailed',
    `a key of origin ${key.origin} does not go on as one of ${origin}`,
    {
      fields: [{ pointer: '/origin', detail: `must be AWS_CLOUDHSM or ${key.origin}` }],
    },
  );
}

/** Who may use the key from then on; roles that its policy named stay let in by the policy alone. */
function accessFor({ report }: Judged, { access }: AdoptKeyInput): AccessGrant[] {
  const wanted: readonly AccessGrant[] = access ?? report.access;
  const isNamed = new Set(report.access.map(({ principal }) => principal));
  return wanted.map(({ principal, rights }) => ({
    principal,
    rights,
    ...(isNamed.has(principal) ? { isNamed: true as const } : {}),
  }));
}

function checkKey(judged: Judged, input: AdoptKeyInput, access: readonly AccessGrant[]): void {
  const { findings } = judged.report;
  refuse(
    findings.filter(({ weight }) => weight === 'blocks'),
    '/kmsKey',
    'this KMS key cannot be adopted; the errors say why',
  );
  const taken = new Set([...input.accept, ...input.aliases.map((alias) => `alias:${alias}`)]);
  refuse(
    [...findings, ...leftOut(judged.report.access, access)].filter(
      ({ accept }) => accept !== null && !taken.has(accept),
    ),
    '/accept',
    'somebody may lose something by this adoption; what is accepted has to be named',
  );
}

interface Claim {
  readonly judged: Judged;
  readonly input: AdoptKeyInput;
  readonly by: Requester;
  readonly site: KeySite;
  readonly operationId: string;
  readonly now: string;
}

/** Name, version 1, and the KMS key, which no other adoption can claim any more: one transaction. */
function claimOf(key: KeyRecord, { judged, input, by, site, operationId, now }: Claim): KeyChange {
  const { keyId, keyArn, policy, origin } = judged.key;
  precondition(policy, 'the policy of an adoptable key was read');
  const { isInKeyStore } = judged;
  const policyDigest = sha256Hex(policy);
  const { lease, version, operation } = admit(key, {
    operationId,
    kind: 'adopt-key',
    trigger: 'api',
    requestedBy: by.principal.id,
    reason: null,
    batchId: null,
    now,
    stage: site.stage,
  });
  const adoption = { policyDigest, isInKeyStore, original: null };
  const adopted = { ...version, keyId, keyArn, policyTemplate: 'original' as const, adoption };
  const change = toChange(snapshotOf(key), {
    key: { lease, fence: lease.fence, latestVersion: version.version },
    versions: [adopted],
    operation,
    idempotency: idempotencyRecord(by.claim, operationId, now),
    recordedKey: {
      keyId,
      name: key.name,
      version: version.version,
      ...(judged.releasedFrom ? { replaces: judged.releasedFrom } : {}),
    },
    occupancy: adoptedOccupancy(key, adopted, 1),
    assignments: firstAssignments(key),
    audit: {
      at: now,
      actor: by.principal.id,
      action: 'key.adoption-admitted',
      decision: by.decision,
      operationId,
      detail: {
        version: version.version,
        class: key.class,
        owner: key.owner,
        environment: key.environment,
        ...assignedOf(key),
        keyId,
        origin,
        policyDigest,
        aliases: input.aliases.join(','),
        accepted: input.accept.join(','),
      },
    },
  });
  return { ...change, expectedRevision: key.revision === 0 ? null : key.revision };
}

/** What an adopted key adds to the count of its class, or, when it is given back, takes from it. */
export function adoptedOccupancy(
  { keyStore, class: className }: KeyRecord,
  { adoption }: VersionRecord,
  sign: 1 | -1,
): NonNullable<KeyChange['occupancy']> {
  return { keyStore, class: className, keys: sign, versions: adoption?.isInKeyStore ? sign : 0 };
}

/** Starting an execution twice under one name starts it once. */
async function resume(deps: AdoptKeyDeps, operationId: string): Promise<{ operationId: string }> {
  await deps.workflows.start('adopt-key', operationId, 1);
  return { operationId };
}

function beaten({ name }: AdoptKeyInput, cause: unknown): KeyturnError {
  return new KeyturnError(
    'KeyNotAdoptable',
    `another request took the name ${name} or the KMS key just now; report on the key again`,
    { details: { key: name }, cause },
  );
}

/**
 * Admits the adoption of a KMS key and starts it.
 * @throws KeyturnError `KeyNotFound`, `KeyNotAdoptable` with what stands against it or has to be accepted,
 *   `ValidationFailed`, `NotServedHere`, `UnknownOwner`, `InfeasiblePolicy`, `KeyAlreadyExists`, `IdempotencyKeyReused`
 */
export async function adoptKey(
  deps: AdoptKeyDeps,
  site: KeySite,
  input: AdoptKeyInput,
  by: Requester,
): Promise<{ operationId: string }> {
  const admitted = await admitOnce(deps.ledger, by.claim, () =>
    admitAdoption(deps, site, input, by),
  );
  return resume(deps, admitted);
}

async function admitAdoption(
  deps: AdoptKeyDeps,
  site: KeySite,
  input: AdoptKeyInput,
  by: Requester,
): Promise<string> {
  const judged = await judgeAdoption(deps, input.kmsKey);
  const access = accessFor(judged, input);
  checkKey(judged, input, access);
  checkAliases(deps, judged.key, input);
  checkOrigin(judged.key, input);
  const {
    kmsKey: _key,
    accept: _accepted,
    aliases,
    origin,
    application,
    host,
    ...metadata
  } = input;
  const wanted = {
    ...metadata,
    tier: 'kms' as const,
    access,
    ...assignedOf({ application, host }),
    ...(origin === undefined ? {} : { origin }),
  };
  await checkPolicy(deps, site, wanted);
  if (strategyOf(wanted).keyStore === null) await checkRoom(deps, site, wanted);
  const operationId = deps.ids.operationId();
  const key = { ...(await freeName(deps, site, wanted, by)), legacyAliases: aliases };
  const now = deps.clock.now();
  try {
    await deps.ledger.commit(claimOf(key, { judged, input, by, site, operationId, now }));
    return operationId;
  } catch (error) {
    // Somebody was faster, with another request for the same name or KMS key.
    throw isError(error, 'RevisionConflict') ? beaten(input, error) : error;
  }
}
