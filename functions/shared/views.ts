// SPDX-License-Identifier: Apache-2.0
// Records as the API shows them.
import type { z } from 'zod';
import type * as api from '#core/contract/api.ts';
import { KeyturnError } from '#core/errors.ts';
import { accessOf } from '#core/keys/consumers.ts';
import { containmentState } from '#core/keys/containment.ts';
import { KEY_SPEC_TABLE, specOf } from '#core/keys/key-specs.ts';
import type { Containment, KeyRecord, OperationRecord, VersionRecord } from '#core/keys/records.ts';
import type { AccessObject } from '#core/ports/platform.ts';
import type { KeyStoreRecord } from '#core/provisioning/records.ts';

/** Where the stage's keys lie; part of the metadata of each. */
export interface Location {
  readonly account: string;
  readonly region: string;
}

export function keyView(key: KeyRecord, where: Location): z.infer<typeof api.Key> {
  return {
    name: key.name,
    class: key.class,
    owner: key.owner,
    purpose: key.purpose,
    environment: key.environment,
    tier: key.tier,
    origin: key.tier === 'data' ? null : (key.origin ?? 'AWS_CLOUDHSM'),
    keySpec: key.tier === 'data' ? null : specOf(key),
    usage: key.tier === 'data' ? null : KEY_SPEC_TABLE[specOf(key)].usage,
    parent: key.parent ?? null,
    application: key.application ?? null,
    host: key.host ?? null,
    state: key.state,
    substate: keySubstate(key),
    currentVersion: key.currentVersion,
    alias: key.tier === 'data' ? null : key.alias,
    location: { ...where, keyStore: key.keyStore },
    access: key.access.map((grant) => ({ principal: grant.principal, rights: [...grant.rights] })),
    legacyAliases: [...(key.legacyAliases ?? [])],
    operationId: key.lease?.operationId ?? null,
    nextRotationAt: key.nextRotationAt,
    lastRotatedAt: key.lastRotatedAt,
    createdAt: key.createdAt,
    releasedAt: key.releasedAt ?? null,
    containment: containmentView(key.containment, key.openReviews),
    revision: key.revision,
  };
}

/** A finer word for what the key is in now. */
export function keySubstate({ releasedAt, containment, lease }: KeyRecord): string | null {
  if (releasedAt) return 'released';
  if (containment) return containmentState(containment);
  return lease ? 'in-operation' : null;
}

/** What stops a key or a version, as it is shown. */
export function containmentView(
  containment: Containment | null | undefined,
  openReviews: KeyRecord['openReviews'] = [],
): z.infer<typeof api.Containment> | null {
  if (!containment) return null;
  const { kind, mode, operationId, reason, by, at, occurredAt, confirmedAt } = containment;
  const isReviewOpen = openReviews.some((review) => review.operationId === operationId);
  const state = containmentState(containment);
  return { kind, mode, state, operationId, reason, by, at, occurredAt, confirmedAt, isReviewOpen };
}

function wrappedBy({ dataKey }: VersionRecord): z.infer<typeof api.Version>['wrappedBy'] {
  return dataKey
    ? { key: dataKey.parent, version: dataKey.parentVersion, keyId: dataKey.keyId }
    : null;
}

/** The same of a version, with until when it is open for re-encryption. */
function versionContainmentView({ containment }: VersionRecord) {
  const view = containmentView(containment);
  return view && { ...view, openUntil: containment?.opening?.until ?? null };
}

export function versionView(version: VersionRecord): z.infer<typeof api.Version> {
  const { state, substate, keyId, keyArn, operationId, createdAt, activatedAt, deactivatedAt } =
    version;
  const isNamed = version.verifiedAt !== null;
  return {
    version: version.version,
    state,
    substate: version.containment ? containmentState(version.containment) : substate,
    keyId,
    keyArn,
    alias: isNamed ? version.alias : null,
    wrappedBy: wrappedBy(version),
    isInPlace: version.isInPlace ?? false,
    materialExpiresAt: version.materialExpiresAt ?? null,
    operationId,
    createdAt,
    activatedAt,
    deactivatedAt,
    retirement: version.retirement ?? null,
    containment: versionContainmentView(version),
  };
}

export function operationView(operation: OperationRecord): z.infer<typeof api.Operation> {
  const { previousVersion: _previous, containment: _containment, timeline, ...shown } = operation;
  return { planDigest: null, ...shown, timeline: timeline.map(({ step, at }) => ({ step, at })) };
}

/** The provisioning of a key store, as an operation without a key. */
export function provisioningView(keyStore: KeyStoreRecord): z.infer<typeof api.Operation> {
  const { operationId, state, step, cause, requestedBy, startedAt, endedAt } = keyStore;
  return {
    id: operationId,
    kind: 'provision-key-store',
    key: null,
    version: null,
    state,
    step,
    cause,
    attempt: 1,
    trigger: 'api',
    requestedBy,
    reason: null,
    startedAt,
    endedAt,
    retryAt: null,
    timeline: [{ step: 'Admitted', at: startedAt }],
  };
}

/** The key as the authorizer sees it. */
export function accessObject(key: KeyRecord | null): AccessObject {
  return key ? { key: { name: key.name, owner: key.owner, access: accessOf(key) } } : {};
}

/** @throws KeyturnError `KeyNotFound` */
export function existing(key: KeyRecord | null, name: string): KeyRecord {
  if (key) return key;
  throw new KeyturnError(
    'KeyNotFound',
    `no key is named ${name}; "keyturn key list" shows what exists`,
  );
}

export const etag = (revision: number) => ({ etag: `"${revision}"` });

/** Seconds between two instants; null while the later one is to come. */
export const secondsBetween = (from: string, to: string | null) =>
  to === null ? null : (Date.parse(to) - Date.parse(from)) / 1000;
