// SPDX-License-Identifier: Apache-2.0
// Faults F1 and F2 on the real stack: the process of every step of rotate-key is killed while it works. Every rotation
// converges to exactly one new version, and no KMS key is left that nobody knows. Delay off, waits 0, keys in parallel.
import {
  ConnectCustomKeyStoreCommand,
  DescribeCustomKeyStoresCommand,
  DescribeKeyCommand,
  DisconnectCustomKeyStoreCommand,
  KMSClient,
  ListResourceTagsCommand,
  paginateListKeys,
} from '@aws-sdk/client-kms';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyKey } from '#client/cli/verify-audit.ts';
import type { Client, ResponseOf } from '#client/sdk/index.ts';
import { KEYTURN_APP } from '#scripts/local/deployment.ts';
import { childrenOf, executionArnOf } from '#scripts/local/executions.ts';
import { type Stack, startStack } from '#scripts/local/stack.ts';
import { personClient, workloadClient, workloadCredentials } from '#scripts/local/story/actors.ts';
import { provisionKeyStore } from '#scripts/local/story/hsm-admin.ts';
import { watch } from '#scripts/local/story/rotation.ts';
import { trustAuthority } from '#scripts/local/tls.ts';
import { until } from '#scripts/local/waiting.ts';
import { aHistory, type Fault, type History } from '#test/simulation/history.ts';
import { killAt, type Target } from './killer.ts';
import { processesOf, signal } from './processes.ts';
import { Replay } from './replay.ts';

const DIRECTORY = '.local-crash';
const SEED = Number(process.env['SEED'] ?? 20_261_122);
const KEYS = 6;
/** A sample: each takes about a minute here, and milliseconds in the simulator. */
const HISTORIES = Number(process.env['HISTORIES'] ?? 3);
/** The states of rotate-key in order, with the function of each. */
const STATES = [
  ['BeginOperation', 'begin-operation'],
  ['CreateVersion', 'create-version'],
  ['VerifyVersion', 'verify-version'],
  ['NameVersion', 'place-alias'],
  ['OpenPolicy', 'apply-policy'],
  ['ProbeOpen', 'verify-version'],
  ['SwitchAlias', 'place-alias'],
  ['ProbeAlias', 'place-alias'],
  ['RestrictPolicy', 'apply-policy'],
  ['ProbeDecryptOnly', 'verify-version'],
  ['CompleteOperation', 'complete-operation'],
] as const;
const TARGETS: readonly Target[] = STATES.map(([state, name], index) => ({
  state,
  after: STATES[index - 1]?.[0] ?? 'Admitted',
  functionName: `keyturn-local-${name}`,
}));
const ROOT = { accessKeyId: 'test', secretAccessKey: 'test' };

let stack: Stack;
let operator: Client;
let kms: KMSClient;
let sfn: SFNClient;

beforeAll(async () => {
  const context = {
    settleSeconds: '0',
    bakeSeconds: '0',
    orphanGraceSeconds: '0',
    retryAfterSeconds: '1',
  };
  stack = await startStack({ directory: DIRECTORY, app: { ...KEYTURN_APP, context } });
  trustAuthority(stack.info.caFile);
  operator = await personClient(stack.info, 'alice');
  const { gatewayUrl, region } = stack.info;
  kms = new KMSClient({ endpoint: gatewayUrl, region, credentials: ROOT });
  sfn = new SFNClient({ endpoint: gatewayUrl, region, credentials: ROOT });
  const site = { operator, stack: stack.info, directory: DIRECTORY };
  await provisionKeyStore(site, 'keyturn-local');
});

afterAll(async () => {
  await stack?.stop();
});

const run = Date.now().toString(36);

async function createKeys(count: number, topic: string): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => `${topic}-${run}-${index}`);
  const started = await Promise.all(
    names.map((name) =>
      operator.createKey({
        name,
        class: 'test',
        owner: 'payments',
        purpose: 'crash test',
        environment: 'development',
        access: [],
      }),
    ),
  );
  for (const { body } of started)
    expect((await watch(operator, body.operationId, () => {})).state).toBe('done');
  return names;
}

/** Steps by segment: a map run each. In a batch of one, a child's tasks are the steps of its segment, in order. */
const SEGMENTS = [STATES.slice(0, 5), STATES.slice(5, 7), STATES.slice(7)];

/** Names of the states in which a process of a rotation died. */
async function crashedStates(operationId: string): Promise<string[]> {
  const machine = stack.info.stateMachines['rotate-key'] ?? '';
  const segments = await childrenOf(sfn, executionArnOf(machine, operationId));
  return segments.flatMap((children, segment) =>
    children.flatMap((events) => {
      let done = 0;
      return events.flatMap(({ type, taskFailedEventDetails: failed }) => {
        if (type === 'TaskSucceeded') done += 1;
        const state = SEGMENTS[segment]?.[done]?.[0];
        return failed?.error === 'Runtime.ExitError' && state ? [state] : [];
      });
    }),
  );
}

