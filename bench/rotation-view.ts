// SPDX-License-Identifier: Apache-2.0
// `rotation-view`: what a consumer sees of rotations. It calls at a fixed pace, whether the answers come or not (an open
// loop: a slow answer delays none of the next), first while nothing happens, then while its key rotates.
import { DecryptCommand, EncryptCommand } from '@aws-sdk/client-kms';
import type { Client } from '#client/sdk/index.ts';
import { kmsAs, workloadClient, workloadCredentials } from '#scripts/local/story/actors.ts';
import { watch } from '#scripts/local/story/rotation.ts';
import { KEY_STORE, type MeasuredStack } from './local-stack.ts';
import type { Report } from './report.ts';
import { percentile } from './slices.ts';

const NAME = 'rotation-view';
const WORKLOAD = 'orders-api';
const WARM_UP_SECONDS = 5;
/** Of each phase, at least. */
const SECONDS = 10;
const CONTEXT = { service: WORKLOAD };

interface Seen {
  readonly times: number[];
  readonly errors: string[];
}

type Call = () => Promise<unknown>;

/** Calls `perSecond` times a second until `until` is settled; every call that was begun is waited for. */
async function calling(call: Call, perSecond: number, until: Promise<unknown>): Promise<Seen> {
  const seen: Seen = { times: [], errors: [] };
  const pending = new Set<Promise<void>>();
  let isOver = false;
  void until.finally(() => {
    isOver = true;
  });
  const began = performance.now();
  for (let number = 0; !isOver; number += 1) {
    const due = began + (number * 1000) / perSecond;
    const wait = due - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const at = performance.now();
    const one: Promise<void> = call()
      .then(
        () => void seen.times.push(performance.now() - at),
        (error: unknown) => void seen.errors.push(error instanceof Error ? error.name : 'unknown'),
      )
      .finally(() => pending.delete(one));
    pending.add(one);
  }
  await Promise.all(pending);
  return seen;
}

/** Encrypts and decrypts in turn, what was written first among it. */
function byKms(kms: ReturnType<typeof kmsAs>, alias: string): Call {
  let turn = 0;
  let first: Uint8Array | undefined;
  let last: Uint8Array | undefined;
  return async () => {
    turn += 1;
    if (turn % 2 === 1 || !last) {
      const request = { KeyId: alias, Plaintext: Buffer.from('order'), EncryptionContext: CONTEXT };
      const { CiphertextBlob } = await kms.send(new EncryptCommand(request));
      first ??= CiphertextBlob;
      last = CiphertextBlob;
      return;
    }
    const CiphertextBlob = turn % 4 === 0 ? first : last;
    await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: CONTEXT }));
  };
}

function byApi(api: Client, name: string): Call {
  let turn = 0;
  let last: string | undefined;
  return async () => {
    turn += 1;
    if (turn % 2 === 1 || last === undefined) {
      const plaintext = Buffer.from('order').toString('base64');
      last = (await api.encrypt(name, { plaintext, context: CONTEXT })).body.ciphertext;
      return;
    }
    await api.decrypt(name, { ciphertext: last, context: CONTEXT });
  };
}

const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

async function compare(
  report: Report,
  what: string,
  { call, perSecond, rotate }: { call: Call; perSecond: number; rotate: () => Promise<unknown> },
): Promise<void> {
  // Functions start, connections open: no consumer's first call is measured.
  await calling(call, perSecond, pause(WARM_UP_SECONDS));
  const quiet = await calling(call, perSecond, pause(SECONDS));
  const during = await calling(call, perSecond, rotate());
  const name = `${NAME}.${what}`;
  report.value(`${name}.pace`, perSecond, 'calls/s');
  report.value(`${name}.calls-during`, during.times.length + during.errors.length, 'calls');
  report.value(`${name}.errors-during`, during.errors.length, 'errors');
  report.beside(`${name}.p50`, percentile(during.times, 0.5), 'ms', percentile(quiet.times, 0.5));
  report.beside(`${name}.p99`, percentile(during.times, 0.99), 'ms', percentile(quiet.times, 0.99));
}

/** @param rotations how often the key rotates while it is called, at least */
export async function measureView(
  { stack, operator }: MeasuredStack,
  report: Report,
  rotations: number,
): Promise<void> {
  const credentials = await workloadCredentials(stack.info, WORKLOAD);
  const name = `bench-view-${Date.now().toString(36)}`;
  const { body } = await operator.createKey({
    name,
    class: 'test',
    owner: 'payments',
    purpose: `bench in ${KEY_STORE}`,
    environment: 'development',
    access: [{ principal: stack.info.roles[WORKLOAD] ?? '', rights: ['encrypt', 'decrypt'] }],
  });
  await watch(operator, body.operationId, () => {});
  const { alias } = (await operator.getKey(name)).body;
  const rotate = async () => {
    const end = performance.now() + SECONDS * 1000;
    for (let number = 0; number < rotations || performance.now() < end; number += 1) {
      const started = await operator.startRotation(name);
      const { state, cause } = await watch(operator, started.body.operationId, () => {});
      if (state !== 'done') throw new Error(`${name} was not rotated: ${cause}`);
    }
  };
  const direct = byKms(kmsAs(stack.info, credentials), alias ?? '');
  await compare(report, 'kms', { call: direct, perSecond: 200, rotate });
  const api = byApi(workloadClient(stack.info, credentials), name);
  // Functions are processes of this machine's two cores here: what they keep up with, not what Lambda does.
  await compare(report, 'api', { call: api, perSecond: 10, rotate });
}
