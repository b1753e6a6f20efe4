// SPDX-License-Identifier: Apache-2.0
// The key store of the running stack breaks and is recovered, with real token content: material is deleted in the HSMs, a
// cluster is made of a backup, and what was written before opens again. Every phase's time is printed.
import { CloudHSMV2Client } from '@aws-sdk/client-cloudhsm-v2';
import { DecryptCommand, type KMSClient } from '@aws-sdk/client-kms';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { Client, ResponseOf } from '#client/sdk/index.ts';
import { backUp, deleteLeftClusters } from '#scripts/local/story/clusters.ts';
import { doOpenTask, hsmAdmin } from '#scripts/local/story/hsm-admin.ts';
import { approvedBySignatures, castSignedVote } from '#scripts/local/story/signed-votes.ts';
import { until } from '#scripts/local/waiting.ts';
import { activeKey, person, ROOT_CREDENTIALS, workload } from './scene.ts';

type Recovery = ResponseOf<'getRecovery'>;

const KEY_STORE = 'keyturn-local';
const DIRECTORY = inject('directory');
let alice: Client;
let hsm: CloudHSMV2Client;
let clusterId: string;
let api: Client;
let kms: KMSClient;

beforeAll(async () => {
  const { gatewayUrl: endpoint, region } = inject('stack');
  alice = await person('alice');
  hsm = new CloudHSMV2Client({ endpoint, region, credentials: ROOT_CREDENTIALS });
  clusterId = (await alice.getKeyStore(KEY_STORE)).body.clusterId ?? '';
  ({ api, kms } = await workload());
});

const site = () => ({ operator: alice, stack: inject('stack'), directory: DIRECTORY });

/** Breaks something by the stand-in's admin endpoint. */
async function admin<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
  const { kmsUrl, adminToken } = inject('stack');
  const headers = { 'content-type': 'application/json', 'x-admin-token': adminToken };
  const init = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) };
  const answer = await fetch(`${kmsUrl}/_admin/${path}`, init);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** Asks for a recovery and has three custodians sign for it. @returns its id */
async function approved(body: Parameters<Client['startRecovery']>[0]): Promise<string> {
  const { approvalId } = (await alice.startRecovery(body)).body;
  const { canonical } = (await alice.getApproval(approvalId ?? '')).body;
  expect(canonical.rule).toMatchObject({ required: 3, signed: true });
  return approvedBySignatures({ stack: inject('stack'), asks: alice }, approvalId ?? '');
}

const show = async (id: string) => (await alice.getRecovery(id)).body;
const inPhase = (id: string, phase: string) =>
  until(
    async () => {
      const found = await show(id);
      if (found.state === 'parked') throw new Error(`${id} parked: ${found.cause}`);
      return found.phase === phase && found;
    },
    { timeoutSeconds: 90, what: `${id} to be in ${phase}` },
  );

/** Does the administrator's task when it is open, and waits for the end. */
async function seenThrough(id: string): Promise<Recovery> {
  const asked = async () => (await doOpenTask(site(), KEY_STORE)) === 'reset-kmsuser';
  await until(asked, { timeoutSeconds: 60, what: 'the task of the HSM administrator' });
  const done = await inPhase(id, 'done');
  const phases = done.phases.map(({ name, seconds }) => `${name} ${seconds?.toFixed(1)} s`);
  process.stdout.write(`  ${done.kind} in ${done.recoverySeconds} s: ${phases.join(', ')}\n`);
  return done;
}

const seal = async (key: string) =>
  (await api.encrypt(key, { plaintext: Buffer.from(key).toString('base64') })).body.ciphertext;
const open = async (key: string, ciphertext: string) =>
  Buffer.from((await api.decrypt(key, { ciphertext })).body.plaintext, 'base64').toString();

describe('a key store that lost its connection', () => {
  it('is connected again after its kmsuser got a new password, by one recovery at a time', async () => {
    const key = await activeKey(alice, 'reconnect');
    const ciphertext = await seal(key);
    const { keyStoreId } = inject('stack');
    await admin('POST', 'store-disconnect', { keyStoreId, error: 'USER_LOCKED_OUT' });
    await expect(open(key, ciphertext)).rejects.toMatchObject({ status: 503 });

    const reason = 'the connection FAILED';
    const id = await approved({ kind: 'key-store.reconnect', reason });
    await inPhase(id, 'reset-kmsuser');
    await expect(alice.startRecovery({ kind: 'key-store.restore', reason })).rejects.toMatchObject({
      status: 409,
      code: 'OperationInProgress',
    });

    const done = await seenThrough(id);
    expect(done).toMatchObject({
      diagnosis: { connectionState: 'FAILED', connectionError: 'USER_LOCKED_OUT' },
      clusterId,
      survey: { isDone: true },
    });
    expect(done.survey.missing.map((one) => one.key)).not.toContain(key);
    expect(done.survey.readable).toBeGreaterThan(0);
    expect(await open(key, ciphertext)).toBe(key);
  }, 120_000);
});

