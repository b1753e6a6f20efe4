// SPDX-License-Identifier: Apache-2.0
// `recovery`: the HSMs of a key store are lost for good, with the cluster and all that its token held, and the key store is
// made anew of a backup: under three signatures, with the HSM administrator's task done at once. How long each phase takes,
// whether every key reads again what it wrote before, and what that costs in calls of KMS.
import { CloudHSMV2Client, DeleteClusterCommand } from '@aws-sdk/client-cloudhsm-v2';
import { DecryptCommand, EncryptCommand, type KMSClient } from '@aws-sdk/client-kms';
import type { ResponseOf } from '#client/sdk/index.ts';
import { keyAlias } from '#core/keys/naming.ts';
import { ROOT_KEY } from '#scripts/local/environment.ts';
import { kmsAs, workloadCredentials } from '#scripts/local/story/actors.ts';
import { backUp, clusterOf } from '#scripts/local/story/clusters.ts';
import { doOpenTask } from '#scripts/local/story/hsm-admin.ts';
import { approvedBySignatures } from '#scripts/local/story/signed-votes.ts';
import { until } from '#scripts/local/waiting.ts';
import { activeKeys, each, KEY_STORE, type MeasuredStack } from './local-stack.ts';
import type { Report } from './report.ts';
import { trail } from './rotation-cost.ts';

const NAME = 'recovery';
const WORKLOAD = 'orders-api';
/** Canaries that the survey opens at once: what it is compared with does the same. */
const AT_ONCE = 8;
/** RTO that is asked for, in seconds. */
const RTO = 4 * 3600;
const ROLE = /keyturn-local-(recover-key-store|verify-version)/;

type Recovery = ResponseOf<'getRecovery'>;
interface Sealed {
  readonly name: string;
  readonly ciphertext: Uint8Array;
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

/** A ciphertext under every key, made by the application at KMS itself. */
async function sealed(kms: KMSClient, names: readonly string[]): Promise<readonly Sealed[]> {
  const made: Sealed[] = [];
  await each(
    names,
    async (name) => {
      const command = { KeyId: keyAlias('local', name), Plaintext: Buffer.from(name) };
      const { CiphertextBlob } = await kms.send(new EncryptCommand(command));
      made.push({ name, ciphertext: CiphertextBlob ?? new Uint8Array() });
    },
    AT_ONCE,
  );
  return made;
}

/** How many give back what was written. */
async function read(kms: KMSClient, all: readonly Sealed[]): Promise<number> {
  let same = 0;
  await each(
    all,
    async ({ name, ciphertext: CiphertextBlob }) => {
      const answer = await kms.send(new DecryptCommand({ CiphertextBlob })).catch(() => null);
      if (answer && Buffer.from(answer.Plaintext ?? []).toString() === name) same += 1;
    },
    AT_ONCE,
  );
  return same;
}

function hsmOf({ stack }: MeasuredStack): CloudHSMV2Client {
  const { gatewayUrl: endpoint, region } = stack.info;
  return new CloudHSMV2Client({ endpoint, region, credentials: ROOT_KEY });
}

/** All HSMs fail at once, and their cluster goes with everything in it. */
async function lose({ stack }: MeasuredStack, hsm: CloudHSMV2Client, clusterId: string) {
  const active = async () => {
    const { Hsms = [] } = (await clusterOf(hsm, clusterId)) ?? {};
    return Hsms.length > 0 && Hsms.every(({ State }) => State === 'ACTIVE');
  };
  await until(active, { timeoutSeconds: 60, what: 'all HSMs to be active' });
  const { kmsUrl, adminToken } = stack.info;
  const answer = await fetch(`${kmsUrl}/_admin/hsm-loss`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-admin-token': adminToken },
    body: JSON.stringify({ clusterId, effect: 'removed' }),
  });
  if (!answer.ok) throw new Error(`hsm-loss: ${answer.status} ${await answer.text()}`);
  await hsm.send(new DeleteClusterCommand({ ClusterId: clusterId }));
}

