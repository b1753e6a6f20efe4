// SPDX-License-Identifier: Apache-2.0
// Authorization by tables: group rules for people, the key's own access list for workloads. Deny by default, one
// decision per object. A policy engine can replace it behind the same port.
import type { Action } from '#core/contract/routes.ts';
import type { Right } from '#core/contract/vocabulary.ts';
import type {
  AccessObject,
  Authorizer,
  Decision,
  Directory,
  Principal,
} from '#core/ports/platform.ts';

/** The shape of a group rule (`policies/roles.ts`). */
export interface GroupRule {
  readonly id: string;
  readonly group: string;
  readonly actions: readonly Action[];
  readonly onlyOwned?: true;
}

/** The shape of a person (`policies/directory.ts`). */
export interface KnownPerson {
  readonly user: string;
  readonly sub: string;
  readonly teams: readonly string[];
}

const FORBID = (rule: string): Decision => ({ effect: 'forbid', rule });
const PERMIT = (rule: string): Decision => ({ effect: 'permit', rule });

/** What whoever has any right on a key may do. */
const ANY_RIGHT: readonly Action[] = ['key:read', 'key:fetch-data-key'];

/** What only the consumer says that it is about, among workloads. */
const OF_ITSELF: readonly Action[] = [
  'rotation:acknowledge',
  'rotation:report',
  'consumer:acknowledge-purge',
];

/** Rights on data, by action. */
const DATA_RIGHT: Partial<Record<Action, Right>> = {
  'key:encrypt': 'encrypt',
  'key:decrypt': 'decrypt',
};

/** Rights for a while that a person has now. */
export type InForce = (
  sub: string,
) => Promise<readonly { readonly id: string; readonly group: string }[]>;

export class AccessTableAuthorizer implements Authorizer {
  readonly #rules: readonly GroupRule[];
  readonly #people: readonly KnownPerson[];
  readonly #inForce: InForce;

  constructor(
    rules: readonly GroupRule[],
    people: readonly KnownPerson[],
    inForce: InForce = async () => [],
  ) {
    this.#rules = rules;
    this.#people = people;
    this.#inForce = inForce;
  }

  async authorize(principal: Principal, action: Action, object: AccessObject): Promise<Decision> {
    if (principal.kind === 'workload') return workloadDecision(principal, action, object);
    if (principal.kind === 'person') return this.#personDecision(principal, action, object);
    return FORBID('no-rule-for-system-principals');
  }

  async #personDecision(
    principal: Principal,
    action: Action,
    object: AccessObject,
  ): Promise<Decision> {
    const person = this.#people.find((known) => known.sub === principal.id);
    if (!person) return FORBID('not-in-the-directory');
    const isOwned =
      object.key !== undefined && [person.user, ...person.teams].includes(object.key.owner);
    const permitting = this.#rules.filter(
      ({ actions, onlyOwned }) => actions.includes(action) && (isOwned || !onlyOwned),
    );
    const own = permitting.find(({ group }) => principal.groups.includes(group));
    if (own) return PERMIT(own.id);
    // What no group may do needs no look at who is in one for a while.
    if (permitting.length === 0) return FORBID('no-rule-permits');
    const held = await this.#inForce(person.sub);
    for (const { id, group } of permitting) {
      const elevation = held.find((one) => one.group === group);
      if (elevation) return PERMIT(`${id} by ${elevation.id}`);
    }
    return FORBID('no-rule-permits');
  }
}

function workloadDecision(principal: Principal, action: Action, object: AccessObject): Decision {
  // A consumer acknowledges for itself alone, whatever else it may do.
  if (OF_ITSELF.includes(action)) {
    const isItself = object.consumer?.principal === principal.id;
    return isItself ? PERMIT('consumer-acknowledges') : FORBID('not-that-consumer');
  }
  // Whole ARNs are compared: a role of the same name in another account is another principal.
  const grant = object.key?.access.find((entry) => entry.principal === principal.id);
  if (!grant) return FORBID('not-in-the-access-list');
  const right = DATA_RIGHT[action];
  // Either right needs the data key, and KMS decides who unwraps it.
  const isPermitted = right ? grant.rights.includes(right) : ANY_RIGHT.includes(action);
  return isPermitted ? PERMIT('access-list') : FORBID('access-list-lacks-the-right');
}

export class TableDirectory implements Directory {
  readonly #owners: ReadonlySet<string>;

  constructor(people: readonly KnownPerson[]) {
    this.#owners = new Set(people.flatMap((person) => [person.user, ...person.teams]));
  }

  async ownerExists(owner: string): Promise<boolean> {
    return this.#owners.has(owner);
  }
}
