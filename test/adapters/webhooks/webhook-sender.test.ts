// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { isPublicAddress, refusalOf } from '#adapters/webhooks/address-rules.ts';
import { WebhookSender } from '#adapters/webhooks/webhook-sender.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
}
const local = new WebhookSender('this-machine');
const remote = new WebhookSender('internet');

describe('a notice', () => {
  it('is posted with its signature, and the answer gives status and version', async () => {
    const seen: unknown[] = [];
    const url = await serve(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      seen.push([request.method, request.url, request.headers['keyturn-signature'], body]);
      response.end('{"version":7,"note":"x"}');
    });

    expect(await local.send(url, '{"a":1}', 'h..s')).toEqual({ status: 200, version: 7 });

    expect(seen).toEqual([['POST', '/hook', 'h..s', '{"a":1}']]);
  });

  it('is answered with the word that caches are empty', async () => {
    const url = await serve((_request, response) => response.end('{"purged":true}'));
    const answer = { status: 200, version: null, hasPurged: true };
    expect(await local.send(url, '{}', 'h..s')).toEqual(answer);
  });

  it.each([
    '',
    'not json',
    '{"purged":"yes"}',
    '{"version":"7"}',
    '{"version":-1}',
    '[]',
    `{"version":7,"x":"${'x'.repeat(5000)}"}`,
  ])('is no acknowledgement when the answer is %s', async (answer) => {
    const url = await serve((_request, response) => response.end(answer));

    expect(await local.send(url, '{}', 's')).toEqual({ status: 200, version: null });
  });

  it('does not follow a redirect', async () => {
    let requests = 0;
    const url = await serve((_request, response) => {
      requests += 1;
      response.writeHead(307, { location: '/other' }).end();
    });

    expect(await local.send(url, '{}', 's')).toMatchObject({ status: 307 });
    expect(requests).toBe(1);
  });

  it('fails when nobody answers', async () => {
    const url = await serve((request) => request.socket.destroy());

    await expect(local.send(url, '{}', 's')).rejects.toMatchObject({
      name: 'DependencyUnavailable',
    });
  });

  it('is not sent into closed networks, by address or by a name that leads there', async () => {
    let requests = 0;
    const url = await serve((_request, response) => {
      requests += 1;
      response.end();
    });
    const { port } = new URL(url);
    const targets = [
      url,
      `https://127.0.0.1:${port}/`,
      `https://localhost:${port}/`,
      'https://169.254.169.254/latest',
    ];

    for (const target of targets)
      await expect(remote.send(target, '{}', 's')).rejects.toMatchObject({ name: 'NotServedHere' });
    expect(requests).toBe(0);
  });
});

describe('addresses', () => {
  it.each([
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '127.0.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fd00:ec2::254',
    'fc00::1',
    '::ffff:10.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::a00:1',
    '2002:a00:1::',
    '2001:db8::1',
    'localhost',
  ])('%s is not public', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(['1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111'])(
    '%s is public',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each<[string, string]>([
    ['http://example.com/', 'it is not https'],
    ['https://user@example.com/', 'it holds credentials'],
    ['https://0x7f000001/', 'its network is closed to notices'],
    ['https://2130706433/', 'its network is closed to notices'],
    ['https://[::ffff:127.0.0.1]/', 'its network is closed to notices'],
    ['ftp://example.com/', 'it is not https'],
  ])('%s is refused', (url, why) => {
    expect(refusalOf('internet', new URL(url))).toBe(why);
  });

  it('allows http to this machine alone where that is the reach', () => {
    expect(refusalOf('this-machine', new URL('http://127.0.0.1:8080/'))).toBeNull();
    expect(refusalOf('this-machine', new URL('https://1.1.1.1/'))).not.toBeNull();
  });
});
