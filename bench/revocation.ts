// SPDX-License-Identifier: Apache-2.0
// From the call of DisableKey to the first refusal under load, and uses allowed although DisableKey was answered.
import { median } from './slices.ts';
import { CLIENTS, clientsText, type Run, type Target } from './targets.ts';

interface Revoked {
  readonly milliseconds: number;
  readonly stale: number;
}

async function revokeOnce({ caller }: Target, KeyId: string, clients: number): Promise<Revoked> {
  let answeredAt = Number.POSITIVE_INFINITY;
  let refusedAt = Number.POSITIVE_INFINITY;
  let allowed = 0;
  let stale = 0;
  const user = async () => {
    for (;;) {
      const sentAt = performance.now();
      const { status } = await caller.send('Encrypt', { KeyId, Plaintext: 'eA==' });
      if (status !== 200) {
        refusedAt = Math.min(refusedAt, performance.now());
        return;
      }
      allowed += 1;
      if (sentAt > answeredAt) stale += 1;
    }
  };
  // One connection is left to DisableKey, so that it does not wait in this process.
  const users = Array.from({ length: Math.max(1, clients - 1) }, user);
  while (allowed < 2 * clients) await new Promise((resolve) => setImmediate(resolve));
  const began = performance.now();
  await caller.must('DisableKey', { KeyId });
  answeredAt = performance.now();
  await Promise.all(users);
  await caller.must('EnableKey', { KeyId });
  return { milliseconds: refusedAt - began, stale };
}

/** Turns of the stand-in and the built-in KMS. */
export async function measureRevocation(run: Run): Promise<void> {
  for (const clients of CLIENTS) {
    const name = `DisableKey to first refusal, ${clientsText(clients)}`;
    if (!run.wants(name)) continue;
    const ours: Revoked[] = [];
    const theirs: Revoked[] = [];
    for (const [index, keyId] of run.few.keyIds.slice(0, 10).entries()) {
      ours.push(await revokeOnce(run.few, keyId, clients));
      const other = run.builtIn?.keyIds[index];
      if (run.builtIn !== undefined && other !== undefined) {
        theirs.push(await revokeOnce(run.builtIn, other, clients));
      }
    }
    const times = (revoked: readonly Revoked[]) => revoked.map(({ milliseconds }) => milliseconds);
    const middle = median(times(ours));
    if (theirs.length === 0) run.report.value(name, middle, 'ms');
    else run.report.beside(`${name}, beside the built-in KMS`, middle, 'ms', median(times(theirs)));
    run.report.value(`${name}: longest`, Math.max(...times(ours)), 'ms');
    const stale = ours.reduce((sum, revoked) => sum + revoked.stale, 0);
    run.report.value(`${name}: uses allowed after DisableKey was answered`, stale, 'calls');
  }
}
