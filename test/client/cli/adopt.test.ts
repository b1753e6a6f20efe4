// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { example, startApi } from '../fake-api.ts';
import { keyturn, localStack } from '../run-cli.ts';

const on = (url: string) => ({ stack: localStack(url), env: { KEYTURN_TOKEN: 't' } });

const METADATA = [
  ...['--name', 'orders', '--class', 'internal-data', '--owner', 'payments'],
  ...['--purpose', 'order archive', '--environment', 'development'],
];

describe('key adopt', () => {
  it('reports and asks for nothing else', async () => {
    const api = await startApi({ 'POST /v1/adoptions': { body: example('AdoptionReport') } });

    const ran = await keyturn(['key', 'adopt', 'alias/legacy-orders', ...METADATA], on(api.url));

    expect(ran.code).toBe(0);
    expect(api.seen.map(({ body }) => JSON.parse(body))).toEqual([
      { kmsKey: 'alias/legacy-orders', mode: 'report' },
    ]);
    expect(api.seen[0]?.headers['idempotency-key']).toBeUndefined();
    expect(ran.out).toMatch(/can be adopted +yes/);
    expect(ran.out).toMatch(/warns +aliases +alias:alias\/legacy-orders/);
  });

  it('takes the key over with --apply', async () => {
    const reply = { status: 202, body: { operationId: 'op_1' } };
    const api = await startApi({ 'POST /v1/adoptions': reply });
    const lists = [
      ...['--move-alias', 'alias/legacy-orders', '--move-alias', 'alias/legacy-2'],
      ...['--accept', 'delegated', '--accept', 'statement:Admins'],
      ...['--access', 'arn:aws:iam::111122223333:role/orders-api=decrypt'],
      ...['--origin', 'AWS_KMS', '--idempotency-key', 'adopt-1'],
    ];

    const ran = await keyturn(
      ['key', 'adopt', 'alias/legacy-orders', '--apply', ...METADATA, ...lists],
      on(api.url),
    );

    expect(ran.code).toBe(0);
    expect(ran.out.trim()).toBe('op_1');
    expect(api.seen[0]?.headers['idempotency-key']).toBe('adopt-1');
    expect(api.seen.map(({ body }) => JSON.parse(body))).toEqual([
      {
        kmsKey: 'alias/legacy-orders',
        mode: 'adopt',
        name: 'orders',
        class: 'internal-data',
        owner: 'payments',
        purpose: 'order archive',
        environment: 'development',
        origin: 'AWS_KMS',
        access: [{ principal: 'arn:aws:iam::111122223333:role/orders-api', rights: ['decrypt'] }],
        aliases: ['alias/legacy-orders', 'alias/legacy-2'],
        accept: ['delegated', 'statement:Admins'],
      },
    ]);
  });

  it('says which options --apply needs before it asks anything', async () => {
    const api = await startApi({});

    const ran = await keyturn(['key', 'adopt', 'alias/x', '--apply', '--name', 'x'], on(api.url));

    expect(ran.code).toBe(2);
    expect(ran.err).toContain('--apply needs --class, --owner, --purpose, --environment');
    expect(api.seen).toEqual([]);
  });
});
