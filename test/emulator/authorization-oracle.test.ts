// SPDX-License-Identifier: Apache-2.0
// The evaluator against a second, naive one, on random policies: the same answer, whatever the order.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '#emulator/authorization/evaluate.ts';
import { parsePolicy } from '#emulator/authorization/policy-document.ts';
import type { Naming } from '#emulator/authorization/principal.ts';
import { isAllowed, type NaiveRequest, type NaiveStatement } from './naive-evaluator.ts';

const ACCOUNT = '111122223333';
const OTHER = '999999999999';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/app`;
const SESSION = `arn:aws:sts::${ACCOUNT}:assumed-role/app/s`;
const KEYS = ['arn:aws:kms:r:a:key/1', 'arn:aws:kms:r:a:key/2'];

const one = <Value>(...values: Value[]) => fc.constantFrom(...values);
const some = (...values: string[]) =>
  fc.oneof(one(...values), fc.uniqueArray(one(...values), { minLength: 1, maxLength: 3 }));

const action = some(
  'kms:Encrypt',
  'KMS:encrypt',
  'kms:Decrypt',
  'kms:*',
  'kms:*crypt',
  'kms:?ncrypt',
  '*',
);
const resource = some('*', ...KEYS, 'arn:aws:kms:r:a:key/*', 'arn:aws:kms:r:a:key/?');
const names = some('*', ACCOUNT, `arn:aws:iam::${ACCOUNT}:root`, ROLE, `${ROLE}2`, SESSION, OTHER);
const principal = fc.oneof(
  one<NonNullable<NaiveStatement['Principal']>>('*'),
  names.map((AWS) => ({ AWS })),
);
const condition = fc.dictionary(
  one('StringEquals', 'StringNotEquals', 'Null'),
  fc.dictionary(one('tag', 'other'), some('x', 'y', 'true', 'false'), { maxKeys: 2 }),
  { maxKeys: 2 },
);

/** One member or its `Not...` form, mostly the plain one. */
const plainOrNot = <Value>(name: string, value: fc.Arbitrary<Value>) =>
  fc
    .tuple(fc.nat(4), value)
    .map(([draw, given]) => ({ [draw === 0 ? `Not${name}` : name]: given }));

function statement(kind: 'key' | 'identity'): fc.Arbitrary<NaiveStatement> {
  const parts = fc.tuple(
    fc.record({ Effect: one('Allow', 'Allow', 'Deny'), Condition: condition }),
    plainOrNot('Action', action),
    plainOrNot('Resource', resource),
    kind === 'key' ? plainOrNot('Principal', principal) : fc.constant({}),
  );
  return parts.map((members) => Object.assign({}, ...members) as NaiveStatement);
}

const policy = (kind: 'key' | 'identity') =>
  fc.array(statement(kind), { minLength: kind === 'key' ? 1 : 0, maxLength: 4 });
const limit = fc.option(policy('identity'), { nil: undefined });

const request: fc.Arbitrary<NaiveRequest> = fc.record({
  caller: fc.oneof(
    fc.record({
      arn: fc.constant(SESSION),
      role: fc.constant(ROLE),
      account: fc.constant(ACCOUNT),
      isRoot: fc.constant(false),
      identity: policy('identity'),
      boundary: limit,
      session: limit,
    }),
    fc.record({
      arn: fc.constant(`arn:aws:iam::${ACCOUNT}:root`),
      role: fc.constant(`arn:aws:iam::${ACCOUNT}:root`),
      account: fc.constant(ACCOUNT),
      isRoot: fc.constant(true),
      identity: fc.constant([]),
      boundary: fc.constant(undefined),
      session: fc.constant(undefined),
    }),
  ),
  action: one('kms:Encrypt', 'kms:Decrypt', 'kms:DescribeKey'),
  resource: one(...KEYS),
  context: one<NaiveRequest['context']>({}, { tag: ['x'] }, { tag: ['y'], other: ['x'] }),
  key: fc.option(fc.record({ account: one(ACCOUNT, ACCOUNT, OTHER), policy: policy('key') }), {
    nil: undefined,
  }),
  isGranted: fc.boolean(),
});

const parse = (Statement: readonly NaiveStatement[], kind: 'key' | 'identity') =>
  parsePolicy({ Version: '2012-10-17', Statement }, kind);

function answer({ caller, key, isGranted, context, ...asked }: NaiveRequest): boolean {
  const limits = (statements: readonly NaiveStatement[] | undefined) =>
    statements === undefined ? undefined : [parse(statements, 'identity')];
  const granted = () => new Set<Naming>(isGranted ? ['principal'] : []);
  return decide({
    ...asked,
    context: new Map(Object.entries(context)),
    caller: {
      arn: caller.arn,
      account: caller.account,
      isRoot: caller.isRoot,
      identityPolicies: [parse(caller.identity, 'identity')],
      boundaryPolicies: limits(caller.boundary),
      sessionPolicies: limits(caller.session),
      sourceIp: undefined,
      secureTransport: true,
      viaService: undefined,
    },
    key: key && { account: key.account, policy: parse(key.policy, 'key'), granted },
  }).allowed;
}

const reversed = <Item>(items: readonly Item[]) => [...items].reverse();

describe('the evaluator', () => {
  it('answers as the naive one', () => {
    const seen = { true: 0, false: 0 };
    fc.assert(
      fc.property(request, (asked) => {
        const allowed = isAllowed(asked);
        seen[`${allowed}`] += 1;

        expect(answer(asked)).toBe(allowed);
      }),
      { numRuns: 10_000 },
    );
    // Not all of one kind: neither evaluator is a constant.
    expect(Math.min(seen.true, seen.false)).toBeGreaterThan(500);
  });

  it('does not care for the order of statements', () => {
    fc.assert(
      fc.property(request, (asked) => {
        const { caller, key } = asked;
        const turned = {
          ...asked,
          caller: { ...caller, identity: reversed(caller.identity) },
          key: key && { ...key, policy: reversed(key.policy) },
        };

        expect(answer(turned)).toBe(answer(asked));
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives nothing for one more Deny, wherever it stands, against grants too', () => {
    fc.assert(
      fc.property(request, statement('key'), statement('identity'), (asked, forKey, forCaller) => {
        const deny = (item: NaiveStatement) => ({ ...item, Effect: 'Deny' });
        const { caller, key } = asked;
        const narrower = {
          ...asked,
          caller: { ...caller, identity: [deny(forCaller), ...caller.identity] },
          key: key && { ...key, policy: [...key.policy, deny(forKey)] },
        };

        expect(answer(narrower) && !answer(asked)).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});
