// SPDX-License-Identifier: Apache-2.0
// `revoke`: from the call to its effect, as a client sees it that decrypts without a pause. Beside it, in turns on the
// same stack: a bare DisableKey under the same load, and a call that does nothing through the same front door.
import {
  CreateKeyCommand,
  DecryptCommand,
  DisableKeyCommand,
  EncryptCommand,
  KMSClient,
} from '@aws-sdk/client-kms';
import { workloadClient, workloadCredentials } from '#scripts/local/story/actors.ts';
import { watch } from '#scripts/local/story/rotation.ts';
import type { MeasuredStack } from './local-stack.ts';
import type { Report } from './report.ts';
import { percentile } from './slices.ts';

const WORKLOAD = 'orders-api';
const PLAINTEXT = Buffer.from('order 4711');
/** The account's root user of the local stage. */
const ROOT = { accessKeyId: 'test', secretAccessKey: 'test' };

interface Effect {
  /** From the call to the first refusal. */
  readonly effect: number;
  /** From the call to its answer. */
  readonly answered: number;
  /** Uses sent after the answer, and allowed. */
  readonly after: number;
  /** From the call to the proof that KMS refuses; null where nobody proves it. */
  readonly proven: number | null;
}

/** Uses a key without a pause until it was refused three times in a row, and stops it meanwhile. */
async function underLoad(
  use: () => Promise<unknown>,
  stop: () => Promise<(() => Promise<unknown>) | null>,
): Promise<Effect> {
  const seen: { sentAt: number; endedAt: number; isAllowed: boolean }[] = [];
  let isOver = false;
  const loop = (async () => {
    for (let refusals = 0; !isOver || refusals < 3; ) {
      const sentAt = performance.now();
      const isAllowed = await use().then(
        () => true,
        () => false,
      );
      seen.push({ sentAt, endedAt: performance.now(), isAllowed });
      refusals = isAllowed ? 0 : refusals + 1;
    }
  })();
  while (seen.length < 5) await new Promise((resolve) => setTimeout(resolve, 5));
  const calledAt = performance.now();
  const prove = await stop();
  const answeredAt = performance.now();
  isOver = true;
  await loop;
  await prove?.();
  const provenAt = performance.now();
  const refused = seen.find(({ isAllowed, endedAt }) => !isAllowed && endedAt > calledAt);
  return {
    effect: (refused?.endedAt ?? Number.POSITIVE_INFINITY) - calledAt,
    answered: answeredAt - calledAt,
    after: seen.filter(({ sentAt, isAllowed }) => isAllowed && sentAt > answeredAt).length,
    proven: prove ? provenAt - calledAt : null,
  };
}

async function usableKey({ stack, operator }: MeasuredStack, name: string): Promise<void> {
  const { body } = await operator.createKey({
    name,
    class: 'test',
    owner: 'payments',
    purpose: 'bench',
    environment: 'development',
    access: [{ principal: stack.info.roles[WORKLOAD] ?? '', rights: ['encrypt', 'decrypt'] }],
  });
  const { state, cause } = await watch(operator, body.operationId, () => {});
  if (state !== 'done') throw new Error(`${name} was not generated: ${cause}`);
}

function tell(report: Report, name: string, ours: readonly Effect[], beside: readonly number[]) {
  const of = (part: (one: Effect) => number) => ours.map(part);
  for (const [label, share] of [
    ['p50', 0.5],
    ['p95', 0.95],
    ['p99', 0.99],
  ] as const)
    report.beside(
      `${name}.effect-${label}`,
      percentile(
        of(({ effect }) => effect),
        share,
      ),
      'ms',
      percentile([...beside], share),
    );
  report.value(
    `${name}.answer-p95`,
    percentile(
      of(({ answered }) => answered),
      0.95,
    ),
    'ms',
  );
  const allows = ours.reduce((sum, { after }) => sum + after, 0);
  report.value(`${name}.allows-after-return`, allows, 'calls');
}

/**
 * @param count keys that are stopped, in each mode
 * @param label what the rows begin with
 */
export async function measureRevoke(
  measured: MeasuredStack,
  report: Report,
  count: number,
  label = 'revoke',
): Promise<void> {
  const { stack, operator } = measured;
  const credentials = await workloadCredentials(stack.info, WORKLOAD);
  const api = workloadClient(stack.info, credentials);
  const { gatewayUrl, region } = stack.info;
  const root = new KMSClient({ endpoint: gatewayUrl, region, credentials: ROOT });
  const run = Date.now().toString(36);
  const effects = { hard: [] as Effect[], locked: [] as Effect[] };
  const bare: number[] = [];
  const empty: number[] = [];
  // A key in the same store that is nobody's: KMS alone, with one call.
  const bareKey = async () => {
    const { KeyMetadata } = await root.send(
      new CreateKeyCommand({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: measured.keyStoreId }),
    );
    const KeyId = KeyMetadata?.KeyId ?? '';
    const { CiphertextBlob } = await root.send(new EncryptCommand({ KeyId, Plaintext: PLAINTEXT }));
    const use = () => root.send(new DecryptCommand({ CiphertextBlob }));
    const { effect } = await underLoad(use, async () => {
      await root.send(new DisableKeyCommand({ KeyId }));
      return null;
    });
    bare.push(effect);
  };
  // The first of each turn starts functions and opens connections: it is not counted.
  for (let turn = 0; turn <= count; turn += 1) {
    if (turn === 1) for (const list of [effects.hard, effects.locked, bare, empty]) list.length = 0;
    for (const mode of ['hard', 'locked'] as const) {
      const name = `bench-${mode}-${run}-${turn}`;
      await usableKey(measured, name);
      const { body } = await api.encrypt(name, { plaintext: PLAINTEXT.toString('base64') });
      const use = () => api.decrypt(name, { ciphertext: body.ciphertext });
      const stopped = await underLoad(use, async () => {
        const accepted = await operator.revokeKey(name, { reason: 'bench', mode });
        return () => watch(operator, accepted.body.operationId ?? '', () => {});
      });
      effects[mode].push(stopped);
    }
    await bareKey();
    const began = performance.now();
    await operator.getHealth();
    empty.push(performance.now() - began);
  }
  for (const mode of ['hard', 'locked'] as const)
    tell(report, `${label}.${mode}`, effects[mode], bare);
  const answers = effects.hard.map(({ answered }) => answered);
  report.beside(`${label}.answer-p50`, percentile(answers, 0.5), 'ms', percentile(empty, 0.5));
  const proofs = effects.hard.flatMap(({ proven }) => (proven === null ? [] : [proven]));
  report.value(`${label}.proven-p50`, percentile(proofs, 0.5), 'ms');
}
