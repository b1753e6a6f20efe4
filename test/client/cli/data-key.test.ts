// SPDX-License-Identifier: Apache-2.0
// `keyturn data-key get`, and `keyturn key create --tier data`.
import { describe, expect, it } from 'vitest';
import { example, startApi } from '../fake-api.ts';
import { keyturn, localStack } from '../run-cli.ts';

const around = (url: string) => ({ stack: localStack(url), env: { KEYTURN_TOKEN: 't' } });
const PLACE = 'POST /v1/keys/order-rows/data-keys';

describe('data-key get', () => {
  it('asks for the current version, or for one, and prints the body unchanged', async () => {
    const text = ` ${JSON.stringify(example('DataKey'))}`;
    const api = await startApi({ [PLACE]: { body: text } });
    const get = ['data-key', 'get', 'order-rows', '--output', 'json'];

    const current = await keyturn(get, around(api.url));
    await keyturn([...get, '--key-version', '1'], around(api.url));

    expect(current).toMatchObject({ code: 0 });
    expect(current.out.trimEnd()).toBe(text.trimEnd());
    expect(api.seen.map(({ body }) => JSON.parse(body))).toEqual([{}, { version: 1 }]);
  });

  it('shows the context that KMS needs', async () => {
    const api = await startApi({ [PLACE]: { body: example('DataKey') } });
    const ran = await keyturn(['data-key', 'get', 'order-rows'], around(api.url));

    expect(ran.out).toContain('keyturn:data-key=order-rows/v3');
  });

  it('refuses what is no version, before it asks', async () => {
    const api = await startApi({ [PLACE]: { body: example('DataKey') } });
    const argv = ['data-key', 'get', 'order-rows', '--key-version', 'one'];

    expect((await keyturn(argv, around(api.url))).code).toBe(2);
    expect(api.seen).toEqual([]);
  });
});

describe('key create', () => {
  it('sends tier and parent where they are given', async () => {
    const route = 'POST /v1/keys';
    const api = await startApi({ [route]: { status: 202, body: { operationId: 'op_1' } } });
    const argv = ['key', 'create', 'order-rows', '--class', 'test', '--owner', 'olga'];
    const rest = ['--purpose', 'rows', '--environment', 'development'];
    await keyturn([...argv, ...rest, '--tier', 'data', '--parent', 'orders'], around(api.url));

    expect(JSON.parse(api.seen[0]?.body ?? '')).toMatchObject({ tier: 'data', parent: 'orders' });
  });
});
