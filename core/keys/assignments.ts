// SPDX-License-Identifier: Apache-2.0
// Where a key is used, as people said: the application and the host that it is assigned to.
import { ASSIGNMENT_KINDS, type AssignmentKind } from '../contract/vocabulary.ts';
import type { KeyRecord } from './records.ts';

/** That a key has such an assignment from a change on; null: it has none any more. */
export interface Assignment {
  readonly kind: AssignmentKind;
  readonly value: string | null;
}

/** What somebody says of a new key, without what was left out. */
export function assignedOf(
  said: {
    readonly [kind in AssignmentKind]?: string | null | undefined;
  },
): Pick<KeyRecord, AssignmentKind> {
  const { application, host } = said;
  return { ...(application ? { application } : {}), ...(host ? { host } : {}) };
}

/** What a change of a key changes of its assignments. */
export function changedAssignments(
  before: Pick<KeyRecord, AssignmentKind>,
  after: Pick<KeyRecord, AssignmentKind>,
): readonly Assignment[] {
  return ASSIGNMENT_KINDS.map((kind) => ({ kind, value: after[kind] ?? null })).filter(
    ({ kind, value }) => value !== (before[kind] ?? null),
  );
}

/** The assignments of a key that begins, or begins anew: then what it had before is taken away. */
export function firstAssignments(key: KeyRecord): readonly Assignment[] {
  return ASSIGNMENT_KINDS.map((kind) => ({ kind, value: key[kind] ?? null })).filter(
    ({ value }) => value !== null || key.revision > 0,
  );
}
