// SPDX-License-Identifier: Apache-2.0
// `revoke.cached`: how long an application goes on with a data key that it keeps in memory, once the key that wraps it is
// revoked. It opens one message again and again with the envelope client, which looks at the list of stopped keys.
import { EnvelopeClient } from '#client/sdk/envelope/index.ts';
import type { Client } from '#client/sdk/index.ts';
import { workloadClient, workloadCredentials } from '#scripts/local/story/actors.ts';
import { until } from '#scripts/local/waiting.ts';
import { activeKeys, type MeasuredStack } from './local-stack.ts';
import type { Report } from './report.ts';
import { percentile } from './slices.ts';

const WORKLOAD = 'orders-api';
/** How old the list may be when a cached data key is used: the promise, which is the baseline. */
const STATUS_SECONDS = 2;
const CONTEXT = { order: '4711' };
/** Refusals in a row behind the answer that end a loop. */
const REFUSALS = 3;
/** Opened without asking the data plane, before the call that is measured may be made. */
const FROM_MEMORY = 10;

interface Use {
  readonly sentAt: number;
  readonly endedAt: number;
}

/** An application that opens one message without end, and what of it was let through. */
class Application {
  readonly allowed: Use[] = [];
  readonly envelope: EnvelopeClient;
  readonly #api: Client;
  /** Data keys that the data plane unwrapped for it. */
  #unwrapped = 0;
  #isOver = false;
  #loop = Promise.resolve();

  constructor(api: Client, key: string) {
    this.#api = api;
    const client: Client = {
      ...api,
      decrypt: (...call) => {
        this.#unwrapped += 1;
        return this.#api.decrypt(...call);
      },
    };
    this.envelope = new EnvelopeClient({ client, key, statusSeconds: STATUS_SECONDS });
  }

  /** Begins. @returns once its data key is used from memory @throws Error when it is not within half a minute */
  async start(): Promise<void> {
    const message = await this.envelope.encrypt(Buffer.from('order 4711'), CONTEXT);
    this.#loop = this.#open(message);
    await until(async () => this.allowed.length >= this.#unwrapped + FROM_MEMORY, {
      timeoutSeconds: 30,
      what: 'uses of a data key in memory',
    });
  }

  /** @returns once it was refused again and again */
  end(): Promise<void> {
    this.#isOver = true;
    return this.#loop;
  }

  async #open(message: Uint8Array): Promise<void> {
    for (let refusals = 0; !this.#isOver || refusals < REFUSALS; ) {
      const sentAt = performance.now();
      const isAllowed = await this.envelope.decrypt(message, CONTEXT).then(
        () => true,
        () => false,
      );
      if (isAllowed) this.allowed.push({ sentAt, endedAt: performance.now() });
      refusals = isAllowed ? 0 : refusals + 1;
      // A data key in memory asks nobody: without a pause the loop would leave the call no processor.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

interface End {
  /** From the answer of the call to the last use that was let through, milliseconds; 0 when it ended before. */
  readonly last: number;
  /** Uses sent later than the promise allows, and let through. */
  readonly beyond: number;
}

/** @param isTold the application hears of the revocation by a notice, and purges when the call has answered */
async function endOf(
  { operator }: MeasuredStack,
  api: Client,
  name: string,
  isTold: boolean,
): Promise<End> {
  const application = new Application(api, name);
  await application.start();
  await operator.revokeKey(name, { reason: 'bench' });
  const answeredAt = performance.now();
  if (isTold) application.envelope.purge();
  await application.end();
  const { allowed } = application;
  const bound = isTold ? 0 : STATUS_SECONDS * 1000;
  return {
    last: Math.max(0, (allowed.at(-1)?.endedAt ?? 0) - answeredAt),
    beyond: allowed.filter(({ sentAt }) => sentAt > answeredAt + bound).length,
  };
}

/** Rows `revoke.cached.*`. @param count keys that are revoked, with and without a notice */
export async function measureRevokeCached(
  measured: MeasuredStack,
  report: Report,
  count: number,
): Promise<void> {
  const { info } = measured.stack;
  const api = workloadClient(info, await workloadCredentials(info, WORKLOAD));
  const principal = info.roles[WORKLOAD] ?? '';
  const access: Parameters<typeof activeKeys>[2] = [{ principal, rights: ['encrypt', 'decrypt'] }];
  const names = await activeKeys(measured, 2 * count, access);
  for (const isTold of [false, true]) {
    const ends: End[] = [];
    // One after the other: the list is looked at anew by each.
    for (const name of names.splice(0, count)) ends.push(await endOf(measured, api, name, isTold));
    const row = isTold ? 'revoke.cached.after-purge' : 'revoke.cached.end';
    const last = ends.map((end) => end.last);
    for (const [label, share] of [
      ['p50', 0.5],
      ['p95', 0.95],
    ] as const)
      report.beside(`${row}-${label}`, percentile(last, share), 'ms', STATUS_SECONDS * 1000);
    const beyond = ends.reduce((sum, end) => sum + end.beyond, 0);
    report.value(`${row}-allows-beyond`, beyond, 'calls');
  }
}
