// SPDX-License-Identifier: Apache-2.0
// Destruction on the running stack, with real keys in the HSM: a use in quarantine takes it back, one person stops it
// while KMS waits, and the full course ends with a token without the object and a certificate that verifies without us.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { CloudHSMV2Client } from '@aws-sdk/client-cloudhsm-v2';
import { DecryptCommand, EncryptCommand } from '@aws-sdk/client-kms';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Client, ResponseOf } from '#client/sdk/index.ts';
import { backUp, deleteLeftClusters } from '#scripts/local/story/clusters.ts';
import { doOpenTask, listLabels } from '#scripts/local/story/hsm-admin.ts';
import { approvedBySignatures, castSignedVote } from '#scripts/local/story/signed-votes.ts';
import { until } from '#scripts/local/waiting.ts';
import {
  activeKey,
  ended,
  freshName,
  keyRequest,
  person,
  ROOT_CREDENTIALS,
  workload,
} from './scene.ts';

type Destruction = ResponseOf<'getDestruction'>;
const EIGHT_DAYS = 8 * 86_400;
const KEY_STORE = 'keyturn-local';
let alice: Client;
let name: string;
let keyId: string;
let keyArn: string;
let ciphertext: Uint8Array;
let hsm: CloudHSMV2Client;
let backupId: string;
let kms: Awaited<ReturnType<typeof workload>>['kms'];
const target = () => ({ key: name, version: 1 });