async function recovered(measured: MeasuredStack, backupId: string): Promise<Recovery> {
  const { operator, stack } = measured;
  const asked = await operator.startRecovery({
    kind: 'key-store.restore',
    backupId,
    reason: 'bench',
  });
  const site = { operator, stack: stack.info, directory: stack.layout.directory };
  const request = { stack: stack.info, asks: operator };
  const id = await approvedBySignatures(request, asked.body.approvalId ?? '');
  return until(
    async () => {
      const { body } = await operator.getRecovery(id);
      if (body.state === 'parked') throw new Error(`${id} parked: ${body.cause}`);
      if (body.phase === 'reset-kmsuser') await doOpenTask(site, KEY_STORE);
      return body.state === 'done' && body;
    },
    { timeoutSeconds: 3600, pollMilliseconds: 250, what: `${id} to end` },
  );
}

/** Calls of KMS and of CloudHSM by the functions that recover. */
async function callsOf(measured: MeasuredStack, after: number) {
  const calls = { kms: new Map<string, number>(), cloudhsm: new Map<string, number>() };
  for (const { eventSource, eventName, userIdentity } of (await trail(measured, after)).events) {
    if (!ROLE.test(userIdentity?.arn ?? '')) continue;
    const those = eventSource.startsWith('kms.') ? calls.kms : calls.cloudhsm;
    those.set(eventName, (those.get(eventName) ?? 0) + 1);
  }
  return calls;
}

function tellCalls(report: Report, what: string, calls: Map<string, number>, keys: number): void {
  for (const [call, made] of [...calls].sort())
    report.value(`${NAME}.${what}.${call}`, made, 'calls');
  const total = [...calls.values()].reduce((sum, made) => sum + made, 0);
  report.beside(`${NAME}.${what}`, total, 'calls', keys);
}

function tell(report: Report, { phases, survey, recoverySeconds }: Recovery, bare: number): void {
  const times = new Map<string, number>();
  // A phase that was gone back to counts with all its stays.
  for (const { name, seconds } of phases) times.set(name, (times.get(name) ?? 0) + (seconds ?? 0));
  for (const [phase, seconds] of times)
    if (phase !== 'survey') report.value(`${NAME}.${phase}`, seconds, 's');
  report.beside(`${NAME}.survey`, times.get('survey') ?? Number.NaN, 's', bare);
  report.beside(`${NAME}.total`, recoverySeconds ?? Number.NaN, 's', RTO);
  report.value(`${NAME}.canaries-open`, survey.readable, 'versions');
  report.value(`${NAME}.canaries-missing`, survey.missingCount, 'versions');
  report.value(`${NAME}.canaries-unverified`, survey.unverified, 'versions');
}

/** @param count keys in the key store */
export async function measureRecovery(
  measured: MeasuredStack,
  report: Report,
  count: number,
): Promise<void> {
  const { stack, operator } = measured;
  const hsm = hsmOf(measured);
  const kms = kmsAs(stack.info, await workloadCredentials(stack.info, WORKLOAD));
  const principal = stack.info.roles[WORKLOAD] ?? '';
  const access = [{ principal, rights: ['encrypt' as const, 'decrypt' as const] }];
  const names = await activeKeys(measured, count, access);
  const all = await sealed(kms, names);
  const { clusterId } = (await operator.getKeyStore(KEY_STORE)).body;
  const backupId = await backUp(hsm, clusterId ?? '');
  await lose(measured, hsm, clusterId ?? '');
  report.value(`${NAME}.keys`, count, 'keys');
  report.value(`${NAME}.read-while-lost`, await read(kms, all), 'keys');

  const { next } = await trail(measured, 0);
  const done = await recovered(measured, backupId);
  const calls = await callsOf(measured, next);
  let again = 0;
  const bare = await secondsOf(async () => {
    again = await read(kms, all);
  });
  tell(report, done, bare);
  report.beside(`${NAME}.read-again`, again, 'keys', count);
  tellCalls(report, 'kms-calls', calls.kms, count);
  tellCalls(report, 'cloudhsm-calls', calls.cloudhsm, count);
}
