// SPDX-License-Identifier: Apache-2.0
// Keys are stopped under a client that decrypts in a tight loop: by the API and at KMS itself, which is eventually
// consistent here. What is denied when a call returns, what when the state says so, what the re-encryption role still can.
import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  ConnectCustomKeyStoreCommand,
  DecryptCommand,
  DescribeCustomKeyStoresCommand,
  DisconnectCustomKeyStoreCommand,
  EncryptCommand,
  KMSClient,
} from '@aws-sdk/client-kms';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { EnvelopeClient } from '#client/sdk/envelope/index.ts';
import type { Client, ResponseOf } from '#client/sdk/index.ts';
import { until } from '#scripts/local/waiting.ts';
import { activeKey, ended, person, ROOT_CREDENTIALS, workload } from './scene.ts';

type Key = ResponseOf<'getKey'>;

const plaintext = Buffer.from('order 4711').toString('base64');
const REASON = 'seen in a public log';
/** How old the list of stopped keys may be for the envelope client. */
const STATUS_SECONDS = 2;
const CustomKeyStoreId = inject('stack').keyStoreId ?? '';

let alice: Client;
let api: Client;
let kms: KMSClient;
let root: KMSClient;

beforeAll(async () => {
  alice = await person('alice');
  ({ api, kms } = await workload());
  const { gatewayUrl, region } = inject('stack');
  root = new KMSClient({ endpoint: gatewayUrl, region, credentials: ROOT_CREDENTIALS });
});

const keyOf = async (name: string): Promise<Key> => (await alice.getKey(name)).body;
const substate = (name: string, wanted: string) =>
  until<Key>(
    async () => {
      const key = await keyOf(name);
      return key.substate === wanted && key;
    },
    { timeoutSeconds: 90, what: `${name} to be ${wanted}` },
  );

