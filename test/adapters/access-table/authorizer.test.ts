// SPDX-License-Identifier: Apache-2.0
// Who may do what, written out as a table: every seeded principal × every action × every kind of object. What the
// table does not list is denied.
import { describe, expect, it } from 'vitest';
import { AccessTableAuthorizer, TableDirectory } from '#adapters/access-table/authorizer.ts';
import { ACTIONS, type Action } from '#core/contract/routes.ts';
import type { AccessObject, Principal } from '#core/ports/platform.ts';
import { DIRECTORY } from '#policies/directory.ts';
import { ROLE_RULES } from '#policies/roles.ts';

const ROLE = 'arn:aws:iam::000000000000:role/orders-api';
const access = (rights: readonly ('encrypt' | 'decrypt')[]) => [{ principal: ROLE, rights }];
const OBJECTS = {
  'the service': {},
  "olga's key": { key: { name: 'orders', owner: 'olga', access: access(['encrypt', 'decrypt']) } },
  'a key of her team': { key: { name: 'pay', owner: 'payments', access: [] } },
  'a key of others': { key: { name: 'other', owner: 'bob', access: access(['encrypt']) } },
  'a read-only key': { key: { name: 'archive', owner: 'bob', access: access(['decrypt']) } },
} as const satisfies Record<string, AccessObject>;
type ObjectName = keyof typeof OBJECTS;
const EVERYTHING = Object.keys(OBJECTS) as ObjectName[];

const person = (user: string): Principal => {
  const known = DIRECTORY.local.find((candidate) => candidate.user === user);
  return { id: known?.sub ?? user, kind: 'person', name: user, groups: known?.groups ?? [] };
};
const workload = (id: string): Principal => ({ id, kind: 'workload', name: null, groups: [] });

const READ = {
  'elevation:read': EVERYTHING,
  'elevation:request': EVERYTHING,
  'signer:read': EVERYTHING,
  'signer:enroll': EVERYTHING,
  'approval:read': EVERYTHING,
  'escrow:read': EVERYTHING,
  'policy:read': EVERYTHING,
  'recovery:read': EVERYTHING,
  'incident:read': EVERYTHING,
  'key:read': EVERYTHING,
  'key:plan': EVERYTHING,
  'consumer:read': EVERYTHING,
  'source:read': EVERYTHING,
  'operation:read': EVERYTHING,
  'scope:read': EVERYTHING,
  'drill:read': EVERYTHING,
  'pause:read': EVERYTHING,
  'brake:read': EVERYTHING,
};
const OWNED: ObjectName[] = ["olga's key", 'a key of her team'];
/** What is permitted, by principal and action, on which objects. */
const PERMITTED: Record<
  string,
  { principal: Principal; may: Partial<Record<Action, ObjectName[]>> }
> = {
  alice: {
    principal: person('alice'),
    may: {
      ...READ,
      'incident:manage': EVERYTHING,
      'key:create': EVERYTHING,
      'key:update': EVERYTHING,
      'key:rotate': EVERYTHING,
      'key:adopt': EVERYTHING,
      'key:release': EVERYTHING,
      'key:revoke': EVERYTHING,
      'key:suspend': EVERYTHING,
      'key:resume': EVERYTHING,
      'scope:contain': EVERYTHING,
      'pause:manage': EVERYTHING,
      'brake:apply': EVERYTHING,
      'brake:lift': EVERYTHING,
      'scope:lift': EVERYTHING,
      'key:destroy': EVERYTHING,
      'key:stop-destruction': EVERYTHING,
      'recovery:request': EVERYTHING,
      'recovery:resume': EVERYTHING,
      'consumer:acknowledge-purge': EVERYTHING,
      'consumer:manage': EVERYTHING,
      'rotation:cancel': EVERYTHING,
      'rotation:extend': EVERYTHING,
      'rotation:force': EVERYTHING,
      'approval:cancel': EVERYTHING,
      'elevation:revoke': EVERYTHING,
      'signer:remove': EVERYTHING,
      'escrow:request': EVERYTHING,
      'escrow:complete': EVERYTHING,
      'policy:activate': EVERYTHING,
      'policy:withdraw': EVERYTHING,
      'rotation:roll-back': EVERYTHING,
      'source:manage': EVERYTHING,
      'key:reencrypt': EVERYTHING,
      'key:hold': EVERYTHING,
      'key:retire': EVERYTHING,
      'audit:read': EVERYTHING,
      'key-store:provision': EVERYTHING,
      'hsm:change': EVERYTHING,
      'drill:run': EVERYTHING,
      'key-store:read': EVERYTHING,
      'task:read': EVERYTHING,
      'task:complete': EVERYTHING,
    },
  },
  olga: {
    principal: person('olga'),
    may: {
      ...READ,
      'incident:manage': EVERYTHING,
      'key:rotate': OWNED,
      'key:revoke': OWNED,
      'key:suspend': OWNED,
      'key:resume': OWNED,
      'key:stop-destruction': OWNED,
      'consumer:acknowledge-purge': OWNED,
      'consumer:manage': OWNED,
      'rotation:cancel': OWNED,
      'rotation:extend': OWNED,
      'rotation:roll-back': OWNED,
      'source:manage': OWNED,
      'key:reencrypt': OWNED,
      'key:hold': OWNED,
    },
  },
  ...Object.fromEntries(
    ['bob', 'carol', 'dan', 'erin', 'frank'].map((user) => [
      user,
      {
        principal: person(user),
        may: {
          ...READ,
          'incident:manage': EVERYTHING,
          'approval:vote': EVERYTHING,
          'approval:cancel': EVERYTHING,
          'elevation:revoke': EVERYTHING,
          'signer:remove': EVERYTHING,
          'escrow:contribute': EVERYTHING,
          'drill:answer': EVERYTHING,
          'policy:withdraw': EVERYTHING,
          'key:stop-destruction': EVERYTHING,
        },
      },
    ]),
  ),
  ada: {
    principal: person('ada'),
    may: {
      ...READ,
      'audit:read': EVERYTHING,
      'key:hold': EVERYTHING,
      'key-store:read': EVERYTHING,
    },
  },
  'orders-api': {
    principal: workload(ROLE),
    may: {
      'key:read': ["olga's key", 'a key of others', 'a read-only key'],
      // Either right: KMS decides who unwraps it.
      'key:fetch-data-key': ["olga's key", 'a key of others', 'a read-only key'],
      'key:encrypt': ["olga's key", 'a key of others'],
      'key:decrypt': ["olga's key", 'a read-only key'],
    },
  },
  'the same role in another account': {
    principal: workload('arn:aws:iam::111122223333:role/orders-api'),
    may: {},
  },
  'a role whose name begins alike': { principal: workload(`${ROLE}-2`), may: {} },
  'a stranger with the groups of an operator': {
    principal: { ...person('alice'), id: 'usr_mallory' },
    may: {},
  },
  'a person named like an operator': {
    principal: { id: 'usr_mallory', kind: 'person', name: 'alice', groups: [] },
    may: {},
  },
  'somebody in a group named like a group': {
    principal: { ...person('ada'), groups: ['operators', 'GRP_OPERATORS', 'grp_operators '] },
    may: {},
  },
  'a workload that calls itself a person': { principal: workload('usr_alice'), may: {} },
  'the system': { principal: { id: 'schedule', kind: 'system', name: null, groups: [] }, may: {} },
};