async function sweep(): Promise<void> {
  const stateMachineArn = stack.info.stateMachines['rotation-sweep'];
  const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn }));
  const status = await until(
    async () => {
      const execution = await sfn.send(new DescribeExecutionCommand({ executionArn }));
      return execution.status !== 'RUNNING' && execution.status;
    },
    { timeoutSeconds: 60, what: 'the sweep to end' },
  );
  expect(status).toBe('SUCCEEDED');
}

/** KMS keys of the stage that are in use or could be. */
async function liveKeys(): Promise<Set<string>> {
  const live = new Set<string>();
  for await (const page of paginateListKeys({ client: kms }, {})) {
    for (const { KeyId } of page.Keys ?? []) {
      const { Tags } = await kms.send(new ListResourceTagsCommand({ KeyId }));
      const isOurs = Tags?.some(
        (tag) => tag.TagKey === 'keyturn:stage' && tag.TagValue === 'local',
      );
      const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
      if (isOurs && KeyMetadata?.KeyState !== 'PendingDeletion') live.add(KeyId ?? '');
    }
  }
  return live;
}

async function recordedKeys(): Promise<Set<string>> {
  const recorded = new Set<string>();
  const { items } = (await operator.listKeys({ limit: 200 })).body;
  for (const { name } of items) {
    for (const version of (await operator.listVersions(name)).body.items) {
      if (version.keyId !== null && version.substate !== 'destroy-scheduled')
        recorded.add(version.keyId);
    }
  }
  return recorded;
}

async function ended(id: string): Promise<ResponseOf<'getOperation'>> {
  for (;;) {
    const operation = await watch(operator, id, () => {});
    if (operation.state !== 'parked') return operation;
    await until(() => Date.now() > Date.parse(operation.retryAt ?? ''), {
      timeoutSeconds: 30,
      what: 'the retry time',
    });
    await sweep();
  }
}

describe('rotate-key when its processes are killed', () => {
  it('converges to exactly one new version, whichever step dies', async () => {
    const names = await createKeys(KEYS, 'killed');
    const missing = new Set(TARGETS.map(({ state }) => state));
    let version = 1;

    // A kill can miss: rotate again until every state has died at least once.
    for (let round = 0; missing.size > 0; round += 1) {
      expect(round, `never died: ${[...missing]} (seed ${SEED})`).toBeLessThan(5);
      const started = await Promise.all(names.map((name) => operator.startRotation(name)));
      const left = TARGETS.filter(({ state }) => missing.has(state));
      await Promise.all(
        started.map(({ body }, index) =>
          killAt(
            operator,
            body.operationId,
            left.filter((_, place) => place % KEYS === index),
            { temporary: stack.layout.temporary, seed: SEED + 100 * round + index },
          ),
        ),
      );
      const operations = await Promise.all(started.map(({ body }) => ended(body.operationId)));
      version += 1;

      expect(operations.map(({ state, cause }) => `${state}${cause ?? ''}`)).toEqual(
        names.map(() => 'done'),
      );
      for (const { id } of operations)
        for (const state of await crashedStates(id)) missing.delete(state);
    }

    for (const name of names) {
      const { items } = (await operator.listVersions(name)).body;
      expect(items.map((item) => item.version)).toEqual(
        Array.from({ length: version }, (_, index) => index + 1),
      );
      expect(items.filter(({ state }) => state === 'active')).toHaveLength(1);
      expect(items.at(-1)?.state).toBe('active');
    }
    await sweep();
    expect(await liveKeys()).toEqual(await recordedKeys());
  });

  it('adopts the KMS key of a process that died before it could record it', async () => {
    const [name = ''] = await createKeys(1, 'adopted');
    let isAdopted = false;

    for (let attempt = 0; !isAdopted; attempt += 1) {
      expect(attempt, 'the kill always came too late').toBeLessThan(8);
      const before = await keyCount();
      for (const pid of processesOf('keyturn-local-create-version', stack.layout.temporary))
        signal(pid, 'SIGKILL');
      const { body } = await operator.startRotation(name);
      await killOnceKeyExists(before);
      expect((await ended(body.operationId)).state).toBe('done');
      const { items } = (await operator.readAudit(name, { limit: 200 })).body;
      isAdopted = items.some(
        ({ action, operationId }) =>
          action === 'version.adopted' && operationId === body.operationId,
      );
    }

    const { items } = (await operator.listVersions(name)).body;
    expect(items.filter(({ state }) => state === 'active')).toHaveLength(1);
    await sweep();
    expect(await liveKeys()).toEqual(await recordedKeys());
  });

  it('schedules the deletion of a key that an answer was lost for, by the sweep', async () => {
    const [name = ''] = await createKeys(1, 'orphaned');
    const { kmsUrl, adminToken } = stack.info;
    const fault = { operation: 'CreateKey', code: 'KMSInternalException', when: 'after', count: 1 };
    const headers = { 'content-type': 'application/json', 'x-admin-token': adminToken };
    await fetch(`${kmsUrl}/_admin/faults`, {
      method: 'POST',
      headers,
      body: JSON.stringify(fault),
    });

    const { body } = await operator.startRotation(name);

    expect((await ended(body.operationId)).state).toBe('done');
    const orphans = (await liveKeys()).difference(await recordedKeys());
    expect(orphans.size).toBe(1);
    await sweep();
    expect(await liveKeys()).toEqual(await recordedKeys());
    const { items } = (await operator.readAudit(name, { limit: 200 })).body;
    expect(items.map(({ action }) => action)).toContain('orphan.deletion-intended');
  });
});

