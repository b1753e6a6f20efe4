// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { parseKeyUse, parseUseFailure } from '#core/contract/key-use-events.ts';

const ACCOUNT = '111122223333';
const ARN = (id: string) => ({ ARN: `arn:aws:kms:eu-west-1:${ACCOUNT}:key/${id}` });
const ROLE = `arn:aws:iam::${ACCOUNT}:role/orders-api`;
const DETAIL = {
  eventID: 'e1',
  eventName: 'Encrypt',
  eventTime: '2026-11-22T10:00:00Z',
  recipientAccountId: ACCOUNT,
  userIdentity: {
    type: 'AssumedRole',
    arn: `arn:aws:sts::${ACCOUNT}:assumed-role/orders-api/session`,
    sessionContext: { sessionIssuer: { type: 'Role', arn: ROLE } },
  },
  requestParameters: { keyId: 'alias/keyturn/production/orders' },
  resources: [ARN('k1')],
};
const event = (detail: object = {}) => ({
  source: 'aws.kms',
  account: ACCOUNT,
  'detail-type': 'AWS API Call via CloudTrail',
  detail: { ...DETAIL, ...detail },
});

describe('a KMS call in CloudTrail’s shape', () => {
  it('is a use by the role behind the session', () => {
    expect(parseKeyUse(event(), ACCOUNT)).toEqual([
      {
        keyId: 'k1',
        principal: ROLE,
        act: 'encrypt',
        outcome: 'allowed',
        at: '2026-11-22T10:00:00.000Z',
      },
    ]);
  });

  it.each([
    ['Decrypt', 'decrypt'],
    ['GenerateDataKey', 'encrypt'],
    ['GenerateDataKeyWithoutPlaintext', 'encrypt'],
    ['GenerateDataKeyPair', 'encrypt'],
    ['GenerateDataKeyPairWithoutPlaintext', 'encrypt'],
    ['Sign', 'encrypt'],
    ['Verify', 'decrypt'],
    ['GenerateMac', 'encrypt'],
    ['VerifyMac', 'decrypt'],
    ['DeriveSharedSecret', 'decrypt'],
  ])('%s is a use to %s', (eventName, act) => {
    expect(parseKeyUse(event({ eventName }), ACCOUNT)[0]?.act).toBe(act);
  });

  it('tells under which context something was opened, and counts where that is of no known shape', () => {
    const encryptionContext = { 'keyturn:data-key': 'rows/v1' };
    const asked = (eventName: string, context: unknown) =>
      parseKeyUse(event({ eventName, requestParameters: { encryptionContext: context } }), ACCOUNT);

    expect(asked('Decrypt', encryptionContext)).toMatchObject([{ context: encryptionContext }]);
    expect(asked('Encrypt', encryptionContext)[0]).not.toHaveProperty('context');
    expect(asked('Decrypt', ['rows/v1'])).toHaveLength(1);
  });

  it.each([
    ['in the order of the call', [ARN('old'), ARN('new')]],
    ['in another order', [ARN('new'), ARN('old')]],
  ])('ReEncrypt processes under one key and protects under the other, %s', (_how, resources) => {
    const requestParameters = { destinationKeyId: ARN('new').ARN };
    const uses = parseKeyUse(
      event({ eventName: 'ReEncrypt', requestParameters, resources }),
      ACCOUNT,
    );

    expect(Object.fromEntries(uses.map(({ keyId, act }) => [keyId, act]))).toEqual({
      old: 'decrypt',
      new: 'encrypt',
    });
  });

  it('that was refused is a refused use', () => {
    expect(parseKeyUse(event({ errorCode: 'AccessDenied' }), ACCOUNT)[0]?.outcome).toBe('refused');
  });

  it.each<[string, unknown]>([
    ['of another account', { ...event(), account: '999999999999' }],
    ['of another source', { ...event(), source: 'my.kms' }],
    ['that uses no data', event({ eventName: 'DescribeKey' })],
    ['without a time', event({ eventTime: 'now' })],
    ['by nobody', event({ userIdentity: {} })],
    ['of no key', event({ resources: [] })],
    ['that is text', 'event'],
  ])('%s is nobody’s use', (_what, sent) => {
    expect(parseKeyUse(sent, ACCOUNT)).toEqual([]);
  });
});

describe('a failure that the data plane tells', () => {
  const told = (detail: object) =>
    parseUseFailure(
      {
        source: 'keyturn.data-plane',
        'detail-type': 'key.use-failed',
        account: ACCOUNT,
        detail: { version: 1, key: 'rows', keyVersion: 2, at: '2026-11-22T10:00:00Z', ...detail },
      },
      ACCOUNT,
    );

  it('names who tried where KMS was not asked', () => {
    expect(told({})).not.toHaveProperty('principal');
    expect(told({ principal: ROLE })).toMatchObject({ key: 'rows', principal: ROLE });
    expect(told({ principal: 7 })).toBeNull();
  });
});
