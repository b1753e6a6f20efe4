// SPDX-License-Identifier: Apache-2.0
// The policy evaluator by itself: a table of decisions, and properties that hold for every policy.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conditionsHold } from '#emulator/authorization/conditions.ts';
import { type AccessRequest, decide } from '#emulator/authorization/evaluate.ts';
import { type PolicyDocument, parsePolicy } from '#emulator/authorization/policy-document.ts';
import { type Caller, principalArn, rootOf } from '#emulator/authorization/principal.ts';
import { matchesArn, matchesWildcard } from '#emulator/authorization/wildcard.ts';

const ACCOUNT = '111122223333';
const session: Caller = {
  ...rootOf(ACCOUNT),
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/app/s`,
  isRoot: false,
};

describe('principals', () => {
  it('of a session are those of its role', () => {
    expect(principalArn(session)).toBe(`arn:aws:iam::${ACCOUNT}:role/app`);
  });

  const named = (principal: unknown, caller: Caller, not = false): boolean => {
    const key = {
      account: ACCOUNT,
      policy: parsePolicy(
        {
          Statement: {
            Effect: 'Allow',
            [not ? 'NotPrincipal' : 'Principal']: principal,
            Action: '*',
            Resource: '*',
          },
        },
        'key',
      ),
    };
    const context = new Map<string, string[]>();
    return decide({ caller, action: 'kms:Encrypt', resource: 'r', context, key }).allowed;
  };

  it.each([
    ['*', true],
    [{ AWS: '*' }, true],
    [{ AWS: `arn:aws:iam::${ACCOUNT}:role/app` }, true],
    [{ AWS: [`arn:aws:iam::${ACCOUNT}:role/path/app`] }, true],
    [{ AWS: `arn:aws:sts::${ACCOUNT}:assumed-role/app/s` }, true],
    [{ AWS: `arn:aws:sts::${ACCOUNT}:assumed-role/app/other` }, false],
    [{ AWS: `arn:aws:iam::${ACCOUNT}:role/ap` }, false],
    [{ AWS: ACCOUNT }, false],
    [{ AWS: `arn:aws:iam::${ACCOUNT}:root` }, false],
    [{ Service: 'lambda.amazonaws.com' }, false],
  ])('%j names the session: %s', (principal, expected) => {
    expect(named(principal, session)).toBe(expected);
  });

  it('of the account suffice for its root user only', () => {
    expect(named({ AWS: ACCOUNT }, rootOf(ACCOUNT))).toBe(true);
    expect(named({ AWS: '999999999999' }, rootOf(ACCOUNT))).toBe(false);
  });

  it('of another account need permission from both accounts', () => {
    const foreign: Caller = {
      ...session,
      account: '999999999999',
      arn: 'arn:aws:sts::999999999999:assumed-role/app/s',
    };
    const identity = parsePolicy(
      { Statement: { Effect: 'Allow', Action: 'kms:*', Resource: '*' } },
      'identity',
    );

    expect(named('*', foreign)).toBe(false);
    expect(named('*', { ...foreign, identityPolicies: [identity] })).toBe(true);
  });
});

describe('conditions', () => {
  const context = new Map<string, string[]>([
    ['one', ['a']],
    ['many', ['a', 'b']],
    ['number', ['5']],
    ['ip', ['10.1.2.3']],
    ['arn', ['arn:aws:iam::1:role/x']],
    ['date', ['2026-06-01T00:00:00Z']],
    ['flag', ['false']],
    ['literal', [`\${one}`]],
  ]);
  const holds = (
    operator: string,
    key: string,
    values: string | string[],
    version: object = { Version: '2012-10-17' },
  ) =>
    conditionsHold(
      parsePolicy(
        {
          ...version,
          Statement: {
            Effect: 'Allow',
            Action: '*',
            Resource: '*',
            Condition: { [operator]: { [key]: values } },
          },
        },
        'identity',
      ).statements[0]?.conditions ?? [],
      context,
    );

  it.each<[string, string, string | string[], boolean]>([
    ['StringEquals', 'one', ['x', 'a'], true],
    ['StringEquals', 'ONE', 'a', true],
    ['StringEquals', 'one', 'A', false],
    ['StringEqualsIgnoreCase', 'one', 'A', true],
    ['StringEquals', 'none', 'a', false],
    ['StringEqualsIfExists', 'none', 'a', true],
    ['StringNotEquals', 'none', 'a', true],
    ['StringNotEquals', 'one', ['a', 'b'], false],
    ['StringLike', 'one', '?', true],
    ['StringNotLike', 'one', 'b*', true],
    ['StringEquals', 'one', `\${one}`, true],
    ['StringLike', 'one', `\${*}`, false],
    ['StringEquals', 'one', `\${none, 'a'}`, true],
    ['StringLike', 'many', `\${none, 'b'}*`, true],
    ['StringEquals', 'one', `\${none}`, false],
    ['ForAllValues:StringEquals', 'many', ['a', 'b', 'c'], true],
    ['ForAllValues:StringEquals', 'many', ['a'], false],
    ['ForAllValues:StringEquals', 'none', ['a'], true],
    ['ForAnyValue:StringEquals', 'many', ['b'], true],
    ['ForAnyValue:StringEquals', 'none', ['b'], false],
    ['ForAnyValue:StringNotEquals', 'many', ['a'], true],
    ['NumericLessThan', 'number', '6', true],
    ['NumericGreaterThanEquals', 'number', '5', true],
    ['NumericEquals', 'one', '5', false],
    ['IpAddress', 'ip', '10.1.0.0/16', true],
    ['IpAddress', 'ip', '10.2.0.0/16', false],
    ['IpAddress', 'ip', 'nonsense', false],
    ['NotIpAddress', 'ip', '10.2.0.0/16', true],
    ['ArnLike', 'arn', 'arn:aws:iam::*:role/*', true],
    ['ArnLike', 'arn', 'arn:*:role/x', false],
    ['ArnNotEquals', 'arn', 'arn:aws:iam::1:role/y', true],
    ['DateGreaterThan', 'date', '2026-01-01T00:00:00Z', true],
    ['DateLessThan', 'date', '1767225600', false],
    ['Bool', 'flag', 'false', true],
    ['Null', 'none', 'true', true],
    ['Null', 'one', 'true', false],
    ['Null', 'one', 'false', true],
  ])('%s of %s with %j: %s', (operator, key, values, expected) => {
    expect(holds(operator, key, values)).toBe(expected);
  });

  it('without the version of 2012 take variables for text', () => {
    expect(holds('StringEquals', 'one', `\${one}`, {})).toBe(false);
    expect(holds('StringEquals', 'literal', `\${one}`, {})).toBe(true);
    expect(holds('StringLike', 'literal', `*{one?`, {})).toBe(true);
  });
});

const actions = ['kms:Encrypt', 'kms:Decrypt', 'kms:*', 'kms:*crypt', 'kms:Describe?ey', '*'];
const principals = [
  '*',
  { AWS: `arn:aws:iam::${ACCOUNT}:root` },
  { AWS: `arn:aws:iam::${ACCOUNT}:role/app` },
  { AWS: session.arn },
  { AWS: '999999999999' },
];
const statement = (kind: 'key' | 'identity', effect = fc.constantFrom('Allow', 'Deny')) =>
  fc
    .record({
      Effect: effect,
      action: fc.tuple(fc.boolean(), fc.constantFrom(...actions)),
      Resource: fc.constantFrom('*', 'arn:aws:kms:r:a:key/1', 'arn:aws:kms:r:a:key/2'),
      principal: fc.constantFrom(...principals),
      condition: fc.constantFrom(
        {},
        { StringEquals: { tag: 'x' } },
        { StringNotEquals: { tag: 'x' } },
        { Null: { tag: 'true' } },
      ),
    })
    .map(({ Effect, action: [not, pattern], Resource, principal, condition }) => ({
      Effect,
      [not ? 'NotAction' : 'Action']: pattern,
      Resource,
      Condition: condition,
      ...(kind === 'key' ? { Principal: principal } : {}),
    }));
const documents = (kind: 'key' | 'identity') =>
  fc
    .array(statement(kind), { minLength: 1, maxLength: 4 })
    .map((Statement) => parsePolicy({ Statement }, kind));
const request: fc.Arbitrary<AccessRequest> = fc.record({
  caller: fc
    .record({
      isRoot: fc.boolean(),
      identityPolicies: fc.array(documents('identity'), { maxLength: 2 }),
      boundaryPolicies: fc.option(fc.array(documents('identity'), { maxLength: 1 }), {
        nil: undefined,
      }),
      sessionPolicies: fc.option(fc.array(documents('identity'), { maxLength: 1 }), {
        nil: undefined,
      }),
    })
    .map((policies) => ({ ...(policies.isRoot ? rootOf(ACCOUNT) : session), ...policies })),
  action: fc.constantFrom('kms:Encrypt', 'kms:DescribeKey', 'kms:PutKeyPolicy'),
  resource: fc.constantFrom('arn:aws:kms:r:a:key/1', 'arn:aws:kms:r:a:key/2'),
  context: fc.constantFrom(
    new Map<string, string[]>(),
    new Map([['tag', ['x']]]),
    new Map([['tag', ['y']]]),
  ),
  key: fc.option(
    documents('key').map((policy) => ({ policy, account: ACCOUNT })),
    { nil: undefined },
  ),
});

function plus(policy: PolicyDocument, added: unknown, kind: 'key' | 'identity'): PolicyDocument {
  const [parsed] = parsePolicy({ Statement: added }, kind).statements;
  return { statements: parsed === undefined ? policy.statements : [...policy.statements, parsed] };
}

const everything = { Action: '*', Resource: '*' };

describe('for every policy and request', () => {
  it('a deny of everything, in whichever policy, denies', () => {
    fc.assert(
      fc.property(request, fc.nat(3), (asked, where) => {
        const denial = parsePolicy({ Statement: { Effect: 'Deny', ...everything } }, 'identity');
        const { caller, key } = asked;
        const places: AccessRequest[] = [
          {
            ...asked,
            caller: { ...caller, identityPolicies: [...caller.identityPolicies, denial] },
          },
          { ...asked, caller: { ...caller, boundaryPolicies: [denial] } },
          { ...asked, caller: { ...caller, sessionPolicies: [denial] } },
          key === undefined
            ? { ...asked, caller: { ...caller, identityPolicies: [denial] } }
            : {
                ...asked,
                key: {
                  ...key,
                  policy: plus(
                    key.policy,
                    { Effect: 'Deny', Principal: '*', ...everything },
                    'key',
                  ),
                },
              },
        ];
        const denied = places[where];

        expect(denied === undefined ? undefined : decide(denied)).toMatchObject({
          allowed: false,
          explicit: true,
        });
      }),
    );
  });

  it('one more Allow never takes access away', () => {
    fc.assert(
      fc.property(
        request,
        statement('key', fc.constant('Allow')),
        statement('identity', fc.constant('Allow')),
        (asked, forKey, forIdentity) => {
          const before = decide(asked).allowed;
          const identity = parsePolicy({ Statement: forIdentity }, 'identity');
          const identityPolicies = [...asked.caller.identityPolicies, identity];
          const wider = { ...asked, caller: { ...asked.caller, identityPolicies } };
          const widest =
            asked.key === undefined
              ? wider
              : { ...wider, key: { ...asked.key, policy: plus(asked.key.policy, forKey, 'key') } };

          expect(decide(wider).allowed || !before).toBe(true);
          expect(decide(widest).allowed || !before).toBe(true);
        },
      ),
    );
  });

  it('one more Deny never gives access', () => {
    fc.assert(
      fc.property(request, statement('identity', fc.constant('Deny')), (asked, added) => {
        const identity = parsePolicy({ Statement: added }, 'identity');
        const identityPolicies = [...asked.caller.identityPolicies, identity];

        const narrower = decide({ ...asked, caller: { ...asked.caller, identityPolicies } });

        expect(decide(asked).allowed || !narrower.allowed).toBe(true);
      }),
    );
  });

  it('a key policy that says nothing about the caller allows nobody, root included', () => {
    fc.assert(
      fc.property(request, (asked) => {
        const policy = parsePolicy(
          { Statement: { Effect: 'Allow', Principal: { AWS: '999999999999' }, ...everything } },
          'key',
        );

        expect(decide({ ...asked, key: { policy, account: ACCOUNT } }).allowed).toBe(false);
      }),
    );
  });
});

describe('wildcards', () => {
  const character = fc.constantFrom('a', 'b', '*', '?', ':', '/', '.', '\\', '$');
  const word = fc.array(character, { maxLength: 8 }).map((characters) => characters.join(''));

  it('match as the regular expression they stand for', () => {
    fc.assert(
      fc.property(word, word, (pattern, value) => {
        const source = [...pattern]
          .map((c) => (c === '*' ? '[^]*' : c === '?' ? '[^]' : c.replace(/[.\\$/]/, '\\$&')))
          .join('');

        expect(matchesWildcard(pattern, value)).toBe(new RegExp(`^${source}$`).test(value));
      }),
      { numRuns: 2000 },
    );
  });

  it('do not explode', () => {
    expect(matchesWildcard(`${'*a'.repeat(2000)}b`, 'a'.repeat(4000))).toBe(false);
  });

  it('of ARNs do not cross a colon before the resource', () => {
    expect(matchesArn('arn:aws:kms:*:1:key/*', 'arn:aws:kms:r:1:key/x:y')).toBe(true);
    expect(matchesArn('arn:aws:*:key/x', 'arn:aws:kms:r:1:key/x')).toBe(false);
  });
});
