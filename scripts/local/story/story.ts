// SPDX-License-Identifier: Apache-2.0
// The main job, told while it runs: a key is generated in a CloudHSM key store and rotated by an EventBridge schedule
// while a consumer keeps encrypting and decrypting. Everything is checked, nothing is simulated but AWS itself.
import { randomBytes } from 'node:crypto';
import { EncryptCommand, type KMSClient } from '@aws-sdk/client-kms';
import { type Client, everyItem, type ResponseOf } from '#client/sdk/index.ts';
import { verifyChain } from '#core/audit/chain.ts';
import type { Stack } from '../stack.ts';
import { type StackInfo, updateStackFile } from '../stack-file.ts';
import { until } from '../waiting.ts';
import { kmsAs, personClient, scheduler, workloadClient, workloadCredentials } from './actors.ts';
import { CONTEXT, Consumer } from './consumer.ts';
import { administer, isKnown } from './hsm-admin.ts';
import { Narrator } from './narrator.ts';
import { admittedOperation, makeDue, scheduleSweep, watch } from './rotation.ts';

const KEY = 'orders';
const WORKLOAD = 'orders-api';
type Version = ResponseOf<'listVersions'>['items'][number];

interface Cast {
  readonly stack: StackInfo;
  readonly narrator: Narrator;
  readonly operator: Client;
  readonly workload: Client;
  readonly kms: KMSClient;
}

async function provisionKeyStore(cast: Cast, directory: string): Promise<void> {
  const { operator, narrator, stack } = cast;
  const name = `keyturn-${stage(stack)}`;
  narrator.chapter('1  A key store on a CloudHSM cluster');
  if (!(await isKnown(() => operator.getKeyStore(name)))) {
    await narrator.step(`provisioning of ${name} requested by alice`, () =>
      operator.createKeyStore({ name }),
    );
  }
  const keyStoreId = await narrator.step(
    'cluster, certificate, HSMs in two zones, key store connected',
    () =>
      administer({ operator, stack, directory }, name, (kind) =>
        narrator.note(`HSM administrator did: ${kind}`),
      ),
  );
  narrator.note(`custom key store ${keyStoreId}`);
  updateStackFile(directory, { keyStoreId });
}

const stage = (stack: StackInfo) => stack.stage;

async function generateKey({ operator, narrator, stack }: Cast): Promise<void> {
  narrator.chapter('2  A key inside the HSM');
  if (await isKnown(() => operator.getKey(KEY))) {
    narrator.note(`${KEY} exists from an earlier start and is used again`);
    return;
  }
  const { body } = await narrator.step(`generation of ${KEY} requested by alice`, () =>
    operator.createKey({
      name: KEY,
      class: 'payment-critical',
      owner: 'payments',
      purpose: 'protects order records',
      environment: 'development',
      access: [{ principal: stack.roles[WORKLOAD] ?? '', rights: ['encrypt', 'decrypt'] }],
    }),
  );
  const ended = await narrator.step('generated, verified with a canary, published, activated', () =>
    watch(operator, body.operationId, (step, seconds) =>
      narrator.note(`${seconds.toFixed(1).padStart(5)} s  ${step}`),
    ),
  );
  checkEnded(narrator, ended);
}

function checkEnded(narrator: Narrator, { id, state, cause }: ResponseOf<'getOperation'>): void {
  narrator.check(
    state === 'done',
    `operation ${id} is ${state}${cause === null ? '' : `: ${cause}`}`,
  );
}

async function versionsOf(operator: Client): Promise<Version[]> {
  return (await operator.listVersions(KEY)).body.items;
}

function tellVersions(narrator: Narrator, versions: readonly Version[]): void {
  for (const { version, state, keyId } of versions)
    narrator.note(`v${version}  ${state.padEnd(12)} ${keyId}`);
}

async function rotateBySchedule({ operator, narrator, stack }: Cast): Promise<void> {
  narrator.chapter('3  A rotation by EventBridge Scheduler, under load');
  await narrator.step(`${KEY} made due through the API`, () => makeDue(operator, KEY));
  const at = await narrator.step('one-time schedule with the target of the recurring sweep', () =>
    scheduleSweep(scheduler(stack), stack, 3),
  );
  narrator.note(`at(${at}) UTC`);
  const id = await narrator.step('the schedule fired, the sweep admitted the rotation', () =>
    admittedOperation(operator, KEY),
  );
  const ended = await narrator.step(`rotation ${id}`, () =>
    watch(operator, id, (step, seconds) =>
      narrator.note(`${seconds.toFixed(1).padStart(5)} s  ${step}`),
    ),
  );
  checkEnded(narrator, ended);
}

