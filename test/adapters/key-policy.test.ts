// SPDX-License-Identifier: Apache-2.0
// Consumers in the key policy, as documents; that KMS decides by them is shown by the contract suite of the vault.
import { describe, expect, it } from 'vitest';
import { keyPolicy, policyMeter } from '#adapters/kms/key-policy.ts';
import { POLICY_TEMPLATES } from '#core/contract/vocabulary.ts';
import type { AccessGrant } from '#core/keys/records.ts';

const SITE = { stage: 'local', account: '000000000000', partition: 'aws' };
const OURS = 'arn:aws:iam::000000000000:role/orders-api';
const THEIRS = 'arn:aws:iam::444455556666:role/billing';
const statements = (template: 'active' | 'decrypt-only', access: readonly AccessGrant[]) =>
  new Map(keyPolicy(SITE, template, access).Statement.map((one) => [one.Sid, one]));

describe('the policy of an open version', () => {
  it('names consumers of another account under that account, with their rights alone', () => {
    const policy = statements('active', [
      { principal: OURS, rights: ['encrypt', 'decrypt'] },
      { principal: THEIRS, rights: ['decrypt'] },
    ]);

    expect(policy.get('ConsumersDecrypt444455556666')).toMatchObject({
      Principal: { AWS: 'arn:aws:iam::444455556666:root' },
      Condition: { ArnEquals: { 'aws:PrincipalArn': [THEIRS] } },
    });
    expect(policy.has('ConsumersEncrypt444455556666')).toBe(false);
    expect(policy.has('ServicesOf444455556666')).toBe(false);
  });

  it('lets an AWS service make grants for the principal, and the principal itself none', () => {
    const access: AccessGrant[] = [
      { principal: THEIRS, rights: ['encrypt', 'decrypt'], forService: true },
    ];

    expect(statements('active', access).get('ServicesOf444455556666')).toMatchObject({
      Effect: 'Allow',
      Action: ['kms:CreateGrant'],
      Condition: {
        ArnEquals: { 'aws:PrincipalArn': [THEIRS] },
        Bool: { 'kms:GrantIsForAWSResource': 'true' },
      },
    });
    expect(statements('decrypt-only', access).has('ServicesOf444455556666')).toBe(false);
  });

  it('lets roles of an adopted key in by itself, whoever they are to IAM, and names them nowhere else', () => {
    const access: AccessGrant[] = [
      { principal: OURS, rights: ['encrypt', 'decrypt'], isNamed: true },
      { principal: THEIRS, rights: ['decrypt'], isNamed: true },
    ];
    const policy = statements('active', access);

    expect(policy.get('NamedEncrypt')).toMatchObject({
      Principal: { AWS: '*' },
      Condition: { ArnEquals: { 'aws:PrincipalArn': [OURS] } },
    });
    for (const sid of ['NamedDecrypt', 'NamedLookUp'])
      expect(policy.get(sid)?.Condition).toEqual({
        ArnEquals: { 'aws:PrincipalArn': [OURS, THEIRS] },
      });
    expect(JSON.stringify(policy.get('ConsumersEncrypt000000000000'))).not.toContain(OURS);
    expect(statements('decrypt-only', access).has('NamedEncrypt')).toBe(false);
  });

  it('never allows any principal without saying which', () => {
    for (const template of POLICY_TEMPLATES) {
      const access: AccessGrant[] = [
        { principal: OURS, rights: ['encrypt', 'decrypt'], isNamed: true },
      ];
      for (const { Effect, Principal, Condition } of keyPolicy(SITE, template, access).Statement)
        if (Effect === 'Allow' && Principal.AWS === '*')
          expect(Condition?.['ArnEquals']?.['aws:PrincipalArn']).toEqual([OURS]);
    }
  });

  it('is measured as it is written', () => {
    const access: AccessGrant[] = [{ principal: THEIRS, rights: ['decrypt'] }];
    const written = JSON.stringify(keyPolicy(SITE, 'active', access));

    expect(policyMeter(SITE).policyBytes('active', access)).toBe(written.length);
  });
});
