// SPDX-License-Identifier: Apache-2.0
// `notices`: from the call that stops a key to the signed notice at each of 100 consumers' endpoints, beside a key with one
// consumer in the same run.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mutateKey } from '#core/operations/mutate-key.ts';
import { watch } from '#scripts/local/story/rotation.ts';
import { until } from '#scripts/local/waiting.ts';
import { activeKeys, type MeasuredStack } from './local-stack.ts';
import { inProcess } from './one-rotation.ts';
import type { Report } from './report.ts';
import { percentile } from './slices.ts';

const NAME = 'notices';
const CONSUMERS = 100;
/** Rows that one transaction takes with the rest of a change. */
const PER_CHANGE = 50;

interface Arrival {
  readonly key: string;
  readonly consumer: string;
  readonly at: number;
}

/** Endpoints of all consumers. */
async function endpoints() {
  const arrivals: Arrival[] = [];
  const server = createServer(async (request, response) => {
    const at = performance.now();
    let body = '';
    for await (const chunk of request) body += chunk;
    const { type, consumer, detail } = JSON.parse(body);
    if (type === 'key.revoking') arrivals.push({ key: detail.key, consumer, at });
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/notices`;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { arrivals, url, close };
}

/** A key with a registered consumer, whose row is copied: to register a hundred takes as many policies. */
async function keyWith(measured: MeasuredStack, url: string, count: number): Promise<string> {
  const { operator, stack } = measured;
  const [name = ''] = await activeKeys(measured, 1);
  const { body } = await operator.putConsumer(
    { key: name, consumer: 'first' },
    {
      owner: 'payments',
      contact: 'on-call',
      principal: stack.info.roles['orders-api'] ?? '',
      rights: ['encrypt', 'decrypt'],
      kind: 'api',
      acknowledgement: { mode: 'webhook', url },
      moved: false,
    },
  );
  await watch(operator, body.operationId, () => {});
  const { ledger, clock } = inProcess(measured).deps;
  for (let made = 1; made < count; made += PER_CHANGE)
    await mutateKey(ledger, name, ({ consumers }) => ({
      draft: {
        consumers: consumers
          .filter((one) => one.name === 'first')
          .flatMap((one) =>
            Array.from({ length: Math.min(PER_CHANGE, count - made) }, (_, index) => ({
              ...one,
              name: `copy-${made + index}`,
            })),
          ),
        audit: {
          at: clock.now(),
          actor: 'bench',
          action: 'bench.consumers-copied',
          decision: { effect: 'permit', rule: 'bench' },
          operationId: null,
          detail: {},
        },
      },
      result: undefined,
    }));
  return name;
}

/** Rows `notices.*`. */
export async function measureNotices(measured: MeasuredStack, report: Report): Promise<void> {
  const { arrivals, url, close } = await endpoints();
  try {
    const timesOf = async (count: number) => {
      const name = await keyWith(measured, url, count);
      const began = performance.now();
      await measured.operator.revokeKey(name, { reason: 'bench' });
      const told = () =>
        new Map(arrivals.filter(({ key }) => key === name).map((one) => [one.consumer, one.at]));
      await until(async () => told().size >= count, {
        timeoutSeconds: 120,
        what: `${count} consumers of ${name} to be told`,
      });
      return [...told().values()].map((at) => at - began);
    };
    // The first starts the functions on the way.
    await timesOf(1);
    const [alone = 0] = await timesOf(1);
    const many = await timesOf(CONSUMERS);
    for (const [label, share] of [
      ['p50', 0.5],
      ['p95', 0.95],
      ['last', 1],
    ] as const)
      report.beside(
        `${NAME}.${label}, ${CONSUMERS} consumers`,
        percentile(many, share),
        'ms',
        alone,
      );
  } finally {
    close();
  }
}
