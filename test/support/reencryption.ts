// SPDX-License-Identifier: Apache-2.0
// A world with stored ciphertexts: items of several versions in a source, and a run driven as its workflow would.
import type { SourceLocation } from '#core/keys/reencryption.ts';
import { beginRun, closePass } from '#core/operations/close-pass.ts';
import { type Pace, reencryptShard } from '#core/operations/reencrypt-shard.ts';
import type { ShardInput } from '#core/operations/reencryption-run.ts';
import { registerSource } from '#core/operations/register-source.ts';
import { admitReencryption, type ReencryptionStart } from '#core/operations/start-reencryption.ts';
import { ALICE, CONSUMER, PERMIT, type World } from './world.ts';

export const ARCHIVE: SourceLocation = {
  kind: 'dynamodb',
  tableArn: 'arn:aws:dynamodb:us-east-1:000000000000:table/app-orders',
  ciphertextAttributes: ['card'],
  context: {},
};
export const PACE: Pace = { pageItems: 4, concurrency: 3, seconds: 60 };

export async function register(
  world: World,
  input: Partial<Parameters<typeof registerSource>[1]> = {},
) {
  return registerSource(world.deps, {
    key: 'orders',
    name: 'archive',
    location: ARCHIVE,
    shards: 1,
    copies: [],
    by: ALICE.id,
    decision: PERMIT,
    ...input,
  });
}

/** Writes items as the application does: each under the version that is current, bound to its own context. */
export async function write(world: World, ids: readonly string[], source = 'archive') {
  const { currentKeyId } = await world.key();
  const crypto = world.vault.cryptoFor(CONSUMER);
  for (const id of ids) {
    const context = { item: id };
    const ciphertext = await crypto.encrypt(
      currentKeyId ?? '',
      Buffer.from(`secret of ${id}`),
      context,
    );
    world.sourceOf(source).put(id, { parts: [{ ciphertext, context }] });
  }
}

/** Reads an item as the application does. @returns its text and the version that it is under */
export async function read(world: World, id: string, source = 'archive') {
  const part = world.sourceOf(source).get(id)?.parts[0];
  if (!part) throw new Error(`no item ${id}`);
  const opened = await world.vault.cryptoFor(CONSUMER).decrypt(part.ciphertext, part.context);
  const recorded = await world.store.findRecordedKey(opened.keyId);
  return { text: Buffer.from(opened.plaintext).toString(), version: recorded?.version };
}

export async function admit(world: World): Promise<ReencryptionStart> {
  return admitReencryption(world.deps, {
    key: 'orders',
    trigger: 'api',
    requestedBy: ALICE.id,
    reason: null,
    decision: PERMIT,
    claim: null,
  });
}

/** Works on a shard as often as its workflow would. */
export async function workOff(world: World, shard: ShardInput, pace = PACE): Promise<void> {
  for (let slices = 0; slices < 1000; slices += 1) {
    if ((await reencryptShard(world.deps, shard, pace)).isDone) return;
  }
  throw new Error('the shard does not end');
}

/** Runs a whole attempt. @returns the number of passes */
export async function runToEnd(world: World, start: ReencryptionStart): Promise<number> {
  let next = await beginRun(world.deps, start);
  const run = { operationId: next.operationId, key: next.key, fence: next.fence };
  for (let passes = 0; ; passes += 1) {
    if (next.next === 'done') return passes;
    for (const shard of next.shards) await workOff(world, shard);
    next = await closePass(world.deps, run);
  }
}
