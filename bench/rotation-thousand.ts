// SPDX-License-Identifier: Apache-2.0
// `rotation-thousand`: many keys rotated by sweeps on the local stack, beside the bare KMS calls that no rotation can do
// without (CreateKey in the key store, PutKeyPolicy, UpdateAlias), asked of the same endpoint in the same run.
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import {
  CreateAliasCommand,
  CreateKeyCommand,
  GetKeyPolicyCommand,
  KMSClient,
  PutKeyPolicyCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-kms';
import { ROOT_KEY } from '#scripts/local/environment.ts';
import { activeKeys, each, type MeasuredStack } from './local-stack.ts';
import type { Report } from './report.ts';
import { rotateBySweep, sfnOf } from './rotation-cost.ts';

const NAME = 'rotation-thousand';
/** Of one KMS key at most (AWS KMS developer guide, quotas). */
const ALIASES_PER_KEY = 50;
/**
 * Keys of one sweep. A sweep of 1,000 starts some hundred functions at once, each a process: on two cores they are not
 * started within their time limits, so that the run measures restarts. In AWS each has a machine of its own.
 */
const WAVE = 50;

/** Seconds that work takes. */
async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

/** The calls alone, as many keys at once as the other requests of the bench. */
async function bareCalls({ stack, keyStoreId }: MeasuredStack, count: number): Promise<number> {
  const { gatewayUrl: endpoint, region } = stack.info;
  const kms = new KMSClient({ endpoint, region, credentials: ROOT_KEY });
  const make = async () => {
    const { KeyMetadata } = await kms.send(
      new CreateKeyCommand({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: keyStoreId }),
    );
    return KeyMetadata?.KeyId ?? '';
  };
  const first = await make();
  const { Policy } = await kms.send(new GetKeyPolicyCommand({ KeyId: first }));
  const run = Date.now().toString(36);
  const names = Array.from({ length: count }, (_, index) => `alias/bench/${run}-${index}`);
  const groups = Array.from({ length: Math.ceil(count / ALIASES_PER_KEY) }, (_, index) =>
    names.slice(index * ALIASES_PER_KEY, (index + 1) * ALIASES_PER_KEY),
  );
  await each(groups, async (group) => {
    const TargetKeyId = await make();
    for (const AliasName of group)
      await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId }));
  });
  return secondsOf(() =>
    each(names, async (AliasName) => {
      const KeyId = await make();
      await kms.send(new PutKeyPolicyCommand({ KeyId, PolicyName: 'default', Policy }));
      await kms.send(new UpdateAliasCommand({ AliasName, TargetKeyId: KeyId }));
    }),
  );
}

/** Resident memory of the processes whose environment names the folder of the stack, in MB: functions and servers. */
export function residentMegabytes(directory: string): number {
  let total = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (Number(pid) === process.pid) continue;
    try {
      const about = `${readFileSync(`/proc/${pid}/cmdline`)}${readFileSync(`/proc/${pid}/environ`)}`;
      if (!about.includes(basename(directory))) continue;
      // Proportional: what processes share counts once (Linux, proc_pid_smaps_rollup).
      const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
      const [, kilobytes = '0'] = /^Pss:\s+(\d+)/m.exec(rollup) ?? [];
      total += Number(kilobytes) / 1024;
    } catch {
      // Ended meanwhile, or not ours to read.
    }
  }
  return total;
}

/** Rotates as many keys as asked. */
export async function measureThousand(
  measured: MeasuredStack,
  report: Report,
  count: number,
): Promise<void> {
  const names = await activeKeys(measured, count);
  const bare = await bareCalls(measured, count);
  const sfn = sfnOf(measured);
  const seconds = await secondsOf(async () => {
    for (let from = 0; from < names.length; from += WAVE)
      await rotateBySweep(measured, sfn, names.slice(from, from + WAVE));
  });
  report.value(`${NAME}.keys`, count, 'keys');
  report.beside(`${NAME}.wall`, seconds, 's', bare);
  report.value(`${NAME}.rate`, count / seconds, 'rotations/s');
  const { directory } = measured.stack.layout;
  report.value(`${NAME}.resident-memory`, residentMegabytes(directory), 'MB');
}
