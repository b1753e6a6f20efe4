// SPDX-License-Identifier: Apache-2.0
// The measures: the same calls to the stand-in, to the HSM alone and to the AWS emulator's built-in KMS.
import { type Answer, type Caller, load, type Measured } from './load.ts';
import type { RawRates } from './raw-hsm.ts';
import type { Report } from './report.ts';
import type { Server } from './servers.ts';

/** A server with its keys, ready to be measured. */
export interface Target {
  readonly server: Server;
  readonly caller: Caller;
  readonly keyIds: string[];
}

/** What a run measures with. */
export interface Run {
  readonly report: Report;
  readonly raw: RawRates;
  readonly standIn: Target;
  readonly builtIn: Target | undefined;
  readonly seconds: number;
  wants(name: string): boolean;
}

const CLIENTS = [1, 16];
/** The clients that keep connections open; the most that any measure has. */
export const MAXIMUM_CLIENTS = 16;

interface Case {
  readonly name: string;
  readonly sizeBytes: number;
  raw(raw: RawRates): number;
  /** Makes ready and answers the call of an index. */
  prepare(target: Target): Promise<(index: number) => Promise<unknown>>;
}

const keyOf = (target: Target, index: number) => target.keyIds[index % target.keyIds.length];
const base64 = (sizeBytes: number) => Buffer.alloc(sizeBytes, 7).toString('base64');

function encryptCase(sizeBytes: number): Case {
  const Plaintext = base64(sizeBytes);
  return {
    name: 'Encrypt',
    sizeBytes,
    raw: (raw) => raw.encrypt(sizeBytes),
    prepare: async (target) => (index) =>
      target.caller.must('Encrypt', { KeyId: keyOf(target, index), Plaintext }),
  };
}

function decryptCase(sizeBytes: number): Case {
  const Plaintext = base64(sizeBytes);
  return {
    name: 'Decrypt',
    sizeBytes,
    raw: (raw) => raw.decrypt(sizeBytes),
    prepare: async ({ caller, keyIds }) => {
      const blobs: unknown[] = [];
      for (const KeyId of keyIds) {
        blobs.push((await caller.must('Encrypt', { KeyId, Plaintext }))['CiphertextBlob']);
      }
      return (index) => caller.must('Decrypt', { CiphertextBlob: blobs[index % blobs.length] });
    },
  };
}

function dataKeyCase(sizeBytes: number): Case {
  return {
    name: 'GenerateDataKey',
    sizeBytes,
    raw: (raw) => raw.dataKey(sizeBytes),
    prepare: async (target) => (index) =>
      target.caller.must('GenerateDataKey', {
        KeyId: keyOf(target, index),
        NumberOfBytes: sizeBytes,
      }),
  };
}

// AWS gives data keys of 1,024 bytes at most.
const CASES = [
  encryptCase(32),
  encryptCase(4096),
  decryptCase(32),
  decryptCase(4096),
  dataKeyCase(32),
  dataKeyCase(1024),
];

/** Makes standard-store keys until a target has this many. */
export async function fill(target: Target, count: number): Promise<void> {
  await load(MAXIMUM_CLIENTS, { seconds: 600, calls: count - target.keyIds.length }, async () => {
    const { KeyMetadata } = await target.caller.must('CreateKey', {});
    target.keyIds.push((KeyMetadata as { KeyId: string }).KeyId);
  });
}

async function measureCalls(run: Run, target: Target, item: Case, clients: number) {
  const call = await item.prepare(target);
  // Every key once: handles are found, code is compiled.
  await load(clients, { seconds: 5, calls: Math.max(200, target.keyIds.length) }, call);
  const before = target.server.cpuMilliseconds();
  const measured = await load(clients, { seconds: run.seconds }, call);
  const used = target.server.cpuMilliseconds() - before;
  return { ...measured, cpuMicroseconds: (used * 1000) / measured.calls };
}

