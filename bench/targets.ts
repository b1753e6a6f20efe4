// SPDX-License-Identifier: Apache-2.0
// The servers with their keys, and what a run measures with.
import { connectedKeyStore } from './key-store.ts';
import { Caller, load } from './load.ts';
import type { RawHsm } from './raw-hsm.ts';
import type { Report } from './report.ts';
import type { Server } from './servers.ts';
import type { Pace } from './slices.ts';

/** The clients that keep connections open; the most that any measure has. */
export const MAXIMUM_CLIENTS = 16;
/** How many clients call at once, by measure. */
export const CLIENTS = [1, MAXIMUM_CLIENTS];

/** Members of CreateKey for a store. */
export type NewKey = Readonly<Record<string, string>>;

/** A server with its keys, ready to be measured. */
export interface Target {
  readonly server: Server;
  readonly caller: Caller;
  /** Standard-store keys. */
  readonly keyIds: string[];
  /** Keys of its custom key store, when it has one. */
  readonly storeKeyIds: string[];
  /** What makes a key in the custom key store. */
  readonly inStore: NewKey;
}

/** What a run measures with. */
export interface Run {
  readonly report: Report;
  readonly raw: RawHsm;
  /** The stand-in with ten keys. */
  readonly few: Target;
  /** The stand-in that gets more and more keys. */
  readonly many: Target;
  readonly builtIn: Target | undefined;
  readonly pace: Pace;
  wants(name: string): boolean;
}

/** A server without keys. */
export function targetOf(server: Server, inStore: NewKey = {}): Target {
  const caller = new Caller(server.url, MAXIMUM_CLIENTS);
  return { server, caller, keyIds: [], storeKeyIds: [], inStore };
}

/** A stand-in with a connected custom key store. */
export async function standInOf(server: Server): Promise<Target> {
  const target = targetOf(server);
  const CustomKeyStoreId = await connectedKeyStore(target.caller);
  return { ...target, inStore: { CustomKeyStoreId, Origin: 'AWS_CLOUDHSM' } };
}

/** Makes a key; answers its id. */
export async function createKey({ caller }: Target, input: NewKey): Promise<string> {
  const { KeyMetadata } = await caller.must('CreateKey', input);
  return (KeyMetadata as { KeyId: string }).KeyId;
}

async function fillList(target: Target, keyIds: string[], input: NewKey, count: number) {
  const calls = Math.max(0, count - keyIds.length);
  await load(MAXIMUM_CLIENTS, { seconds: 600, calls }, async () => {
    keyIds.push(await createKey(target, input));
  });
}

/** Makes keys until the target has this many, in the custom key store as well where there is one. */
export async function fill(target: Target, count: number): Promise<void> {
  await fillList(target, target.keyIds, {}, count);
  if (target.inStore['CustomKeyStoreId'] === undefined) return;
  await fillList(target, target.storeKeyIds, target.inStore, count);
}

/** How a name says the number of clients. */
export function clientsText(clients: number): string {
  return clients === 1 ? '1 client' : `${clients} clients`;
}
