// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { type Replies, startApi } from '../fake-api.ts';
import { keyturn, localStack, newFile, remote } from '../run-cli.ts';
import { selfSigned } from '../sdk/self-signed.ts';

const TOKEN = { token: 'h.p.s', expiresAt: '2026-11-22T11:00:00.000Z' };
const ASSUMED = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
<SessionToken>session</SessionToken><Expiration>2026-11-22T11:00:00Z</Expiration></Credentials>
</AssumeRoleResult></AssumeRoleResponse>`;

describe('token', () => {
  it('prints the JWT that the local issuer gives for a person', async () => {
    const api = await startApi({ 'POST /token': { body: TOKEN } });

    const ran = await keyturn(['token', '--user', 'ada'], { stack: localStack(api.url) });

    expect(ran).toEqual({ code: 0, out: 'h.p.s\n', err: '' });
    expect(api.seen[0]).toMatchObject({ body: '{"user":"ada"}' });
    expect(api.seen[0]?.headers['x-admin-token']).toBe('admin-secret');
  });

  it('is for alice when nobody is named, also with KEYTURN_TOKEN set', async () => {
    const api = await startApi({ 'POST /token': { body: TOKEN } });

    await keyturn(['token'], { stack: localStack(api.url), env: { KEYTURN_TOKEN: 'x' } });

    expect(api.seen[0]?.body).toBe('{"user":"alice"}');
  });

  it.each([
    [404, 2, 'knows no user "mallory"'],
    [403, 4, 'stack file may be of an earlier start'],
    [500, 1, 'answered 500'],
  ])('explains the issuer answering %i and exits %i', async (status, code, text) => {
    const api = await startApi({ 'POST /token': { status, body: { message: 'no' } } });

    const ran = await keyturn(['token', '--user', 'mallory'], { stack: localStack(api.url) });

    expect(ran.code).toBe(code);
    expect(ran.err).toContain(text);
  });

  it('exists on the local stage only', async () => {
    const api = await startApi({});

    const none = await keyturn(['token']);
    const other = await keyturn(['token'], { stack: localStack(api.url, { stage: 'test' }) });

    expect([none.code, other.code]).toEqual([2, 2]);
    expect(api.seen).toEqual([]);
  });
});

describe('credentials', () => {
  it('prints the credentials of a workload, as credential_process expects them', async () => {
    const { key, cert } = await selfSigned();
    const headers = { 'content-type': 'text/xml' };
    const replies: Replies = { 'POST /': { headers, body: ASSUMED } };
    const api = await startApi(replies, { key, cert });
    const stack = localStack(api.url, { caFile: newFile('ca.pem', cert) });

    const ran = await keyturn(['credentials', '--workload', 'orders-api'], { stack });

    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.out)).toEqual({
      Version: 1,
      AccessKeyId: 'ASIA1',
      SecretAccessKey: 'secret',
      SessionToken: 'session',
      Expiration: '2026-11-22T11:00:00.000Z',
    });
    const sent = new URLSearchParams(api.seen[0]?.body);
    expect(sent.get('RoleArn')).toBe('arn:aws:iam::000000000000:role/orders-api');
  });

  it('exits 7 when nobody answers, and 1 with the words of STS when it refuses', async () => {
    const refusal =
      '<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>';
    const api = await startApi({
      'POST /': { status: 403, headers: { 'content-type': 'text/xml' }, body: refusal },
    });
    const argv = ['credentials', '--workload', 'orders-api'];

    const away = await keyturn(argv, { stack: localStack('http://127.0.0.1:9') });
    const refused = await keyturn(argv, { stack: localStack(api.url) });

    expect(away.code).toBe(7);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('not you');
  });

  it('names the workloads there are', async () => {
    const api = await startApi({});

    const ran = await keyturn(['credentials', '--workload', 'x'], { stack: localStack(api.url) });

    expect(ran.code).toBe(2);
    expect(ran.err).toContain('orders-api');
  });

  it('exists on the local stage only', async () => {
    const ran = await keyturn(['credentials', '--workload', 'orders-api'], remote('http://x.test'));
    expect(ran.code).toBe(2);
  });
});

describe('doctor', () => {
  const WELL: Replies = {
    'GET /.well-known/openid-configuration': { body: {} },
    'POST /': { status: 403, body: {} },
  };

  it('exits 0 when all is well', async () => {
    const api = await startApi(WELL);

    const ran = await keyturn(['doctor'], { stack: localStack(api.url), now: Date.now() });

    expect(ran.out.match(/^✓ .*$/gm)?.map((line) => line.split(' ')[1])).toEqual([
      'node',
      'stack',
      'ca',
      'api',
      'clock',
      'issuer',
      'kms',
    ]);
    expect(ran.code).toBe(0);
  });

  it('exits 1 and tells what to do about each thing that is wrong', async () => {
    const api = await startApi({ ...WELL, 'POST /': { status: 502, body: {} } });
    const stack = localStack(api.url, { caFile: '/nowhere/ca.pem' });

    const ran = await keyturn(['doctor'], { stack, now: Date.now() + 120_000 });

    expect(ran.code).toBe(1);
    const wrong = ran.out.match(/^✗ .*$/gm) ?? [];
    expect(wrong.map((line) => line.split(' ')[1])).toEqual(['ca', 'clock', 'kms']);
    for (const line of wrong) expect(line).toContain('next: ');
  });

  it('works without any stack, and gives JSON', async () => {
    const ran = await keyturn(['doctor', '--output', 'json']);

    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.out).checks).toContainEqual(
      expect.objectContaining({ name: 'api', ok: false, fix: 'npm start' }),
    );
  });
});
