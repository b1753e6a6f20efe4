// SPDX-License-Identifier: Apache-2.0
// Which keys a scope has, and what is denied by one.
import type { KeyScope, ScopeContainment, ScopeDenial } from '../ports/scope-containments.ts';
import { strengthOf } from './containment.ts';
import type { Containment, KeyRecord } from './records.ts';

type Scoped = Pick<KeyRecord, 'name' | 'owner' | 'class' | 'environment'>;

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
