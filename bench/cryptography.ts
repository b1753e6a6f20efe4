// SPDX-License-Identifier: Apache-2.0
// Encrypt, Decrypt and GenerateDataKey: the stand-in beside the HSM alone and beside the built-in KMS, and the
// stand-in with many keys beside the stand-in with ten.
import { load } from './load.ts';
import type { RawHsm } from './raw-hsm.ts';
import { type Contestant, takeTurns } from './slices.ts';
import { CLIENTS, clientsText, MAXIMUM_CLIENTS, type Run, type Target } from './targets.ts';

interface Case {
  readonly name: string;
  readonly raw: (raw: RawHsm) => () => void;
  /** Makes ready and answers the call of an index. */
  readonly prepare: (
    target: Target,
    keyIds: readonly string[],
  ) => Promise<(index: number) => Promise<unknown>>;
}

const at = <Value>(values: readonly Value[], index: number) => values[index % values.length];

function encryptCase(sizeBytes: number): Case {
  const Plaintext = Buffer.alloc(sizeBytes, 7).toString('base64');
  return {
    name: `Encrypt ${sizeBytes} B`,
    raw: (raw) => raw.encrypt(sizeBytes),
    prepare: async ({ caller }, keyIds) => {
      return (index) => caller.must('Encrypt', { KeyId: at(keyIds, index), Plaintext });
    },
  };
}

function decryptCase(sizeBytes: number): Case {
  const Plaintext = Buffer.alloc(sizeBytes, 7).toString('base64');
  return {
    name: `Decrypt ${sizeBytes} B`,
    raw: (raw) => raw.decrypt(sizeBytes),
    prepare: async ({ caller }, keyIds) => {
      const blobs: unknown[] = [];
      await load(MAXIMUM_CLIENTS, { seconds: 600, calls: keyIds.length }, async (index) => {
        const { CiphertextBlob } = await caller.must('Encrypt', {
          KeyId: keyIds[index],
          Plaintext,
        });
        blobs[index] = CiphertextBlob;
      });
      return (index) => caller.must('Decrypt', { CiphertextBlob: at(blobs, index) });
    },
  };
}

function dataKeyCase(sizeBytes: number): Case {
  return {
    name: `GenerateDataKey ${sizeBytes} B`,
    raw: (raw) => raw.dataKey(sizeBytes),
    prepare: async ({ caller }, keyIds) => {
      return (index) =>
        caller.must('GenerateDataKey', { KeyId: at(keyIds, index), NumberOfBytes: sizeBytes });
    },
  };
}

const ENCRYPT = encryptCase(32);
// AWS gives data keys of 1,024 bytes at most.
const CASES = [
  ENCRYPT,
  encryptCase(4096),
  decryptCase(32),
  decryptCase(4096),
  dataKeyCase(32),
  dataKeyCase(1024),
];
const WARM_CALLS = 300;

/** Calls to a server, warmed up: every key was used once. */
async function serverContestant(
  item: Case,
  target: Target,
  keyIds: readonly string[],
  clients: number,
): Promise<Contestant> {
  const call = await item.prepare(target, keyIds);
  const calls = Math.max(WARM_CALLS, keyIds.length);
  await load(clients, { seconds: 60, calls }, call);
  let next = 0;
  // Every slice goes on where the last one ended, so that all keys have their turn.
  const slice = async (seconds: number) => {
    const first = next;
    const measured = await load(clients, { seconds }, (index) => call(first + index));
    next += measured.calls;
    return measured;
  };
  return { server: target.server, slice };
}

async function compare(run: Run, item: Case, clients: number): Promise<void> {
  const name = `${item.name}, ${clientsText(clients)}, 10 keys`;
  if (!run.wants(name)) return;
  const { few, builtIn, raw } = run;
  const others =
    builtIn === undefined ? [] : [await serverContestant(item, builtIn, builtIn.keyIds, clients)];
  const [ours, alone, theirs] = await takeTurns(run.pace, [
    await serverContestant(item, few, few.keyIds, clients),
    raw.contestant(item.raw(raw)),
    ...others,
  ]);
  if (ours === undefined || alone === undefined) return;
  run.report.rate(`${name}, beside PKCS#11 alone`, ours, alone);
  if (theirs !== undefined) {
    run.report.rate(`${name}, beside the built-in KMS`, ours, theirs);
    const cpu = [ours.cpuPerCall, 'µs', theirs.cpuPerCall] as const;
    run.report.beside(`${name}, server CPU per call beside the built-in KMS`, ...cpu);
  }
  run.report.details(name, ours);
}

/** The stand-in with ten keys beside the others. */
export async function measureCryptography(run: Run): Promise<void> {
  for (const item of CASES) for (const clients of CLIENTS) await compare(run, item, clients);
}

/** Which keys a call's cost is compared over. */
interface Keys {
  readonly store: string;
  readonly of: (target: Target) => readonly string[];
}

const STANDARD: Keys = { store: 'standard-store', of: ({ keyIds }) => keyIds };
const CUSTOM: Keys = { store: 'custom-store', of: ({ storeKeyIds }) => storeKeyIds };

/** What is compared, and over which keys. */
const GROWTH = [
  ...CASES.map((item) => ({ item, keys: STANDARD })),
  { item: ENCRYPT, keys: CUSTOM },
];

function growthName(item: Case, clients: number, count: number, { store }: Keys): string {
  return `${item.name}, ${clientsText(clients)}, ${count} ${store} keys`;
}

/** Names of all that {@link measureGrowth} measures at this number of keys. */
export function growthNames(count: number): string[] {
  return GROWTH.flatMap(({ item, keys }) =>
    CLIENTS.map((clients) => growthName(item, clients, count, keys)),
  );
}

async function compareGrowth(run: Run, item: Case, clients: number, keys: Keys): Promise<void> {
  const many = keys.of(run.many);
  const name = growthName(item, clients, many.length, keys);
  if (!run.wants(name)) return;
  const [grown, fewest] = await takeTurns(run.pace, [
    await serverContestant(item, run.many, many, clients),
    await serverContestant(item, run.few, keys.of(run.few), clients),
  ]);
  if (grown === undefined || fewest === undefined) return;
  const cpu = [grown.cpuPerCall, 'µs', fewest.cpuPerCall] as const;
  run.report.beside(`${name}, server CPU per call beside 10 keys`, ...cpu);
  run.report.rate(`${name}, beside 10 keys`, grown, fewest);
  run.report.value(`${name}: p50`, grown.p50, 'ms');
  run.report.value(`${name}: p99`, grown.p99, 'ms');
}

/** The stand-in with the keys it has now beside the one with ten. */
export async function measureGrowth(run: Run): Promise<void> {
  for (const { item, keys } of GROWTH) {
    for (const clients of CLIENTS) await compareGrowth(run, item, clients, keys);
  }
}