describe('the kill switch of a key store', () => {
  it('has KMS refuse every use until the key store is reconnected, and needs three signatures', async () => {
    const key = await activeKey(alice, 'killed');
    const ciphertext = await seal(key);
    const direct = { CiphertextBlob: Buffer.from(ciphertext, 'base64') };
    expect(await kms.send(new DecryptCommand(direct))).toBeDefined();

    const reason = 'the administrator of the HSMs is not whom we took them for';
    const asked = (await alice.startRecovery({ kind: 'key-store.disconnect', reason })).body;
    const request = { stack: inject('stack'), asks: alice };
    for (const user of ['bob', 'carol'])
      await castSignedVote(request.stack, user, asked.approvalId ?? '');
    expect((await alice.getApproval(asked.approvalId ?? '')).body.state).toBe('pending');
    expect(await open(key, ciphertext)).toBe(key);
    const id = await approvedBySignatures(request, asked.approvalId ?? '', ['dan']);
    const stopped = await inPhase(id, 'done');

    expect(stopped).toMatchObject({ kind: 'key-store.disconnect', state: 'done', clusterId });
    expect(stopped.phases.map(({ name }) => name)).toEqual(['diagnose', 'disconnect']);
    expect((await alice.getKeyStore(KEY_STORE)).body).toMatchObject({ step: 'Disconnected' });
    await expect(open(key, ciphertext)).rejects.toMatchObject({ status: 503 });
    await expect(seal(key)).rejects.toMatchObject({ status: 503 });
    // Past Keyturn too, by an application that asks KMS itself.
    await expect(kms.send(new DecryptCommand(direct))).rejects.toMatchObject({
      name: 'KMSInvalidStateException',
    });

    const back = await approved({ kind: 'key-store.reconnect', reason: 'it was a false alarm' });
    const done = await inPhase(back, 'done');
    expect(done).toMatchObject({ diagnosis: { connectionState: 'DISCONNECTED' }, clusterId });
    // The cluster is as it was, and KMS kept the password: nobody has to reset it.
    expect(done.phases.map(({ name }) => name)).not.toContain('reset-kmsuser');
    expect(done.survey.missing.map((one) => one.key)).not.toContain(key);
    expect(await open(key, ciphertext)).toBe(key);
  }, 120_000);

  it('is pulled by one person in an emergency, who cannot undo it, and is reviewed by two others', async () => {
    const key = await activeKey(alice, 'alone');
    const ciphertext = await seal(key);
    const reason = 'an administrator of the HSMs is not whom we took them for';
    const pulled = { kind: 'key-store.disconnect' as const, emergency: true, reason };
    const { body } = await alice.startRecovery(pulled);
    expect(body).toMatchObject({ approvalId: null, reviewId: expect.stringMatching(/^apr_/) });
    const id = body.operationId ?? '';
    const stopped = await inPhase(id, 'done');

    expect(stopped).toMatchObject({
      approvalId: null,
      requestedBy: 'usr_alice',
      isReviewOpen: true,
    });
    await expect(open(key, ciphertext)).rejects.toMatchObject({ status: 503 });
    await expect(
      alice.startRecovery({ kind: 'key-store.reconnect', emergency: true, reason }),
    ).rejects.toMatchObject({ status: 400 });

    await inPhase(await approved({ kind: 'key-store.reconnect', reason: 'looked into' }), 'done');
    expect(await open(key, ciphertext)).toBe(key);
    expect((await show(id)).isReviewOpen).toBe(true);
    const request = { stack: inject('stack'), asks: alice };
    expect(await approvedBySignatures(request, body.reviewId ?? '', ['bob', 'carol'])).toBe(id);
    expect((await show(id)).isReviewOpen).toBe(false);
  }, 120_000);
});

describe('a key store whose HSMs lost their material', () => {
  /** The object of a key's version 1 in the HSMs. */
  async function labelOf(key: string): Promise<string> {
    const [version] = (await alice.listVersions(key)).body.items;
    const { objects } = await admin<{ objects: { label: string; kmsKey: string | null }[] }>(
      'GET',
      `hsm/objects?clusterId=${clusterId}`,
    );
    return objects.find(({ kmsKey }) => kmsKey === version?.keyArn)?.label ?? '';
  }

  it('is made anew of its backup: what was written opens, what came after is named', async () => {
    await deleteLeftClusters(hsm, clusterId);
    const before = await activeKey(alice, 'before');
    const ciphertext = await seal(before);
    await backUp(hsm, clusterId);
    const after = await activeKey(alice, 'after');
    const lost = await seal(after);
    const label = ['--label', await labelOf(before)];
    expect(await hsmAdmin(site(), ['delete-object', '--cluster', clusterId, ...label])).toBeNull();
    await expect(open(before, ciphertext)).rejects.toMatchObject({ status: 503 });
    await admin('POST', 'hsm-loss', { clusterId, effect: 'removed' });

    const id = await approved({ kind: 'key-store.restore', reason: 'the HSMs are gone' });
    const waiting = await inPhase(id, 'reset-kmsuser');
    // One of the new HSMs fails while the administrator has the task: it is made anew.
    const zone = `${inject('stack').region}a`;
    const strike = { clusterId: waiting.clusterId, availabilityZone: zone, effect: 'removed' };
    await admin('POST', 'hsm-loss', strike);
    const done = await seenThrough(id);

    expect(done.phases.map(({ name }) => name)).toEqual([
      'diagnose',
      'create-cluster',
      'start-hsms',
      'reset-kmsuser',
      'start-hsms',
      'reset-kmsuser',
      'disconnect',
      'repoint',
      'connect',
      'survey',
    ]);
    expect(done.clusterId).not.toBe(clusterId);
    expect((await alice.getKeyStore(KEY_STORE)).body).toMatchObject({
      clusterId: done.clusterId,
      state: 'done',
    });
    // The stack may have lost keys of an earlier run, which are older than this backup.
    const late = done.survey.missing.filter(({ isAfterBackup }) => isAfterBackup);
    expect(late.map(({ key, version: number }) => [key, number])).toEqual([[after, 1]]);
    expect(done.survey.missing.map(({ key }) => key)).not.toContain(before);
    expect(await open(before, ciphertext)).toBe(before);
    await expect(open(after, lost)).rejects.toMatchObject({ status: 503 });
    // Keys can be made again, in the new HSMs.
    const fresh = await activeKey(alice, 'fresh');
    expect(await open(fresh, await seal(fresh))).toBe(fresh);
  }, 180_000);
});