const admin = async (path: string, method: string, body?: object) => {
  const { kmsUrl, adminToken } = inject('stack');
  const answer = await fetch(`${kmsUrl}/_admin/${path}`, {
    method,
    headers: { 'content-type': 'application/json', 'x-admin-token': adminToken },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
};

beforeAll(async () => {
  const { gatewayUrl: endpoint, region } = inject('stack');
  hsm = new CloudHSMV2Client({ endpoint, region, credentials: ROOT_CREDENTIALS });
  alice = await person('alice');
  name = await activeKey(alice, 'doomed');
  ({ kms } = await workload());
  const { body: versions } = await alice.listVersions(name);
  keyId = versions.items[0]?.keyId ?? '';
  keyArn = versions.items[0]?.keyArn ?? '';
  const sealed = await kms.send(
    new EncryptCommand({ KeyId: keyArn, Plaintext: Buffer.from('order') }),
  );
  ciphertext = sealed.CiphertextBlob ?? new Uint8Array();
  await alice.putSource(
    { key: name, source: 'nothing' },
    { location: { kind: 'none', reason: 'a test stores nothing' }, copies: [] },
  );
  const { body } = await alice.startRotation(name);
  expect(await ended(alice, body.operationId)).toMatchObject({ state: 'done' });
});
afterAll(() => admin('clock', 'DELETE'));

const signedVote = (user: string, approvalId: string) =>
  castSignedVote(inject('stack'), user, approvalId);

/** Starts the workflow now, as the sweep does each minute. */
async function look(destruction: Destruction): Promise<void> {
  const { gatewayUrl, region, stateMachines } = inject('stack');
  const sfn = new SFNClient({ endpoint: gatewayUrl, region, credentials: ROOT_CREDENTIALS });
  await sfn.send(
    new StartExecutionCommand({
      stateMachineArn: stateMachines['destroy-key'] ?? '',
      name: `${destruction.id}-look-${Date.now()}`,
      input: JSON.stringify({ key: name, version: 1 }),
    }),
  );
}

const reaches = (phase: Destruction['phase']) =>
  until(
    async () => {
      const { body } = await alice.getDestruction(target()).catch(() => ({ body: null }));
      return body?.phase === phase && body;
    },
    // A use that takes it back is followed by the next look of the sweep, a minute later at most.
    { timeoutSeconds: 100, what: `the destruction to be ${phase}` },
  );

/** CloudTrail tells whole seconds: a use in the second of a judgement counts against it, however late it is told. */
async function aSecondLater(): Promise<void> {
  const second = Math.floor(Date.now() / 1000);
  await until(async () => Math.floor(Date.now() / 1000) > second, {
    timeoutSeconds: 5,
    what: 'the second of the last use to be over',
  });
}

/** Marks it, asks, has two sign, and waits until it lies disabled. */
async function quarantined(): Promise<Destruction> {
  await aSecondLater();
  const { body: verdict } = await alice.retireVersion(target());
  expect(verdict.conditions.filter(({ isMet }) => !isMet)).toEqual([]);
  const { body } = await alice.requestDestruction(name, {
    version: 1,
    confirm: name,
    reason: 'end-to-end test',
  });
  const id = body.approvalId ?? '';
  await expect(
    (await person('bob')).castVote(id, { decision: 'approve', digest: body.digest ?? '' }),
  ).rejects.toMatchObject({ code: 'SignatureRequired' });
  for (const voter of ['bob', 'carol']) await signedVote(voter, id);
  return reaches('quiet');
}

async function pending(): Promise<Destruction> {
  const { quietUntil, ...rest } = await quarantined();
  await until(async () => new Date().toISOString() > (quietUntil ?? ''), {
    timeoutSeconds: 15,
    what: 'the quiet period to end',
  });
  await look({ quietUntil, ...rest });
  return reaches('pending');
}

const decrypt = () => kms.send(new DecryptCommand({ CiphertextBlob: ciphertext, KeyId: keyArn }));

describe('the destruction of a data key', () => {
  it('refuses it although its parent works, and a try takes it back', async () => {
    const rows = freshName('doomed-rows');
    const parent = await activeKey(alice, 'doomed-parent');
    const ofRows = { key: rows, version: 1 };
    const { body: made } = await alice.createKey({
      ...keyRequest(rows),
      tier: 'data',
      parent,
    });
    expect(await ended(alice, made.operationId)).toMatchObject({ state: 'done' });
    await alice.putSource(
      { key: rows, source: 'nothing' },
      { location: { kind: 'none', reason: 'a test stores nothing' }, copies: [] },
    );
    const { body: rotation } = await alice.startRotation(rows);
    expect(await ended(alice, rotation.operationId)).toMatchObject({ state: 'done' });
    const { body: verdict } = await alice.retireVersion(ofRows);
    expect(verdict.conditions.filter(({ isMet }) => !isMet)).toEqual([]);
    const reason = 'end-to-end test';
    const { body } = await alice.requestDestruction(rows, { version: 1, confirm: rows, reason });
    for (const voter of ['bob', 'carol']) await signedVote(voter, body.approvalId ?? '');

    const reaching = (what: string, holds: (found: Destruction) => boolean) =>
      until(
        async () => {
          const found = await alice.getDestruction(ofRows).catch(() => null);
          return found !== null && holds(found.body) && found.body;
        },
        { timeoutSeconds: 100, what: `the destruction of the data key ${what}` },
      );
    await reaching('to begin', () => true);
    const { api } = await workload();
    await expect(api.fetchDataKey(rows, { version: 1 })).rejects.toMatchObject({
      code: 'KeyNotUsable',
    });

    // KMS was not asked, so the data plane alone can tell of the try.
    const { stopped, uses } = await reaching('to be stopped', (one) => one.phase === 'stopped');
    expect([stopped?.by, uses]).toEqual(['system/key-use', 1]);
    expect((await api.fetchDataKey(rows, { version: 1 })).body.version).toBe(1);
  });
});

describe('the destruction of a version', () => {
  it('is refused without the name of the key, and for the version in use', async () => {
    await expect(
      alice.requestDestruction(name, { version: 1, confirm: 'other', reason: 'typo' }),
    ).rejects.toMatchObject({ status: 400 });
    await expect(
      alice.requestDestruction(name, { version: 2, confirm: name, reason: 'wrong version' }),
    ).rejects.toMatchObject({ code: 'TransitionForbidden' });
  });

  it('disables it, and a use that is tried takes it back', async () => {
    await quarantined();
    await expect(decrypt()).rejects.toMatchObject({ name: 'DisabledException' });

    const stopped = await reaches('stopped');
    expect(stopped.stopped?.by).toBe('system/key-use');
    expect(Buffer.from((await decrypt()).Plaintext ?? '').toString()).toBe('order');
  });

  it('is stopped by one person while KMS waits', async () => {
    const { deletionAt } = await pending();
    expect(Date.parse(deletionAt ?? '') - Date.now()).toBeGreaterThan(6.9 * 86_400_000);
    // KMS shows the new state everywhere after a while; until then it refuses as before.
    await until(
      () =>
        decrypt().then(
          () => false,
          ({ name: error }: Error) => error === 'KMSInvalidStateException',
        ),
      { timeoutSeconds: 30, what: 'KMS to say that the key is pending deletion' },
    );

    expect((await alice.stopDestruction(target(), { reason: 'not yet' })).body.phase).toBe(
      'stopping',
    );
    await reaches('stopped');
    expect(Buffer.from((await decrypt()).Plaintext ?? '').toString()).toBe('order');
  });

  it('ends with no object in the HSM, and a certificate that holds without Keyturn', async () => {
    const destruction = await pending();
    const { clusterId } = (await alice.getKeyStore(KEY_STORE)).body;
    backupId = await backUp(hsm, clusterId ?? '');
    await admin('clock', 'POST', { offsetSeconds: EIGHT_DAYS });
    await look(destruction);
    const logical = await until(
      async () => {
        const { body } = await alice.getDestruction(target());
        return body.certificate !== null && body;
      },
      { timeoutSeconds: 45, what: 'the certificate' },
    );
    expect(logical).toMatchObject({ phase: 'logical', versions: [1], keyId });
    await expect(alice.stopDestruction(target())).rejects.toMatchObject({
      code: 'TransitionForbidden',
    });

    const [header = '', payload = '', signature = ''] = (logical.certificate ?? '').split('.');
    const { apiUrl } = inject('stack');
    const { keys } = (await (await fetch(`${apiUrl}/v1/jwks.json`)).json()) as {
      keys: { kid: string }[];
    };
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString());
    const jwk = keys.find((one) => one.kid === kid);
    const key = createPublicKey({ key: jwk as never, format: 'jwk' });
    const holds = (text: string) =>
      verify(
        'sha256',
        Buffer.from(text),
        { key, dsaEncoding: 'ieee-p1363' },
        Buffer.from(signature, 'base64url'),
      );
    expect(holds(`${header}.${payload}`)).toBe(true);
    expect(holds(`${header}.${payload}x`)).toBe(false);
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
      phase: 'logical',
      key: name,
      keyArn,
    });
  });

  it('is gone from the token as an HSM administrator lists it', async () => {
    const { clusterId } = (await alice.getKeyStore(KEY_STORE)).body;
    const { objects } = (await admin(`hsm/objects?clusterId=${clusterId}`, 'GET')) as {
      objects: { label: string }[];
    };
    const labels = objects.map(({ label }) => label);
    const { body: versions } = await alice.listVersions(name);
    // The listing is of this cluster: it has the version that lives.
    expect(labels).toContain(versions.items.find(({ version }) => version === 2)?.keyArn);
    expect(labels).not.toContain(keyArn);
    const listing = labels.join('\n');
    const { body } = await alice.reportMaterial(target(), {
      clusterId: clusterId ?? '',
      listingDigest: createHash('sha256').update(listing).digest('hex'),
      objectsListed: labels.length,
      objectsFound: 0,
    });
    expect(body).toMatchObject({ phase: 'material' });
    expect(Date.parse(body.backupsUntil ?? '')).toBeGreaterThan(Date.now() + 96 * 86_400_000);
  });

  it('comes back into the HSMs with a backup from before, is no key again, and is deleted once more', async () => {
    await admin('clock', 'DELETE');
    const { clusterId: left } = (await alice.getKeyStore(KEY_STORE)).body;
    await deleteLeftClusters(hsm, left ?? '');
    const restore = { kind: 'key-store.restore', backupId, reason: 'end-to-end test' } as const;
    const asked = (await alice.startRecovery(restore)).body;
    const stack = inject('stack');
    const id = await approvedBySignatures({ stack, asks: alice }, asked.approvalId ?? '');
    const site = { operator: alice, stack, directory: inject('directory') };
    const done = await until(
      async () => {
        const { body } = await alice.getRecovery(id);
        if (body.state === 'parked') throw new Error(`${id} parked: ${body.cause}`);
        if (body.phase === 'reset-kmsuser') await doOpenTask(site, KEY_STORE);
        return body.state === 'done' && body;
      },
      { timeoutSeconds: 90, what: `${id} to end` },
    );

    const task = `delete-objects-${id}`;
    expect(done.deletion).toEqual({ task, state: 'open' });
    expect(done.survey.resurrected).toContainEqual({ key: name, version: 1, keyId, keyArn });
    const clusterId = done.clusterId ?? '';
    expect(await listLabels(site, clusterId)).toContain(keyArn);
    expect((await alice.getDestruction(target())).body).toMatchObject({
      phase: 'logical',
      materialAt: null,
      resurrected: { recovery: id, clusterId },
    });
    await expect(decrypt()).rejects.toThrow();
    await expect(alice.completeTask({ keyStore: KEY_STORE, task }, {})).rejects.toMatchObject({
      status: 400,
    });

    expect(await doOpenTask(site, KEY_STORE)).toBe('delete-objects');
    const labels = await listLabels(site, clusterId);
    expect(labels).not.toContain(keyArn);
    expect(labels.length).toBeGreaterThan(0);
    expect((await alice.getDestruction(target())).body).toMatchObject({
      phase: 'material',
      resurrected: { recovery: id },
    });
    expect((await alice.getRecovery(id)).body.deletion).toEqual({ task, state: 'done' });
  }, 180_000);
});