/** Entries of the status list, as the program in docs/revocation.md finds them: it is run as it stands there. */
async function published(name: string): Promise<readonly { key: string }[]> {
  const page = await readFile(new URL('../../docs/revocation.md', import.meta.url), 'utf8');
  const program = /```js\n([^`]*`[^`]*`[^`]*)```/.exec(page)?.[1] ?? '';
  const { apiUrl, caFile } = inject('stack');
  const file = join(mkdtempSync(join(tmpdir(), 'keyturn-status-')), 'check-status.mjs');
  writeFileSync(file, program);
  const { stdout } = await promisify(execFile)(process.execPath, [file, apiUrl ?? ''], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: caFile ?? '' },
  });
  return JSON.parse(stdout).filter((entry: { key: string }) => entry.key === name);
}

interface Use {
  readonly sentAt: number;
  readonly endedAt: number;
  readonly isAllowed: boolean;
}

/** Uses a key without a pause until it is stopped, and keeps when each use was sent, and whether it was allowed. */
function inLoop(use: () => Promise<unknown>): { readonly uses: Use[]; stop(): Promise<void> } {
  const uses: Use[] = [];
  let isOver = false;
  const loop = async () => {
    while (!isOver) {
      const sentAt = performance.now();
      const isAllowed = await use().then(
        () => true,
        () => false,
      );
      uses.push({ sentAt, endedAt: performance.now(), isAllowed });
    }
  };
  const running = loop();
  return {
    uses,
    stop: async () => {
      isOver = true;
      await running;
    },
  };
}

const allowedAfter = (uses: readonly Use[], instant: number) =>
  uses.filter(({ sentAt, isAllowed }) => isAllowed && sentAt > instant).length;

/** What a workload wrote under a key: by the API, and at KMS itself. */
async function written(name: string) {
  const { body } = await api.encrypt(name, { plaintext });
  const { alias } = await keyOf(name);
  const command = { KeyId: alias ?? '', Plaintext: Buffer.from(plaintext, 'base64') };
  const { CiphertextBlob } = await kms.send(new EncryptCommand(command));
  return {
    byApi: () => api.decrypt(name, { ciphertext: body.ciphertext }),
    byKms: () => kms.send(new DecryptCommand({ CiphertextBlob })),
  };
}

/** The incident tells what was done to the key, and closes once its tasks have ended. */
async function showsWhole(id: string, name: string, revocation: string): Promise<void> {
  const { body } = await alice.getIncident(id);
  expect(body.affected).toMatchObject([{ key: name, currentVersion: 2, revokedVersions: [1] }]);
  expect(body.operations).toContain(revocation);
  const told = body.timeline.filter(({ auditHash }) => auditHash !== null);
  expect(told.map(({ phase }) => phase)).toEqual(expect.arrayContaining(['revoke', 'rekey']));
  const closing = { rootCause: 'a test', followUps: ['nothing: it was one'] };
  await expect(alice.closeIncident(id, closing)).rejects.toMatchObject({ status: 409 });
  for (const { id: task } of body.tasks)
    await alice.updateIncidentTask({ id, task }, { state: 'done', note: 'by the test' });
  expect((await alice.closeIncident(id, closing)).body).toMatchObject({ state: 'closed' });
}

// Beside one another, for most of the time is KMS's: it settles.
describe.concurrent.each(['hard', 'locked'] as const)(
  'a key that is revoked under load, %s',
  (mode) => {
    it('is denied on the data plane from the answer on, and at KMS from the state revoked on', async () => {
      const name = await activeKey(alice, `revoked-${mode}`);
      const { byApi, byKms } = await written(name);
      let unwrapped = 0;
      const counting: Client = {
        ...api,
        decrypt: (...call) => {
          unwrapped += 1;
          return api.decrypt(...call);
        },
      };
      const envelope = new EnvelopeClient({
        client: counting,
        key: name,
        statusSeconds: STATUS_SECONDS,
      });
      const message = await envelope.encrypt(Buffer.from('order 4711'), { order: '4711' });
      const plane = inLoop(byApi);
      const direct = inLoop(byKms);
      // Its data key is in memory: without a pause it would leave the others no processor.
      const cached = inLoop(async () => {
        await pause(10);
        await envelope.decrypt(message, { order: '4711' });
      });
      const loops = [plane, direct, cached];
      await until(async () => loops.every(({ uses }) => uses.length > 3 + unwrapped), {
        timeoutSeconds: 20,
        what: 'the loops to run, one of them with a data key that is kept',
      });
      const calledAt = performance.now();
      const { body, status } = await alice.revokeKey(name, { reason: REASON, mode });
      const answeredAt = performance.now();
      expect(status).toBe(202);
      expect(body).toMatchObject({ state: 'revoking', kms: 'accepted', approvalId: null });

      await substate(name, 'revoked');
      const confirmedAt = performance.now();
      await until(async () => direct.uses.some(({ sentAt }) => sentAt > confirmedAt + 1000), {
        timeoutSeconds: 20,
        what: 'uses behind the confirmation',
      });
      await Promise.all(loops.map((loop) => loop.stop()));

      expect(allowedAfter(plane.uses, answeredAt)).toBe(0);
      expect(allowedAfter(direct.uses, confirmedAt)).toBe(0);
      // What was sent later than that looked at a list that was asked for behind the answer.
      expect(allowedAfter(cached.uses, answeredAt + STATUS_SECONDS * 1000)).toBe(0);
      const lastCached = cached.uses.findLast(({ isAllowed }) => isAllowed)?.endedAt ?? 0;
      const refused = plane.uses.find(({ isAllowed, sentAt }) => !isAllowed && sentAt > calledAt);
      const effect = Math.round((refused?.endedAt ?? Number.POSITIVE_INFINITY) - calledAt);
      process.stdout.write(
        `  ${mode}: first refusal ${effect} ms after the call, answered after ${Math.round(answeredAt - calledAt)} ms; ` +
          `last use of a cached data key ${Math.round(lastCached - calledAt)} ms after the call\n`,
      );
      // A bound for a machine under load; `bench` measures.
      expect(effect).toBeLessThan(20_000);
      expect(await ended(alice, body.operationId ?? '')).toMatchObject({
        kind: 'revoke-key',
        state: 'done',
      });
      expect(await keyOf(name)).toMatchObject({
        state: 'compromised',
        containment: { kind: 'revocation', mode, state: 'revoked', reason: REASON },
      });
      expect(await published(name)).toMatchObject([
        { key: name, version: null, state: 'revoked', reason: 'key-compromise' },
      ]);
      // The loop goes on trying, which is odd enough for an incident.
      await until(
        async () =>
          (await alice.listIncidents()).body.items.some(
            ({ keys, openedBy }) => openedBy === 'system/detection' && keys.includes(name),
          ),
        { timeoutSeconds: 150, what: `the refusals under ${name} to open an incident` },
      );
      await expect(alice.startRotation(name)).rejects.toMatchObject({ status: 409 });
      await expect(alice.resumeKey(name)).rejects.toMatchObject({ status: 409 });
    });
  },
);

describe.concurrent('the version in use, revoked with a successor asked for', () => {
  it('opens for the re-encryption role alone, once people say so, and its data is readable under the successor', async () => {
    const { gatewayUrl, region, account } = inject('stack');
    const single = { endpoint: gatewayUrl, region, credentials: ROOT_CREDENTIALS };
    const dynamodb = new DynamoDBClient(single);
    const rows = DynamoDBDocumentClient.from(dynamodb);
    const name = await activeKey(alice, 'leaked');
    const table = `app-${name}`;
    await dynamodb.send(
      new CreateTableCommand({
        TableName: table,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      }),
    );
    const context = { order: 'a' };
    const { body: old } = await api.encrypt(name, { plaintext, context });
    await rows.send(new PutCommand({ TableName: table, Item: { id: 'a', card: old.ciphertext } }));
    await alice.putSource(
      { key: name, source: 'cards' },
      {
        location: {
          kind: 'dynamodb',
          tableArn: `arn:aws:dynamodb:${region}:${account}:table/${table}`,
          ciphertextAttributes: ['card'],
          context: { order: { attribute: 'id' } },
        },
        shards: 1,
        copies: [],
      },
    );
    const { body: incident } = await alice.openIncident({
      type: 'leaked-credential',
      title: 'end-to-end test',
      keys: [name],
    });
    const { body } = await alice.revokeKey(name, {
      reason: REASON,
      version: 1,
      mode: 'locked',
      successor: true,
    });
    await expect(api.encrypt(name, { plaintext, context })).rejects.toMatchObject({
      code: 'KeyNotUsable',
    });
    expect(await ended(alice, body.operationId ?? '')).toMatchObject({ state: 'done' });
    const isSucceeded = async () => {
      const { currentVersion, operationId } = await keyOf(name);
      return currentVersion === 2 && operationId === null;
    };
    await until(isSucceeded, {
      timeoutSeconds: 150,
      what: 'the sweep to make the successor',
    });
    const [first] = (await alice.listVersions(name)).body.items;
    expect(first).toMatchObject({ version: 1, state: 'compromised', substate: 'revoked' });
    const CiphertextBlob = Buffer.from(old.ciphertext, 'base64');
    await expect(
      kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: context })),
    ).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await expect(api.decrypt(name, { ciphertext: old.ciphertext, context })).rejects.toMatchObject({
      status: expect.any(Number),
    });

    // The role of re-encryption is refused too, until people have opened the version to it for a while.
    const { body: asked } = await alice.openVersion(
      { key: name, version: 1 },
      { hours: 1, reason: 'what is stored is under it' },
    );
    const opening = asked.approvalId ?? '';
    for (const user of ['bob', 'carol'])
      await (await person(user)).castVote(opening, {
        decision: 'approve',
        digest: asked.digest ?? '',
      });
    const { executedAs } = await until(
      async () => {
        const { body: approval } = await alice.getApproval(opening);
        return approval.state === 'executed' && approval;
      },
      { timeoutSeconds: 60, what: 'the approved opening to begin' },
    );
    expect(await ended(alice, executedAs ?? '')).toMatchObject({ state: 'done' });
    await expect(
      kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: context })),
    ).rejects.toMatchObject({ name: 'AccessDeniedException' });

    const run = await alice.startReencryption(name);
    const row = () =>
      rows.send(new GetCommand({ TableName: table, Key: { id: 'a' }, ConsistentRead: true }));
    await until(async () => (await row()).Item?.['card'] !== old.ciphertext, {
      timeoutSeconds: 60,
      what: `${run.body.operationId} to re-encrypt`,
    });
    const { Item } = await row();
    const again = await api.decrypt(name, { ciphertext: String(Item?.['card']), context });
    expect(again.body).toEqual({ plaintext, version: 2 });
    await showsWhole(incident.id, name, body.operationId ?? '');
  });
});

describe.concurrent('a suspension', () => {
  it('is lifted by people, and everything works as before', async () => {
    const name = await activeKey(alice, 'suspended');
    const { byApi, byKms } = await written(name);
    await alice.suspendKey(name, { reason: 'unknown role' });
    await expect(byApi()).rejects.toMatchObject({ code: 'KeyNotUsable' });
    await substate(name, 'suspended');
    await expect(byKms()).rejects.toMatchObject({ name: 'DisabledException' });

    const { body } = await alice.resumeKey(name, { reason: 'known now' });
    const id = body.approvalId ?? '';
    for (const user of ['bob', 'carol'])
      await (await person(user)).castVote(id, { decision: 'approve', digest: body.digest ?? '' });
    await until(async () => (await keyOf(name)).state === 'active', {
      timeoutSeconds: 60,
      what: 'the key to be active again',
    });
    await expect(byApi()).resolves.toBeDefined();
    await expect(byKms()).resolves.toBeDefined();
    const { executedAs } = (await alice.getApproval(id)).body;
    expect(await ended(alice, executedAs ?? '')).toMatchObject({
      kind: 'resume-key',
      state: 'done',
    });
  });
});

describe('a revocation while the HSMs are away', () => {
  it('denies at once, is not revoked before KMS was seen to refuse, and then is', async () => {
    const name = await activeKey(alice, 'away');
    const { byApi } = await written(name);
    const connection = async (wanted: string) => {
      const command = new DescribeCustomKeyStoresCommand({ CustomKeyStoreId });
      await until(
        async () => (await root.send(command)).CustomKeyStores?.[0]?.ConnectionState === wanted,
        { timeoutSeconds: 30, what: `the key store to be ${wanted}` },
      );
    };
    await root.send(new DisconnectCustomKeyStoreCommand({ CustomKeyStoreId }));
    await connection('DISCONNECTED');
    try {
      const { body } = await alice.suspendKey(name, { reason: REASON, mode: 'hard' });
      expect(body).toMatchObject({ state: 'suspending' });
      await expect(byApi()).rejects.toMatchObject({ code: 'KeyNotUsable' });
      await alice.getOperation(body.operationId ?? '');
      expect((await keyOf(name)).substate).toBe('suspending');
    } finally {
      await root.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId }));
      await connection('CONNECTED');
    }
    await substate(name, 'suspended');
  });
});
