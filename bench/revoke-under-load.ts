// SPDX-License-Identifier: Apache-2.0
// `revoke.loaded`: the same on a stack that has other work. `revoke.delayed`: what a client that calls KMS itself is allowed
// while KMS shows changes late, above all behind the moment from which Keyturn says `revoked`.
import { DecryptCommand, EncryptCommand } from '@aws-sdk/client-kms';
import { DEFAULT_CONSISTENCY_DELAY, setConsistencyDelay } from '#scripts/local/consistency.ts';
import { kmsAs, workloadCredentials } from '#scripts/local/story/actors.ts';
import { watch } from '#scripts/local/story/rotation.ts';
import { activeKeys, type MeasuredStack } from './local-stack.ts';
import { measureReencryption } from './reencryption.ts';
import { Report } from './report.ts';
import { measureRevoke } from './revoke.ts';
import { percentile } from './slices.ts';

const WORKLOAD = 'orders-api';
/** Keys that rotate at once, again and again. */
const ROTATING = 3;
const ITEMS = 2000;
/** How long a client goes on behind the state `revoked`. */
const AFTERWARDS_MILLISECONDS = 4000;

/** Rotates keys and re-encrypts a table until it is told to stop. @returns what waits for its end */
async function otherWork(measured: MeasuredStack): Promise<() => Promise<void>> {
  const { operator } = measured;
  let isOver = false;
  const rotate = async (name: string) => {
    while (!isOver) {
      const { body } = await operator.startRotation(name);
      await watch(operator, body.operationId, () => {});
    }
  };
  const rotations = (await activeKeys(measured, ROTATING)).map(rotate);
  // Its own rows are another measure's.
  const reencryption = measureReencryption(measured, new Report(false), ITEMS);
  return async () => {
    isOver = true;
    await Promise.all([...rotations, reencryption]);
  };
}

/** Rows `revoke.loaded.*`. */
export async function measureRevokeLoaded(
  measured: MeasuredStack,
  report: Report,
  count: number,
): Promise<void> {
  const stop = await otherWork(measured);
  await measureRevoke(measured, report, count, 'revoke.loaded').finally(stop);
}

interface Direct {
  readonly sentAt: number;
  readonly isAllowed: boolean;
}

/** One key, revoked under a client that decrypts at KMS without a pause. */
async function revokeUnderDirectUse(measured: MeasuredStack) {
  const { operator, stack } = measured;
  const principal = stack.info.roles[WORKLOAD] ?? '';
  const [name = ''] = await activeKeys(measured, 1, [
    { principal, rights: ['encrypt', 'decrypt'] },
  ]);
  const [version] = (await operator.listVersions(name)).body.items;
  const kms = kmsAs(stack.info, await workloadCredentials(stack.info, WORKLOAD));
  const encrypt = { KeyId: version?.keyId ?? '', Plaintext: Buffer.from('order 4711') };
  const { CiphertextBlob } = await kms.send(new EncryptCommand(encrypt));
  const uses: Direct[] = [];
  let isOver = false;
  const loop = (async () => {
    while (!isOver) {
      const sentAt = performance.now();
      const answer = kms.send(new DecryptCommand({ CiphertextBlob }));
      const isAllowed = await answer.then(
        () => true,
        () => false,
      );
      uses.push({ sentAt, isAllowed });
    }
  })();
  const calledAt = performance.now();
  const { body } = await operator.revokeKey(name, { reason: 'bench', mode: 'locked' });
  const { state } = await watch(operator, body.operationId ?? '', () => {});
  if (state !== 'done') throw new Error(`${name} was not revoked: ${state}`);
  const revokedAt = performance.now();
  await new Promise((resolve) => setTimeout(resolve, AFTERWARDS_MILLISECONDS));
  isOver = true;
  await loop;
  const allowed = uses.filter(({ isAllowed }) => isAllowed);
  return {
    after: allowed.filter(({ sentAt }) => sentAt > revokedAt).length,
    last: Math.max(0, ...allowed.map(({ sentAt }) => sentAt - calledAt)),
    proven: revokedAt - calledAt,
  };
}

/** Rows `revoke.delayed.*`. */
export async function measureRevokeDelayed(
  measured: MeasuredStack,
  report: Report,
  count: number,
): Promise<void> {
  const { kmsUrl, adminToken } = measured.stack.info;
  await setConsistencyDelay(kmsUrl, adminToken, DEFAULT_CONSISTENCY_DELAY);
  try {
    const seen: Awaited<ReturnType<typeof revokeUnderDirectUse>>[] = [];
    for (let turn = 0; turn < count; turn += 1) seen.push(await revokeUnderDirectUse(measured));
    const allows = seen.reduce((sum, { after }) => sum + after, 0);
    report.value('revoke.delayed.kms-allows-after-revoked', allows, 'calls');
    const of = (part: 'last' | 'proven') =>
      percentile(
        seen.map((one) => one[part]),
        0.95,
      );
    report.beside('revoke.delayed.last-allowed-p95', of('last'), 'ms', of('proven'));
  } finally {
    await setConsistencyDelay(kmsUrl, adminToken, null);
  }
}
