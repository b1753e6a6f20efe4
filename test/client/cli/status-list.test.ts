// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readStatusList } from '#client/sdk/status-list.ts';

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const KEYS = [{ ...pair.publicKey.export({ format: 'jwk' }), kid: 'one' }];
const NOW = 1_795_305_700_000;
const PAYLOAD = {
  type: 'keyturn-status-list/1',
  stage: 'local',
  iat: 1_795_305_600,
  exp: 1_795_305_900,
  entries: [
    {
      key: 'orders',
      version: null,
      state: 'revoked',
      since: '2026-11-22T10:00:00.000Z',
      reason: 'key-compromise',
    },
  ],
};
const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

function signedList(payload: unknown = PAYLOAD, header: object = {}) {
  const head = base64url({ alg: 'ES256', kid: 'one', typ: 'keyturn-status-list', ...header });
  const body = base64url(payload);
  const key = { key: pair.privateKey, dsaEncoding: 'ieee-p1363' as const };
  const signature = sign('sha256', Buffer.from(`${head}.${body}`), key).toString('base64url');
  return { payload: body, protected: head, signature };
}

describe('checking the status list', () => {
  it('believes what a published key signed', () => {
    expect(readStatusList(signedList(), KEYS, NOW)).toEqual(PAYLOAD);
  });

  it('believes no list with any byte changed', () => {
    const list = signedList();
    for (const part of ['payload', 'protected', 'signature'] as const) {
      const bytes = Buffer.from(list[part], 'base64url');
      for (let at = 0; at < bytes.length; at += 1) {
        const bent = Buffer.from(bytes);
        bent[at] = (bent[at] ?? 0) ^ 1;
        const changed = { ...list, [part]: bent.toString('base64url') };
        expect(readStatusList(changed, KEYS, NOW), `${part} ${at}`).toBeTypeOf('string');
      }
    }
  });

  it.each([
    ['another type', signedList(PAYLOAD, { typ: 'keyturn-notice' }), NOW, 'as something else'],
    ['another algorithm', signedList(PAYLOAD, { alg: 'none' }), NOW, 'as something else'],
    ['an unknown key', signedList(PAYLOAD, { kid: 'two' }), NOW, 'no published key'],
    ['an old list', signedList(), 1_795_305_900_000, 'it was good until 2026-11-22'],
    ['another form', signedList({ ...PAYLOAD, type: 'other' }), NOW, 'not understood'],
  ])('believes no list with %s', (_what, list, now, why) => {
    expect(readStatusList(list, KEYS, now)).toContain(why);
  });
});
