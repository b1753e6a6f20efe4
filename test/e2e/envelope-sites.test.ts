// SPDX-License-Identifier: Apache-2.0
// A message whose data key is wrapped at two sites outlives the loss of one. Both sites are keys of this stack, the first
// behind a door of its own that the test closes: as far as the client can see, its Region is gone.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { EnvelopeClient } from '#client/sdk/envelope/index.ts';
import type { Client } from '#client/sdk/index.ts';
import { workloadClient } from '#scripts/local/story/actors.ts';
import { activeKey, person, workload } from './scene.ts';

const CONTEXT = { order: '4711' };
const TEXT = Buffer.from('order 4711');

/** A door to the stack's API on a port of its own. */
async function door(gatewayUrl: string): Promise<{ url: string; close(): void }> {
  const { hostname: host, port } = new URL(gatewayUrl);
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    const onward = connect({ host, port: Number(port) });
    for (const one of [socket, onward]) {
      open.add(one);
      one.on('error', () => {});
      one.on('close', () => open.delete(one));
    }
    socket.pipe(onward).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(gatewayUrl);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.origin,
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

let alice: Client;
let near: Awaited<ReturnType<typeof door>>;
beforeEach(async () => {
  alice = await person('alice');
  near = await door(inject('stack').gatewayUrl);
});
afterEach(() => near.close());

it('opens at the other site what was sealed at both, and at none once one has stopped its key', async () => {
  const { api, credentials } = await workload();
  const stack = inject('stack');
  const workloadApiUrl = (stack.workloadApiUrl ?? '').replace(stack.gatewayUrl, near.url);
  const [here, there] = [await activeKey(alice, 'here'), await activeKey(alice, 'there')];
  const behindTheDoor = workloadClient({ ...stack, workloadApiUrl }, credentials);
  const client = () =>
    new EnvelopeClient({
      client: behindTheDoor,
      key: here,
      site: 'here',
      others: [{ client: api, key: there, site: 'there' }],
      statusSeconds: 1,
    });
  const message = await client().encrypt(TEXT, CONTEXT);
  expect(Buffer.from(await client().decrypt(message, CONTEXT))).toEqual(TEXT);

  near.close();
  expect(Buffer.from(await client().decrypt(message, CONTEXT))).toEqual(TEXT);
  await expect(client().encrypt(TEXT, CONTEXT)).rejects.toMatchObject({ name: 'UnreachableError' });

  await alice.suspendKey(there, { reason: 'a test' });
  await expect(client().decrypt(message, CONTEXT)).rejects.toMatchObject({ code: 'KeyNotUsable' });
});