/**
 * Of those that rotate and write, and in which something goes wrong that can go wrong here. What a lost execution held is
 * taken up when its lease ends, a quarter of an hour later: only the simulator's clock has that time.
 */
function isWorthIt({ acts, faults }: History): boolean {
  const count = (what: string) => acts.filter((act) => act.do === what).length;
  const goes = (fault: Fault['goes']) => faults.some((one) => one.goes === fault);
  const goesWrong = goes('process-dies') || goes('refused') || goes('disconnected');
  return count('rotate') >= 2 && count('encrypt') >= 1 && goesWrong && !goes('execution-lost');
}

describe('histories of the simulator, replayed', () => {
  const histories = fc.sample(aHistory.filter(isWorthIt), { seed: SEED, numRuns: HISTORIES });

  it.each(histories.map((history, index) => ({ history, index })))(
    'number $index ends as it does there: nothing lost, one version in use, no key that nobody knows',
    async ({ history, index }) => {
      const { roles, kmsUrl, adminToken } = stack.info;
      const headers = { 'content-type': 'application/json', 'x-admin-token': adminToken };
      const workload = workloadClient(
        stack.info,
        await workloadCredentials(stack.info, 'orders-api'),
      );
      const replay = new Replay(
        {
          ...{ operator, workload, sweep },
          principal: roles['orders-api'] ?? '',
          temporary: stack.layout.temporary,
          fault: async (fault) => {
            const body = JSON.stringify(fault);
            await fetch(`${kmsUrl}/_admin/faults`, { method: 'POST', headers, body });
          },
          setConnected: connect,
        },
        history,
        `${run}-${index}`,
      );

      try {
        await replay.play();
      } finally {
        await fetch(`${kmsUrl}/_admin/faults`, { method: 'DELETE', headers });
        await connect(true);
      }
      await replay.settle();

      for (const name of replay.names) {
        const { body: key } = await operator.getKey(name);
        const { items } = (await operator.listVersions(name)).body;
        expect(key).toMatchObject({ state: 'active', operationId: null });
        expect(items.map(({ version }) => version)).toEqual(items.map((_, place) => place + 1));
        expect(items.filter(({ state }) => state === 'active')).toMatchObject([
          { version: key.currentVersion },
        ]);
        const verdict = await verifyKey(operator, name, AbortSignal.timeout(60_000));
        expect(verdict.finding).toBeNull();
      }
      for (const { key, ciphertext, plaintext } of replay.written)
        expect((await workload.decrypt(key, { ciphertext })).body.plaintext).toBe(plaintext);
      await sweep();
      expect(await liveKeys()).toEqual(await recordedKeys());
    },
  );
});

/** Connects or disconnects the one key store, and waits until it is so. */
async function connect(isConnected: boolean): Promise<void> {
  const wanted = isConnected ? 'CONNECTED' : 'DISCONNECTED';
  await until(
    async () => {
      const { CustomKeyStores = [] } = await kms.send(new DescribeCustomKeyStoresCommand({}));
      const [{ CustomKeyStoreId, ConnectionState: found } = {}] = CustomKeyStores;
      if (found === wanted) return true;
      const command = isConnected
        ? new ConnectCustomKeyStoreCommand({ CustomKeyStoreId })
        : new DisconnectCustomKeyStoreCommand({ CustomKeyStoreId });
      // Refused while it is on its way.
      if (found === 'CONNECTED' || found === 'DISCONNECTED')
        await kms.send(command).catch(() => {});
      return false;
    },
    { timeoutSeconds: 60, what: `the key store to be ${wanted}` },
  );
}

/** Lets create-version run in slices of milliseconds, and kills it as soon as its KMS key exists. */
async function killOnceKeyExists(before: number): Promise<void> {
  const [pid = 0] = await until(
    () => {
      const found = processesOf('keyturn-local-create-version', stack.layout.temporary);
      return found.length > 0 && found;
    },
    { timeoutSeconds: 20, pollMilliseconds: 2, what: 'create-version to start' },
  );
  await until(
    async () => {
      if (!signal(pid, 'SIGSTOP')) return true;
      if ((await keyCount()) > before) return signal(pid, 'SIGKILL');
      return !signal(pid, 'SIGCONT');
    },
    { timeoutSeconds: 20, pollMilliseconds: 1, what: 'create-version to create its key' },
  );
}

/** Keys in the account that are not ours do not change meanwhile, so a plain count tells. */
async function keyCount(): Promise<number> {
  let count = 0;
  for await (const page of paginateListKeys({ client: kms }, {})) count += page.Keys?.length ?? 0;
  return count;
}