/** Cryptography at the number of keys the stand-in has; answers Encrypt's rate by its name. */
export async function measureCryptography(run: Run, baselines: Map<string, number>): Promise<void> {
  const count = run.standIn.keyIds.length;
  for (const item of CASES) {
    for (const clients of CLIENTS) {
      const what = `${item.name} ${item.sizeBytes} B, ${clients} client${clients > 1 ? 's' : ''}`;
      const name = `${what}, ${count} keys`;
      if (!run.wants(name)) continue;
      const ours = await measureCalls(run, run.standIn, item, clients);
      const fewest = baselines.get(what);
      if (fewest === undefined) {
        baselines.set(what, ours.perSecond);
        run.report.ratio(name, ours.perSecond, 'calls/s', 'pkcs11', item.raw(run.raw));
        if (run.builtIn !== undefined) {
          const theirs = await measureCalls(run, run.builtIn, item, clients);
          run.report.ratio(name, ours.perSecond, 'calls/s', 'built-in KMS', theirs.perSecond);
        }
      } else {
        run.report.ratio(name, ours.perSecond, 'calls/s', 'fewest keys', fewest);
      }
      run.report.value(`${name}, p50`, ours.p50, 'ms');
      run.report.value(`${name}, p99`, ours.p99, 'ms');
      run.report.value(`${name}, server CPU per call`, ours.cpuMicroseconds, 'µs');
    }
  }
}

/** CreateKey in both stores, against the token's own key generation, and ScheduleKeyDeletion of what was made. */
export async function measureCreation(run: Run, keyStoreId: string): Promise<void> {
  const { caller } = run.standIn;
  const raw = await run.raw.generateTokenKey();
  const stores = [
    ['standard store', {}],
    ['custom key store', { CustomKeyStoreId: keyStoreId, Origin: 'AWS_CLOUDHSM' }],
  ] as const;
  for (const [store, input] of stores) {
    const made: string[] = [];
    const create = async () => {
      const { KeyMetadata } = await caller.must('CreateKey', input);
      made.push((KeyMetadata as { KeyId: string }).KeyId);
    };
    for (const clients of CLIENTS) {
      const name = `CreateKey, ${store}, ${clients} client${clients > 1 ? 's' : ''}`;
      if (!run.wants(name)) continue;
      const measured = await load(clients, { seconds: run.seconds, calls: 2000 }, create);
      run.report.ratio(name, measured.perSecond, 'calls/s', 'pkcs11', raw);
      run.report.value(`${name}, p99`, measured.p99, 'ms');
    }
    const name = `ScheduleKeyDeletion, ${store}, 16 clients`;
    if (!run.wants(name) || made.length === 0) continue;
    const calls = { seconds: run.seconds, calls: made.length };
    const deleted: Measured = await load(MAXIMUM_CLIENTS, calls, (index) =>
      caller.must('ScheduleKeyDeletion', { KeyId: made[index], PendingWindowInDays: 7 }),
    );
    run.report.value(name, deleted.perSecond, 'calls/s');
  }
}

/** From the call of DisableKey to the first refusal under load, and uses allowed after it was answered. */
export async function measureRevocation(run: Run): Promise<void> {
  const name = 'DisableKey to first refusal, 8 clients encrypting';
  if (!run.wants(name)) return;
  const { caller, keyIds } = run.standIn;
  const times: number[] = [];
  let stale = 0;
  for (const KeyId of keyIds.slice(0, 10)) {
    let answeredAt = Number.POSITIVE_INFINITY;
    let refusedAt = Number.POSITIVE_INFINITY;
    const user = async () => {
      for (;;) {
        const sentAt = performance.now();
        const { status }: Answer = await caller.send('Encrypt', { KeyId, Plaintext: 'eA==' });
        if (status === 200 && sentAt > answeredAt) stale += 1;
        if (status !== 200) {
          refusedAt = Math.min(refusedAt, performance.now());
          return;
        }
      }
    };
    const users = Array.from({ length: 8 }, user);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const began = performance.now();
    await caller.must('DisableKey', { KeyId });
    answeredAt = performance.now();
    await Promise.all(users);
    times.push(refusedAt - began);
    await caller.must('EnableKey', { KeyId });
  }
  times.sort((left, right) => left - right);
  run.report.value(`${name}, median`, times[Math.floor(times.length / 2)] ?? 0, 'ms');
  run.report.value(`${name}, longest`, times.at(-1) ?? 0, 'ms');
  run.report.value('uses allowed after DisableKey was answered', stale, 'calls');
}
