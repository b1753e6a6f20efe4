// SPDX-License-Identifier: Apache-2.0
// What relying parties may know of stopped keys: which, since when, and whether it is for good. Free text stays inside.
import type { StatusReason, StatusState } from '../contract/status-list.ts';
import { containmentState } from './containment.ts';
import type { Containment, Instant, VersionRecord } from './records.ts';

export interface StatusEntry {
  readonly key: string;
  /** Null: every version. */
  readonly version: number | null;
  readonly state: StatusState;
  /** When it was denied. */
  readonly since: Instant;
  readonly reason: StatusReason;
  /** When the state was written. */
  readonly updatedAt: Instant;
}

const REASONS = { revocation: 'key-compromise', suspension: 'hold' } as const;

/** The entry of a key or version that is stopped. */
export function statusOf(
  key: string,
  version: number | null,
  containment: Containment,
  updatedAt: Instant,
): StatusEntry {
  return {
    key,
    version,
    state: containmentState(containment),
    since: containment.at,
    reason: REASONS[containment.kind],
    updatedAt,
  };
}

/** The entry of a key whose suspension was lifted: it tells nothing any more. */
export function lifted(key: string, containment: Containment, updatedAt: Instant): StatusEntry {
  return { ...statusOf(key, null, containment, updatedAt), state: 'resumed' };
}

/** Entries of versions that are stopped by themselves, not with their key. */
export function versionStatuses(
  versions: readonly VersionRecord[],
  ofKey: Containment | null | undefined,
  updatedAt: Instant,
): readonly StatusEntry[] {
  return versions.flatMap(({ name, version, containment }) =>
    containment && containment.operationId !== ofKey?.operationId
      ? [statusOf(name, version, containment, updatedAt)]
      : [],
  );
}
