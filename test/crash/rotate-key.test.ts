// SPDX-License-Identifier: Apache-2.0
// Faults F1 and F2 on the real stack: the process of every step of rotate-key is killed while it works. Every rotation
// converges to exactly one new version, and no KMS key is left that nobody knows. Delay off, waits 0, keys in parallel.
import {
  DescribeKeyCommand,
  KMSClient,
  ListResourceTagsCommand,
  paginateListKeys,
} from '@aws-sdk/client-kms';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client, ResponseOf } from '#client/sdk/index.ts';
import { KEYTURN_APP } from '#scripts/local/deployment.ts';
import { childrenOf, executionArnOf } from '#scripts/local/executions.ts';
import { type Stack, startStack } from '#scripts/local/stack.ts';
import { personClient } from '#scripts/local/story/actors.ts';
import { provisionKeyStore } from '#scripts/local/story/hsm-admin.ts';
import { watch } from '#scripts/local/story/rotation.ts';
import { trustAuthority } from '#scripts/local/tls.ts';
import { until } from '#scripts/local/waiting.ts';
import { killAt, type Target } from './killer.ts';
import { processesOf, signal } from './processes.ts';

const DIRECTORY = '.local-crash';
const SEED = Number(process.env['SEED'] ?? 20_261_122);
const KEYS = 6;
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
