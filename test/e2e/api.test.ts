// SPDX-License-Identifier: Apache-2.0
// The API as a stranger meets it: bad input is told where it is bad and changes nothing; nobody does what is not theirs.
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { type Client, createTransport, type HttpResponse } from '#client/sdk/index.ts';
import { tokenOf } from '#scripts/local/story/actors.ts';
import { activeKey, freshName, keyRequest, person, workload } from './scene.ts';

const stack = inject('stack');
const send = createTransport({ ca: readFileSync(stack.caFile, 'utf8') });

async function post(
  path: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<HttpResponse> {
  return send({
    method: 'POST',
    url: `${stack.apiUrl}${path}`,
    headers: {
      authorization: `Bearer ${await tokenOf(stack, 'alice')}`,
      'content-type': 'application/json',
      'idempotency-key': freshName('request'),
      ...headers,
    },
    body,
  });
}

const problemOf = (response: HttpResponse) =>
  JSON.parse(response.text) as { code: string; errors: { pointer: string }[] };

describe('bad input on POST /v1/keys', () => {
  const request = keyRequest('never-created');
  const without = (member: string) => JSON.stringify({ ...request, [member]: undefined });
  const cases: [string, string, number, string | null][] = [
    ['no owner', without('owner'), 400, '/owner'],
    ['no purpose', without('purpose'), 400, '/purpose'],
    ['no class', without('class'), 400, '/class'],
    ['no environment', without('environment'), 400, '/environment'],
    ['an unknown class', JSON.stringify({ ...request, class: 'gold' }), 400, '/class'],
    ['an unknown owner', JSON.stringify({ ...request, owner: 'mallory' }), 422, '/owner'],
    [
      'an environment of another stage',
      JSON.stringify({ ...request, environment: 'production' }),
      422,
      '/environment',
    ],
    ['an unknown member', JSON.stringify({ ...request, colour: 'red' }), 400, '/colour'],
    ['a number for a name', JSON.stringify({ ...request, name: 7 }), 400, '/name'],
    ['an over-long name', JSON.stringify({ ...request, name: 'a'.repeat(64) }), 400, '/name'],
    ['an upper-case name', JSON.stringify({ ...request, name: 'Orders' }), 400, '/name'],
    ['an array', '[]', 400, null],
    ['half a document', '{"name":', 400, null],
    ['nothing', '', 400, null],
    ['a depth of 10,000', `${'['.repeat(10_000)}${']'.repeat(10_000)}`, 400, null],
    [
      'a principal that is no role',
      JSON.stringify({ ...request, access: [{ principal: '*', rights: ['encrypt'] }] }),
      400,
      '/access/0/principal',
    ],
  ];

  it.each(cases)('refuses %s', async (_title, body, status, pointer) => {
    const response = await post('/v1/keys', body);

    expect(response.status).toBe(status);
    expect(response.headers['content-type']).toContain('application/problem+json');
    if (pointer)
      expect(problemOf(response).errors.map((error) => error.pointer)).toContain(pointer);
  });

  it('refuses a missing Idempotency-Key and another content type', async () => {
    const body = JSON.stringify(request);

    const noKey = await post('/v1/keys', body, { 'idempotency-key': '' });
    const form = await post('/v1/keys', body, { 'content-type': 'text/plain' });

    expect([noKey.status, problemOf(noKey).code]).toEqual([400, 'IdempotencyKeyMissing']);
    expect(form.status).toBe(415);
  });

  it('has changed nothing by all that', async () => {
    const operator = await person('alice');

    await expect(operator.getKey('never-created')).rejects.toMatchObject({ status: 404 });
  });
});

describe('who may do what', () => {
  let name: string;
  let alice: Client;

  beforeAll(async () => {
    alice = await person('alice');
    name = await activeKey(alice, 'access');
  });

  const create = (client: Client) => client.createKey(keyRequest(freshName('refused')));

  it('lets custodians and auditors read, and nothing else', async () => {
    for (const user of ['bob', 'ada']) {
      const client = await person(user);
      expect((await client.getKey(name)).body.name).toBe(name);
      await expect(create(client)).rejects.toMatchObject({ status: 403 });
      await expect(client.startRotation(name)).rejects.toMatchObject({ status: 403 });
    }
  });

  it('lets an owner rotate the keys of her team and no others', async () => {
    const olga = await person('olga');
    const own = keyRequest(freshName('foreign'));
    await alice.createKey({ ...own, owner: 'alice' });

    await expect(olga.startRotation(own.name)).rejects.toMatchObject({ status: 403 });
    await expect(olga.startRotation(name)).resolves.toMatchObject({ status: 202 });
  });

  it('lets no person encrypt or decrypt', async () => {
    const plaintext = Buffer.from('x').toString('base64');

    for (const user of ['alice', 'olga', 'bob', 'ada']) {
      const client = await person(user);
      await expect(client.encrypt(name, { plaintext })).rejects.toMatchObject({ status: 403 });
      await expect(client.decrypt(name, { ciphertext: plaintext })).rejects.toMatchObject({
        status: 403,
      });
    }
  });

  it('lets a workload use only keys that name its role', async () => {
    const { api } = await workload();
    const closed = freshName('closed');
    await alice.createKey({ ...keyRequest(closed), access: [] });
    const plaintext = Buffer.from('x').toString('base64');

    await expect(api.encrypt(closed, { plaintext })).rejects.toMatchObject({ status: 403 });
    await expect(api.getKey(closed)).rejects.toMatchObject({ status: 403 });
    expect((await api.encrypt(name, { plaintext })).body.version).toBeGreaterThan(0);
  });

  it('does not open the ciphertext of one key under the name of another', async () => {
    const { api } = await workload();
    const other = await activeKey(alice, 'other');
    const { body } = await api.encrypt(other, { plaintext: Buffer.from('x').toString('base64') });

    const attempt = api.decrypt(name, { ciphertext: body.ciphertext });

    await expect(attempt).rejects.toMatchObject({ status: 400 });
  });

  it('refuses no token, a forged one, and one of algorithm none', async () => {
    const token = await tokenOf(stack, 'alice');
    const [header = '', payload = ''] = token.split('.');
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
    const statuses = [];
    for (const forged of [undefined, `${header}.${payload}.AAAA`, none]) {
      const headers: Record<string, string> = forged ? { authorization: `Bearer ${forged}` } : {};
      const response = await send({ method: 'GET', url: `${stack.apiUrl}/v1/keys`, headers });
      statuses.push(response.status);
    }

    expect(statuses).toEqual([401, 401, 401]);
  });

  it('answers health and the contract without credentials', async () => {
    const get = (path: string) =>
      send({ method: 'GET', url: `${stack.apiUrl}${path}`, headers: {} });

    expect(JSON.parse((await get('/v1/health')).text)).toMatchObject({
      status: 'ok',
      stage: 'local',
    });
    expect(JSON.parse((await get('/v1/openapi.json')).text)).toMatchObject({ openapi: '3.1.0' });
  });
});
