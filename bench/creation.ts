// SPDX-License-Identifier: Apache-2.0
// CreateKey in both stores beside the token's own key generation, and ScheduleKeyDeletion of what was made.
import { load } from './load.ts';
import { type Contestant, takeTurns } from './slices.ts';
import { CLIENTS, clientsText, createKey, type NewKey, type Run, type Target } from './targets.ts';

interface Made {
  readonly target: Target;
  readonly keyIds: string[];
}

function creating({ target, keyIds }: Made, input: NewKey, clients: number): Contestant {
  const slice = (seconds: number) =>
    load(clients, { seconds }, async () => {
      keyIds.push(await createKey(target, input));
    });
  return { server: target.server, slice };
}

function deleting({ target, keyIds }: Made, clients: number): Contestant {
  const slice = (seconds: number) =>
    load(clients, { seconds, calls: keyIds.length }, () =>
      target.caller.must('ScheduleKeyDeletion', { KeyId: keyIds.pop(), PendingWindowInDays: 7 }),
    );
  return { server: target.server, slice };
}

async function measureStore(run: Run, store: string, input: NewKey, clients: number) {
  const name = `CreateKey, ${store}, ${clientsText(clients)}`;
  const ours = { target: run.few, keyIds: [] };
  const theirs = run.builtIn === undefined ? [] : [{ target: run.builtIn, keyIds: [] }];
  if (run.wants(name)) {
    // The built-in KMS knows no custom key stores: it makes its only kind of key.
    const [made, alone, builtIn] = await takeTurns(run.pace, [
      creating(ours, input, clients),
      { slice: (seconds) => run.raw.generateTokenKeys(clients, seconds) },
      ...theirs.map((made) => creating(made, {}, clients)),
    ]);
    if (made === undefined || alone === undefined) return;
    run.report.rate(`${name}, beside PKCS#11 alone`, made, alone);
    if (builtIn !== undefined) run.report.rate(`${name}, beside the built-in KMS`, made, builtIn);
    run.report.details(name, made);
  }
  const deletion = `ScheduleKeyDeletion, ${store}, ${clientsText(clients)}`;
  if (!run.wants(deletion)) return;
  await refill(ours, input);
  for (const made of theirs) await refill(made, {});
  const [deleted, builtIn] = await takeTurns({ rounds: 3, sliceSeconds: run.pace.sliceSeconds }, [
    deleting(ours, clients),
    ...theirs.map((made) => deleting(made, clients)),
  ]);
  if (deleted === undefined) return;
  if (builtIn === undefined) run.report.value(deletion, deleted.perSecond, 'calls/s');
  else run.report.rate(`${deletion}, beside the built-in KMS`, deleted, builtIn);
  run.report.details(deletion, deleted);
}

const DELETIONS = 600;

async function refill({ target, keyIds }: Made, input: NewKey): Promise<void> {
  await load(8, { seconds: 30, calls: DELETIONS - keyIds.length }, async () => {
    keyIds.push(await createKey(target, input));
  });
}

/** Both stores, one client and many. */
export async function measureCreation(run: Run): Promise<void> {
  const stores = [
    ['standard store', {}],
    ['custom key store', run.few.inStore],
  ] as const;
  for (const [store, input] of stores) {
    for (const clients of CLIENTS) await measureStore(run, store, input, clients);
  }
}
