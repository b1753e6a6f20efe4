// SPDX-License-Identifier: Apache-2.0
// The loopback ports of a local stack: chosen free once, then kept, because deployed functions know them.
import { createServer } from 'node:net';
import { z } from 'zod';
import { readJson, writePrivate } from './private-file.ts';

const schema = z.object({
  gateway: z.number().int(),
  keyEndpoint: z.number().int(),
  issuer: z.number().int(),
  slack: z.number().int(),
  mail: z.number().int(),
});

/** One port per listener. */
export type Ports = z.infer<typeof schema>;

/** The remembered ports where they are still free, new ones where they are not. */
export async function choosePorts(file: string): Promise<Ports> {
  // A listener that is new takes no port away from those that are deployed.
  const known = schema.partial().safeParse(readJson(file)).data;
  const taken = new Set<number>();
  const choose = async (wanted: number | undefined) => {
    const usable = wanted !== undefined && !taken.has(wanted) && (await tryPort(wanted));
    let port = usable ? wanted : await tryPort(0);
    while (port === undefined || taken.has(port)) port = await tryPort(0);
    taken.add(port);
    return port;
  };
  const ports = {
    gateway: await choose(known?.gateway),
    keyEndpoint: await choose(known?.keyEndpoint),
    issuer: await choose(known?.issuer),
    slack: await choose(known?.slack),
    mail: await choose(known?.mail),
  };
  writePrivate(file, `${JSON.stringify(ports)}\n`);
  return ports;
}

/** The port if it could be bound on loopback (any free one for 0), else undefined. */
function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
}