const authorizer = new AccessTableAuthorizer(ROLE_RULES, DIRECTORY.local);

describe.each(Object.keys(PERMITTED))('%s', (name) => {
  const { principal, may } = PERMITTED[name] ?? { principal: workload(''), may: {} };

  it.each(ACTIONS)('may %s on exactly the objects of the table', async (action) => {
    const permitted: ObjectName[] = [];
    for (const object of EVERYTHING) {
      const { effect } = await authorizer.authorize(principal, action, OBJECTS[object]);
      if (effect === 'permit') permitted.push(object);
    }

    expect(permitted).toEqual(may[action] ?? []);
  });
});

describe('an acknowledgement', () => {
  const consumer = { name: 'orders', principal: ROLE };
  const decide = async (principal: Principal, object: AccessObject) =>
    (await authorizer.authorize(principal, 'rotation:acknowledge', object)).effect;

  it('is taken from the principal of the consumer, and from nobody else', async () => {
    const object = { ...OBJECTS["olga's key"], consumer };

    expect(await decide(workload(ROLE), object)).toBe('permit');
    expect(await decide(workload(`${ROLE}-2`), object)).toBe('forbid');
    expect(await decide(person('alice'), object)).toBe('forbid');
    expect(await decide(person('olga'), object)).toBe('forbid');
  });

  it('is taken of no consumer that is not there, whatever access its role has', async () => {
    expect(await decide(workload(ROLE), OBJECTS["olga's key"])).toBe('forbid');
  });
});

describe('the word that caches are empty', () => {
  const object = { ...OBJECTS["olga's key"], consumer: { name: 'orders', principal: ROLE } };
  const decide = async (principal: Principal) =>
    (await authorizer.authorize(principal, 'consumer:acknowledge-purge', object)).effect;

  it('is taken from the consumer itself, and from people who manage it', async () => {
    expect(await decide(workload(ROLE))).toBe('permit');
    expect(await decide(workload(`${ROLE}-2`))).toBe('forbid');
    expect(await decide(person('alice'))).toBe('permit');
    expect(await decide(person('olga'))).toBe('permit');
  });
});

describe('a decision', () => {
  it('names the rule that permitted', async () => {
    expect(await authorizer.authorize(person('olga'), 'key:rotate', OBJECTS["olga's key"])).toEqual(
      {
        effect: 'permit',
        rule: 'owners-rotate-their-keys',
      },
    );
  });

  it.each([
    [person('bob'), 'key:rotate', 'no-rule-permits'],
    [person('mallory'), 'key:read', 'not-in-the-directory'],
    [workload('arn:x'), 'key:read', 'not-in-the-access-list'],
    [workload(ROLE), 'key:rotate', 'access-list-lacks-the-right'],
  ] as const)('names why it forbids', async (principal, action, rule) => {
    expect(await authorizer.authorize(principal, action, OBJECTS["olga's key"])).toEqual({
      effect: 'forbid',
      rule,
    });
  });

  it.each(['test', 'staging', 'production'] as const)(
    'forbids everything to the seeded people on stage %s',
    async (stage) => {
      const elsewhere = new AccessTableAuthorizer(ROLE_RULES, DIRECTORY[stage]);
      const decisions = await Promise.all(
        ACTIONS.map((action) => elsewhere.authorize(person('alice'), action, {})),
      );

      expect(decisions.filter((decision) => decision.effect === 'permit')).toEqual([]);
    },
  );

  it('lets no group encrypt or decrypt', () => {
    const actions = ROLE_RULES.flatMap((rule) => rule.actions);

    expect(actions).not.toContain('key:encrypt');
    expect(actions).not.toContain('key:decrypt');
    expect(actions).not.toContain('key:fetch-data-key');
  });
});

describe('the directory', () => {
  it.each([
    ['olga', true],
    ['payments', true],
    ['mallory', false],
    ['usr_olga', false],
    ['grp_owners', false],
    ['', false],
  ])('knows "%s" as an owner: %s', async (owner, isKnown) => {
    expect(await new TableDirectory(DIRECTORY.local).ownerExists(owner)).toBe(isKnown);
  });
});
