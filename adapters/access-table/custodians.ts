// SPDX-License-Identifier: Apache-2.0
// Who can hold shares, from the directory of `policies/`; a deployment may give further age recipients by name.
import type { People } from '#core/contract/people.ts';
import type { Custodian } from '#core/escrow/records.ts';
import type { CustodianDirectory } from '#core/ports/custodians.ts';

interface Known {
  readonly user: string;
  readonly sub: string;
  readonly ageRecipient?: string;
}

export class TableCustodians implements CustodianDirectory {
  readonly #people: readonly Known[];
  readonly #more: People;

  constructor(people: readonly Known[], more: People) {
    this.#people = people;
    this.#more = more;
  }

  async custodian(name: string): Promise<Custodian | null> {
    const found =
      this.#people.find(({ user }) => user === name) ??
      this.#people.find(({ sub }) => sub === name);
    const given = new Map(Object.entries(this.#more)).get(found?.user ?? '');
    const recipient = given?.ageRecipient ?? found?.ageRecipient;
    return found && recipient ? { sub: found.sub, recipient } : null;
  }
}
