// SPDX-License-Identifier: Apache-2.0
// Whose key signs votes: SSH keys from the directory of `policies/`, of which a deployment may give further ones by
// name; and passkeys that were let in by approval.
import type { People } from '#core/contract/people.ts';
import type { RelyingParty } from '#core/crypto/webauthn.ts';
import type { Signers, VoterKeys } from '#core/ports/approvals.ts';
import type { Passkeys } from '#core/ports/passkeys.ts';

interface Known {
  readonly user: string;
  readonly sub: string;
  readonly signingKeys?: readonly string[];
}

/** Passkeys, and where they are used. */
export interface PasskeySource {
  readonly site: RelyingParty;
  readonly rows: Pick<Passkeys, 'readPasskeys'>;
}

export class TableSigners implements Signers {
  readonly #people: readonly Known[];
  readonly #more: People;
  readonly #passkeys: PasskeySource | null;

  /** @param passkeys null where none are taken */
  constructor(people: readonly Known[], more: People, passkeys: PasskeySource | null) {
    this.#people = people;
    this.#more = more;
    this.#passkeys = passkeys;
  }

  async keysOf(sub: string): Promise<VoterKeys> {
    const person = this.#people.find((known) => known.sub === sub);
    if (!person) return { sshKeys: [], passkeys: [], origins: [] };
    const given = new Map(Object.entries(this.#more)).get(person.user);
    return {
      sshKeys: [...(person.signingKeys ?? []), ...(given?.signingKeys ?? [])],
      ...(await this.#passkeysOf(sub)),
    };
  }

  async #passkeysOf(sub: string): Promise<Pick<VoterKeys, 'passkeys' | 'origins'>> {
    if (!this.#passkeys) return { passkeys: [], origins: [] };
    const { site, rows } = this.#passkeys;
    const items = (await rows.readPasskeys())?.items ?? [];
    const passkeys = items.filter(
      (one) => one.sub === sub && one.removedAt === null && one.rpId === site.rpId,
    );
    return { passkeys, origins: site.origins };
  }
}
