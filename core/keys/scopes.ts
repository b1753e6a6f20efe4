// SPDX-License-Identifier: Apache-2.0
// Which keys a scope has, and what is denied by one.
import { ASSIGNMENT_KINDS, type AssignmentKind } from '../contract/vocabulary.ts';
import { KeyturnError } from '../errors.ts';
import type { KeyScope, ScopeContainment, ScopeDenial } from '../ports/scope-containments.ts';
import { strengthOf } from './containment.ts';
import type { Containment, KeyRecord } from './records.ts';

type Scoped = Pick<KeyRecord, 'name' | 'owner' | 'class' | 'environment' | 'application' | 'host'>;

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

/**
 * A key does not slip out of what contains it: neither out of a denied scope, nor away from the one that contained it and
 * is lifted as a whole.
 * @throws KeyturnError `TransitionForbidden`
 */
export function requireNotLeaving(
  denials: readonly ScopeDenial[],
  before: KeyRecord,
  after: KeyRecord,
): void {
  const left = denials.find(
    ({ scope, except }) =>
      isInScope(scope, before) && !isInScope(scope, after) && !except.includes(before.name),
  );
  const by = left?.containment.operationId ?? before.containment?.scopeId;
  if (by === undefined) return;
  throw new KeyturnError(
    'TransitionForbidden',
    `${before.name} is contained by its scope (${by}); it belongs there until that is lifted`,
    { details: { key: before.name, containment: by } },
  );
}

export function isInScope({ kind, value }: KeyScope, key: Scoped): boolean {
  return key[kind] === value;
}

/** What the data plane is told when a scope is contained. A class's own mode is for KMS alone; here all of it is denied. */
export function denialOf(
  containment: ScopeContainment,
  protectedKeys: readonly string[],
): ScopeDenial {
  const { id, scope, kind, mode, reason, requestedBy, occurredAt, startedAt } = containment;
  return {
    scope,
    except: protectedKeys,
    containment: {
      kind,
      mode: mode ?? 'hard',
      operationId: id,
      reason,
      by: requestedBy,
      at: startedAt,
      occurredAt: kind === 'revocation' ? occurredAt : null,
      confirmedAt: null,
    },
  };
}

/** The strongest of the denials that a key lies in; null: none. */
export function deniedBy(denials: readonly ScopeDenial[], key: Scoped): Containment | null {
  const [strongest] = denials
    .filter(({ scope, except }) => isInScope(scope, key) && !except.includes(key.name))
    .map(({ containment }) => containment)
    .sort((a, b) => strengthOf(b) - strengthOf(a));
  return strongest ?? null;
}
