// SPDX-License-Identifier: Apache-2.0
// Who can hold shares, from the directory of `policies/`; a deployment may give further age recipients by name.
import type { People } from '#core/contract/people.ts';
import type { Custodian } from '#core/escrow/records.ts';
import type { CustodianDirectory } from '#core/ports/custodians.ts';

interface Known {
  readonly user: string;
  readonly sub: string;
  readonly ageRecipient?: string;
  readonly groups: readonly string[];
}

/** Whose members get shares unless a key names others. */
const CUSTODIANS = 'grp_custodians';

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
    return found ? this.#withKey(found) : null;
  }

  async holders(): Promise<readonly Custodian[]> {
    const members = this.#people.filter(({ groups }) => groups.includes(CUSTODIANS));
    return members.map((one) => this.#withKey(one)).filter((one) => one !== null);
  }

  #withKey({ user, sub, ageRecipient }: Known): Custodian | null {
    const given = new Map(Object.entries(this.#more)).get(user);
    const recipient = given?.ageRecipient ?? ageRecipient;
    return recipient ? { sub, recipient } : null;
  }
}
