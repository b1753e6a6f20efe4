// SPDX-License-Identifier: Apache-2.0
// `revoke.cached`: how long an application goes on with a data key that it keeps in memory, once the key that wraps it is
// revoked. It opens one message again and again with the envelope client, which looks at the list of stopped keys.
import { EnvelopeClient } from '#client/sdk/envelope/index.ts';
import { workloadClient, workloadCredentials } from '#scripts/local/story/actors.ts';
import { activeKeys, type MeasuredStack } from './local-stack.ts';
import type { Report } from './report.ts';
import { percentile } from './slices.ts';

const WORKLOAD = 'orders-api';
/** How old the list may be when a cached data key is used: the promise, which is the baseline. */
const STATUS_SECONDS = 2;
const CONTEXT = { order: '4711' };

interface End {
  /** From the answer of the call to the last use that was let through, milliseconds. */
  readonly last: number;
  /** Uses sent later than the promise allows, and let through. */
  readonly beyond: number;
}

/** Opens the message until it was refused three times in a row; `isOver` says from when that counts. */
async function uses(open: () => Promise<unknown>, isOver: () => boolean) {
  const allowed: { readonly sentAt: number; readonly endedAt: number }[] = [];
  for (let refusals = 0; refusals < 3; ) {
    const sentAt = performance.now();
    const isAllowed = await open().then(
      () => true,
      () => false,
    );
    if (isAllowed) allowed.push({ sentAt, endedAt: performance.now() });
    refusals = isAllowed || !isOver() ? 0 : refusals + 1;
    // A data key in memory asks nobody: without a pause the loop would leave the call no processor.
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return allowed;
}

/** @param isTold the application hears of the revocation by a notice, and purges when the call has answered */
async function endOf(measured: MeasuredStack, name: string, isTold: boolean): Promise<End> {
  const { stack, operator } = measured;
  const credentials = await workloadCredentials(stack.info, WORKLOAD);
  const client = workloadClient(stack.info, credentials);
  const envelope = new EnvelopeClient({ client, key: name, statusSeconds: STATUS_SECONDS });
  const message = await envelope.encrypt(Buffer.from('order 4711'), CONTEXT);
  let isOver = false;
  const loop = uses(
    () => envelope.decrypt(message, CONTEXT),
    () => isOver,
  );
  await operator.revokeKey(name, { reason: 'bench' });
  const answeredAt = performance.now();
  if (isTold) envelope.purge();
  isOver = true;
  const allowed = await loop;
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
  const principal = measured.stack.info.roles[WORKLOAD] ?? '';
  const names = await activeKeys(measured, 2 * count, [
    { principal, rights: ['encrypt', 'decrypt'] },
  ]);
  for (const isTold of [false, true]) {
    const ends: End[] = [];
    // One after the other: the list is looked at anew by each.
    for (const name of names.splice(0, count)) ends.push(await endOf(measured, name, isTold));
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
