// SPDX-License-Identifier: Apache-2.0
// Whose key signs votes, from the directory of `policies/`; a deployment may give further keys by name.
import type { People } from '#core/contract/people.ts';
import type { Signers } from '#core/ports/approvals.ts';

interface Known {
  readonly user: string;
  readonly sub: string;
  readonly signingKeys?: readonly string[];
}

export class TableSigners implements Signers {
  readonly #people: readonly Known[];
  readonly #more: People;

  constructor(people: readonly Known[], more: People) {
    this.#people = people;
    this.#more = more;
  }

  async keysOf(sub: string): Promise<readonly string[]> {
    const person = this.#people.find((known) => known.sub === sub);
    if (!person) return [];
    const given = new Map(Object.entries(this.#more)).get(person.user);
    return [...(person.signingKeys ?? []), ...(given?.signingKeys ?? [])];
  }
}
