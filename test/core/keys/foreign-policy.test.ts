// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { readForeignPolicy } from '#core/keys/foreign-policy.ts';

const ACCOUNT = '000000000000';
const ROOT = `arn:aws:iam::${ACCOUNT}:root`;
const ROLE = `arn:aws:iam::${ACCOUNT}:role/orders-api`;
const allow = (rest: object) => ({ Effect: 'Allow', Resource: '*', ...rest });
const read = (...statements: object[]) =>
  readForeignPolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }), ACCOUNT);

describe('a foreign key policy', () => {
  it.each([
    ['the root of the account', { AWS: ROOT }],
    ['the number of the account', { AWS: ACCOUNT }],
    ['one of several', { AWS: ['arn:aws:iam::111122223333:root', ROOT] }],
  ])('delegates when it lets %s do everything', (_what, Principal) => {
    expect(read(allow({ Principal, Action: 'kms:*' }))).toMatchObject({ isDelegated: true });
  });

  it('loses nothing when it lets the account do everything', () => {
    expect(read(allow({ Principal: { AWS: ROOT }, Action: 'kms:*' })).lost).toEqual([]);
  });

  it.each([
    ['it lets another account', { Principal: { AWS: '111122223333' }, Action: 'kms:*' }],
    ['it lets the account look only', { Principal: { AWS: ROOT }, Action: 'kms:Describe*' }],
    [
      'it does so under a condition',
      { Principal: { AWS: ROOT }, Action: '*', Condition: { Bool: { x: 'true' } } },
    ],
    ['it denies', { Effect: 'Deny', Principal: { AWS: ROOT }, Action: 'kms:*' }],
  ])('does not delegate when %s', (_what, statement) => {
    expect(read(allow(statement)).isDelegated).toBe(false);
  });

  it('names roles with the rights that it gives them, all statements together', () => {
    const { access } = read(
      allow({ Principal: { AWS: ROLE }, Action: ['kms:Encrypt', 'kms:DescribeKey'] }),
      allow({ Principal: { AWS: [ROLE] }, Action: 'KMS:De*' }),
      allow({ Principal: { AWS: `${ROLE}-2` }, Action: 'kms:ListGrants' }),
    );

    expect(access).toEqual([{ principal: ROLE, rights: ['encrypt', 'decrypt'] }]);
  });

  it.each([
    ['denies', { Sid: 'S', Effect: 'Deny', Principal: '*', Action: 'kms:Decrypt' }, 'it denies'],
    [
      'names a service',
      { Sid: 'S', Principal: { Service: 'logs.amazonaws.com' }, Action: 'kms:*' },
      'it names logs.amazonaws.com',
    ],
    [
      'names a user',
      { Sid: 'S', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/bob` }, Action: 'kms:*' },
      `it names arn:aws:iam::${ACCOUNT}:user/bob`,
    ],
    [
      'holds under a condition',
      {
        Sid: 'S',
        Principal: { AWS: ROLE },
        Action: 'kms:Decrypt',
        Condition: { StringEquals: { 'kms:EncryptionContext:a': 'b' } },
      },
      'it holds under conditions only',
    ],
    [
      'says what it does not mean',
      { Sid: 'S', Principal: { AWS: ROLE }, NotAction: 'kms:Decrypt' },
      'it says who or what it does not mean',
    ],
  ])('would lose a statement that %s', (_what, statement, why) => {
    expect(read(allow(statement)).lost).toEqual([{ sid: 'S', why }]);
  });

  it.each<[string, string[], string[], string | null]>([
    [
      'what the console writes for users',
      ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
      ['encrypt', 'decrypt'],
      null,
    ],
    ['data keys alone', ['kms:GenerateDataKey'], ['encrypt'], null],
    ['wrapped data keys alone', ['kms:GenerateDataKeyWithoutPlaintext'], [], 'all'],
    ['re-encryption alone', ['kms:ReEncrypt*'], [], 'all'],
    ['re-encryption by who only reads', ['kms:Decrypt', 'kms:ReEncrypt*'], ['decrypt'], 'last'],
    ['what administrators do', ['kms:Put*', 'kms:ScheduleKeyDeletion'], [], 'all'],
    ['everything', ['kms:*'], ['encrypt', 'decrypt'], 'all'],
  ])('says of a role with %s what its rights do not say again', (_what, Action, rights, lost) => {
    const read1 = read(allow({ Sid: 'S', Principal: { AWS: ROLE }, Action }));

    expect(read1.access.flatMap((one) => one.rights)).toEqual(rights);
    const beyond = lost === 'all' ? Action : Action.slice(-1);
    expect(read1.lost).toEqual(
      lost === null ? [] : [{ sid: 'S', why: `it lets ${ROLE} do ${beyond.join(', ')}` }],
    );
  });

  it('numbers statements without a name', () => {
    const [lost] = read(allow({ Principal: '*', Action: 'kms:*' })).lost;

    expect(lost).toEqual({ sid: '#1', why: 'it names *' });
  });
});
