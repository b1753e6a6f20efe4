// SPDX-License-Identifier: Apache-2.0
// Which keys a scope has, and what is denied by one.
import { KeyturnError } from '../errors.ts';
import type { KeyScope, ScopeContainment, ScopeDenial } from '../ports/scope-containments.ts';
import { strengthOf } from './containment.ts';
import type { Containment, KeyRecord } from './records.ts';

type Scoped = Pick<KeyRecord, 'name' | 'owner' | 'class' | 'environment' | 'application' | 'host'>;

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
