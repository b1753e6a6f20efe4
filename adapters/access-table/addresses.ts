// SPDX-License-Identifier: Apache-2.0
// Where people read their mail, from the directory of `policies/`; a deployment may give other addresses by name.
import type { People } from '#core/contract/people.ts';

interface Known {
  readonly user: string;
  readonly sub: string;
  readonly email?: string;
}

/** Address of a person by immutable id; null for strangers and for those without one. */
export function addressBook(
  people: readonly Known[],
  more: People,
): (sub: string) => string | null {
  const given = new Map(Object.entries(more));
  return (sub) => {
    const person = people.find((known) => known.sub === sub);
    if (!person) return null;
    return given.get(person.user)?.email ?? person.email ?? null;
  };
}