/** KMS itself is asked, as the consumer's role: the old version refuses while the new one encrypts. */
async function isEncryptRefused(kms: KMSClient, keyId: string): Promise<boolean> {
  const command = { KeyId: keyId, Plaintext: randomBytes(32), EncryptionContext: CONTEXT };
  try {
    await kms.send(new EncryptCommand(command));
    return false;
  } catch (error) {
    if (error instanceof Error && error.name === 'AccessDeniedException') return true;
    throw error;
  }
}

async function checkVersions(cast: Cast, before: readonly Version[]): Promise<void> {
  const { operator, narrator, kms } = cast;
  const after = await versionsOf(operator);
  narrator.note('before');
  tellVersions(narrator, before);
  narrator.note('after');
  tellVersions(narrator, after);
  const old = before.findLast((version) => version.state === 'active');
  const current = after.findLast((version) => version.state === 'active');
  const replaced = after.find((version) => version.version === old?.version);
  narrator.check(current !== undefined && current.keyId !== old?.keyId, 'a new KMS key is current');
  narrator.check(replaced?.state === 'deactivated', `v${old?.version} is deactivated`);
  narrator.check(
    await isEncryptRefused(kms, old?.keyId ?? ''),
    `KMS refuses to encrypt under v${old?.version}`,
  );
  narrator.check(
    !(await isEncryptRefused(kms, current?.keyId ?? '')),
    `KMS encrypts under v${current?.version}`,
  );
}

async function checkConsumer(narrator: Narrator, consumer: Consumer): Promise<void> {
  const { api, kms } = consumer.first;
  if (!api || !kms) throw new Error('the consumer wrote nothing');
  await consumer.readByApi(api);
  await consumer.readByKms(kms);
  narrator.check(true, 'ciphertexts from before the rotation still decrypt, by API and by KMS');
  const { calls, errors, versions, keyIds } = await consumer.stop();
  const spread = [...versions].map(([version, count]) => `v${version}: ${count}`).join(', ');
  narrator.note(
    `${calls} calls; encryptions by API ${spread}; directly under ${keyIds.size} KMS keys`,
  );
  for (const error of new Set(errors)) narrator.note(error);
  narrator.check(errors.length === 0, 'the consumer saw 0 errors');
}

async function checkAudit({ operator, narrator }: Cast): Promise<void> {
  const records = [];
  for await (const record of everyItem((page) => operator.readAudit(KEY, page)))
    records.push(record);
  const { head } = (await operator.readAudit(KEY, { limit: 1 })).body;
  const finding = verifyChain(`key/${KEY}`, records, head);
  narrator.check(
    finding === null,
    `audit chain of ${records.length} records verified${finding ? `: ${finding.kind}` : ''}`,
  );
}

async function castOf(stack: StackInfo, narrator: Narrator): Promise<Cast> {
  const credentials = await workloadCredentials(stack, WORKLOAD);
  return {
    stack,
    narrator,
    operator: await personClient(stack, 'alice'),
    workload: workloadClient(stack, credentials),
    kms: kmsAs(stack, credentials),
  };
}

async function tell(cast: Cast, directory: string): Promise<void> {
  await provisionKeyStore(cast, directory);
  await generateKey(cast);
  const before = await versionsOf(cast.operator);
  const { alias } = (await cast.operator.getKey(KEY)).body;
  const consumer = new Consumer(cast.workload, cast.kms, { name: KEY, alias });
  consumer.start();
  try {
    await until(() => consumer.first.api && consumer.first.kms, {
      timeoutSeconds: 30,
      what: 'the consumer to work',
    });
    await rotateBySchedule(cast);
    cast.narrator.chapter('4  What holds now');
    await checkVersions(cast, before);
    await checkConsumer(cast.narrator, consumer);
    await checkAudit(cast);
  } finally {
    await consumer.stop();
  }
}

/** Tells the story on a running stack. @returns true when everything held */
export async function runStory(stack: Stack, _options: { once: boolean }): Promise<boolean> {
  const narrator = new Narrator((line) => process.stdout.write(`${line}\n`));
  try {
    await tell(await castOf(stack.info, narrator), stack.layout.directory);
    narrator.end('Keyturn rotated a CloudHSM-backed key; nothing was lost.');
    return true;
  } catch (error) {
    narrator.end(`The story failed: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}
