// SPDX-License-Identifier: Apache-2.0
// A load of calls from a number of clients over kept connections, each client one call after the other.
import { Agent, request } from 'node:http';

/** What was measured in one slice of time; times in milliseconds. */
export interface Slice {
  readonly calls: number;
  readonly perSecond: number;
  readonly times: readonly number[];
}

/** An answer's status and parsed body. */
export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Speaks AWS's JSON protocol to one server, without signatures: both servers take any caller. */
export class Caller {
  readonly #agent: Agent;
  readonly #port: number;

  constructor(url: string, clients: number) {
    this.#port = Number(new URL(url).port);
    this.#agent = new Agent({ keepAlive: true, maxSockets: clients });
  }

  /** One call; a refusal is an answer, too. */
  send(operation: string, members: object, service = 'TrentService'): Promise<Answer> {
    const body = JSON.stringify(members);
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: '127.0.0.1',
          port: this.#port,
          agent: this.#agent,
          method: 'POST',
          path: '/',
          headers: {
            'content-type': 'application/x-amz-json-1.1',
            'content-length': Buffer.byteLength(body),
            'x-amz-target': `${service}.${operation}`,
            authorization:
              'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=0',
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            const status = incoming.statusCode ?? 0;
            resolve({ status, body: text === '' ? {} : JSON.parse(text) });
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  /** One call that must succeed. */
  async must(operation: string, members: object, service?: string): Promise<Answer['body']> {
    const { status, body } = await this.send(operation, members, service);
    if (status === 200) return body;
    throw new Error(`${operation}: ${status} ${JSON.stringify(body)}`);
  }

  /** Closes the connections. */
  close(): void {
    this.#agent.destroy();
  }
}

/** Repeats a call from every client until the time is over, or the calls are used up. */
export async function load(
  clients: number,
  limit: { readonly seconds: number; readonly calls?: number },
  call: (index: number) => Promise<unknown>,
): Promise<Slice> {
  const times: number[] = [];
  const began = performance.now();
  const deadline = began + limit.seconds * 1000;
  let next = 0;
  const client = async () => {
    while (performance.now() < deadline && next < (limit.calls ?? Number.POSITIVE_INFINITY)) {
      const index = next;
      next += 1;
      const sent = performance.now();
      await call(index);
      times.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const elapsedSeconds = (performance.now() - began) / 1000;
  return { calls: times.length, perSecond: times.length / elapsedSeconds, times };
}
