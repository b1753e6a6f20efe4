// SPDX-License-Identifier: Apache-2.0
// The functions behind the workflows of keys, each with its real handler: the workflow files hand over what their
// schemas take, and the handlers hand on what the use cases ask for.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { verifyChain } from '#core/audit/chain.ts';
import type { FunctionName } from '#core/contract/environment.ts';
import { METRICS } from '#core/contract/metrics.ts';
import { KeyturnError } from '#core/errors.ts';
import { keyStream } from '#core/operations/mutate-key.ts';
import { readWorkflow } from '#test/support/asl.ts';
import { DEFAULT_POLICY } from '#test/support/foreign-keys.ts';
import { type RunResult, runMachine, type TaskCall } from '#test/support/interpreter.ts';
import { metrics } from '#test/support/metrics.ts';
import { functionOf, machineOf } from '#test/support/simulation.ts';
import { aWorld, KEY_STORE_ID, World } from '#test/support/world.ts';

const current = { world: new World() };
const wired = vi.hoisted(() => ({
  sites: [] as unknown[],
  metered: [] as unknown[],
}));

/** A forwarder to a port of the running test's world. */
const following = (
  port: 'ledger' | 'clock' | 'ids' | 'ports' | 'slots' | 'pauses' | 'evidence',
) => {
  const get = (_target: object, property: string | symbol) => {
    const target = current.world[port];
    const member: unknown = Reflect.get(target, property, target);
    return typeof member === 'function' ? member.bind(target) : member;
  };
  return new Proxy({}, { get });
};
/** An adapter that was constructed with the client and perhaps the site of the policies. */
const adapter = (port: 'ports' | 'evidence' = 'ports') =>
  class {
    constructor(_client: unknown, site?: unknown) {
      if (typeof site === 'object') wired.sites.push(site);
      // biome-ignore lint/correctness/noConstructorReturn: stands for the adapter, over the world in memory
      return following(port);
    }
  };

vi.mock('#functions/shared/wiring.ts', () => ({
  ledger: (table: string) => {
    if (table !== 'keyturn-local') throw new Error(`wired with table ${table}`);
    return following('ledger');
  },
  custodians: () => ({ custodian: async () => null, holders: async () => [] }),
  workerBudget: () => ({ acquire: async () => {}, backOff: async () => {} }),
  rateBudget: () => ({
    acquire: async (request: unknown) => void wired.metered.push(request),
    backOff: async () => {},
  }),
  startSlots: () => following('slots'),
  pauseRows: () => following('pauses'),
  kmsClient: () => ({}),
  s3Client: () => ({}),
  policySite: (of: NodeJS.ProcessEnv) => ({ stage: of['STAGE'], account: of['ACCOUNT_ID'] }),
}));
vi.mock('#adapters/kms/key-creator.ts', () => ({ KmsKeyCreator: adapter() }));
vi.mock('#adapters/kms/key-administration.ts', () => ({
  KmsPolicies: adapter(),
  KmsAliasWriter: adapter(),
  KmsKeyRemover: adapter(),
  KmsKeyUntagger: adapter(),
  KmsKeyMarker: adapter(),
  KmsAliasRemover: adapter(),
}));
vi.mock('#adapters/kms/key-inspector.ts', () => ({
  KmsKeyInspector: class {
    inspect = (reference: string) => current.world.vault.inspector().inspect(reference);
    listGrants = (keyId: string) => current.world.vault.inspector().listGrants(keyId);
  },
}));
vi.mock('#adapters/s3/evidence-store.ts', () => ({ S3EvidenceStore: adapter('evidence') }));
vi.mock('#adapters/kms/crypto-user.ts', () => ({
  KmsCryptoUser: class {
    encrypt(...request: [string, Uint8Array, Record<string, string>]) {
      return current.world.vault.cryptoFor('verify-version').encrypt(...request);
    }
    decrypt(...request: [Uint8Array, Record<string, string>, string?]) {
      return current.world.vault.cryptoFor('verify-version').decrypt(...request);
    }
  },
}));
vi.mock('#adapters/system/system.ts', () => ({
  systemClock: following('clock'),
  ulidIds: following('ids'),
  systemRandom: (bytes: number) => current.world.random(bytes),
}));

Object.assign(process.env, {
  STAGE: 'local',
  TABLE_NAME: 'keyturn-local',
  ACCOUNT_ID: '000000000000',
  KMS_BUDGET: '{"share":0.5,"quotas":{}}',
  ESCROW_KEY_ARN: 'escrow-key',
  PEOPLE: '{}',
  PASSKEYS: '',
  SETTLE_SECONDS: '7',
  BAKE_SECONDS: '11',
  RETRY_AFTER_SECONDS: '300',
  MAX_ROTATIONS_PER_SWEEP: '2',
  ORPHAN_GRACE_SECONDS: '600',
  EVIDENCE_BUCKET: 'evidence-bucket',
  POWERTOOLS_LOG_LEVEL: 'SILENT',
});

type Handler = (event: unknown, context?: unknown) => Promise<unknown>;
const HANDLERS: Partial<Record<FunctionName, Handler>> = {
  'begin-operation': (await import('#functions/begin-operation/handler.ts')).handler,
  'create-version': (await import('#functions/create-version/handler.ts')).handler,
  'adopt-version': (await import('#functions/adopt-version/handler.ts')).handler,
  'verify-version': (await import('#functions/verify-version/handler.ts')).handler,
  'place-alias': (await import('#functions/place-alias/handler.ts')).handler,
  'apply-policy': (await import('#functions/apply-policy/handler.ts')).handler,
  'complete-operation': (await import('#functions/complete-operation/handler.ts')).handler,
  'compensate-operation': (await import('#functions/compensate-operation/handler.ts')).handler,
  'park-operation': (await import('#functions/park-operation/handler.ts')).handler,
  'find-due-rotations': (await import('#functions/find-due-rotations/handler.ts')).handler,
  'sweep-orphans': (await import('#functions/sweep-orphans/handler.ts')).handler,
};
const NAMES = Object.keys(HANDLERS) as FunctionName[];
const handlerOf = (name: FunctionName): Handler =>
  HANDLERS[name] ?? (() => Promise.reject(new Error(`no handler ${name}`)));

/** Everything that the functions were given and answered, in order. */
let exchanged: { name: FunctionName; payload: unknown; answer: unknown }[] = [];
/** Executions that others started, as they ended. */
let ended: (RunResult & { workflow: string })[] = [];

/** Lambda hands over and takes JSON: what is undefined is not there. */
const asJson = (value: unknown): unknown =>
  value === undefined ? null : JSON.parse(JSON.stringify(value));

async function run(workflow: string, input: unknown): Promise<RunResult> {
  const task = async ({ resource, parameters }: TaskCall): Promise<unknown> => {
    if (resource === 'states:startExecution') {
      const workflow = machineOf(parameters['StateMachineArn']);
      ended.push({ workflow, ...(await run(workflow, parameters['Input'])) });
      return {};
    }
    const name = functionOf(parameters['FunctionName']);
    const payload = asJson(parameters['Payload']);
    const answer = asJson(await handlerOf(name)(payload, {}));
    exchanged.push({ name, payload, answer });
    return { StatusCode: 200, Payload: answer };
  };
  const sleep = (seconds: number) => current.world.clock.advance(seconds);
  return runMachine(readWorkflow(workflow), input, { run: task, sleep });
}

const generate = async (name = 'orders') =>
  run('generate-key', { operationId: await current.world.admitKey({ name }), attempt: 1 });
const rotate = async () => {
  await current.world.admitRotation();
  return run('rotate-key', current.world.workflows.started.at(-1)?.input);
};

beforeEach(async () => {
  current.world = await aWorld();
  exchanged = [];
  ended = [];
  metrics.length = 0;
});

describe('the functions of the workflows', () => {
  it('generate and rotate a key as the files wire them', async () => {
    expect(await generate()).toMatchObject({ status: 'SUCCEEDED' });
    expect(await rotate()).toMatchObject({ status: 'SUCCEEDED' });

    const { key, versions } = await current.world.snapshot();
    expect(key).toMatchObject({ state: 'active', currentVersion: 2, lease: null });
    expect(versions.map(({ state }) => state)).toEqual(['deactivated', 'active']);
    const { records, head } = await current.world.store.readAudit(keyStream('orders'), 0, 1000);
    expect(verifyChain(keyStream('orders'), records, head)).toBeNull();
  });

  it('take a foreign key over, and give it back when that fails', async () => {
    const { world } = current;
    const adopt = async (name: string) => {
      const { keyId: kmsKey } = world.vault.addForeignKey(DEFAULT_POLICY);
      const operationId = await world.admitAdoption({ kmsKey, name });
      return { kmsKey, result: await run('adopt-key', { operationId, attempt: 1 }) };
    };
    expect((await adopt('orders')).result).toMatchObject({ status: 'SUCCEEDED' });
    expect(await world.key()).toMatchObject({ state: 'active', currentVersion: 1, lease: null });

    world.vault.createAlias = async () => {
      throw new KeyturnError('AccessDenied', 'made to fail');
    };
    const { kmsKey, result } = await adopt('invoices');
    expect(result).toMatchObject({ status: 'FAILED', error: 'Compensated' });
    const found = world.vault.inspect().find(({ keyId }) => keyId === kmsKey);
    expect(found).toMatchObject({ policy: { document: DEFAULT_POLICY }, isTagged: false });
  });

  it('undo what fails before the switch', async () => {
    await generate();
    current.world.vault.setConnected(KEY_STORE_ID, false);

    expect(await rotate()).toMatchObject({ status: 'SUCCEEDED' });
    expect(ended).toMatchObject([{ workflow: 'undo-operation', error: 'Compensated' }]);
    expect(await current.world.key()).toMatchObject({ currentVersion: 1, lease: null });
  });

  it('park what fails behind the switch, count it, and end it when the sweep resumes it', async () => {
    await generate();
    const move = current.world.vault.moveAlias.bind(current.world.vault);
    current.world.vault.moveAlias = async (...request) => {
      await move(...request);
      current.world.vault.setConnected(KEY_STORE_ID, false);
    };
    expect(await rotate()).toMatchObject({ status: 'SUCCEEDED' });
    expect(ended).toMatchObject([{ workflow: 'undo-operation', error: 'Parked' }]);
    expect(metrics).toEqual([[METRICS.parkedOperations.name, 'Count', 1], ['published']]);

    current.world.vault.setConnected(KEY_STORE_ID, true);
    current.world.clock.advance(300);
    expect(await run('rotation-sweep', {})).toMatchObject({ status: 'SUCCEEDED' });
    expect(await current.world.key()).toMatchObject({ currentVersion: 2, lease: null });
  });

  it('hand nothing on but ids, waits, directions and counts', async () => {
    await generate();
    await rotate();
    await run('rotation-sweep', {});

    for (const { name, answer } of exchanged) {
      const text = JSON.stringify(answer);
      expect(text, name).not.toMatch(/canary|ciphertext|policy|auditHead/i);
      expect(text.length, name).toBeLessThan(400);
    }
    expect(exchanged.find(({ name }) => name === 'begin-operation')?.answer).toEqual({
      operationId: expect.stringMatching(/^op_/),
      key: 'orders',
      fence: 1,
      version: 1,
      hasPrevious: false,
      tier: 'kms',
      settleSeconds: 7,
      bakeSeconds: 11,
    });
  });

  it('ask the rate budget in the lane of what asked for the operation', async () => {
    wired.metered.length = 0;
    await generate();
    await rotate();
    const lanes = (wired.metered as { call: string; lane: string }[]).map(({ lane }) => lane);
    expect(lanes.length).toBeGreaterThan(8);
    expect(new Set(lanes)).toEqual(new Set(['priority']));

    wired.metered.length = 0;
    current.world.clock.advance(2 * 86_400);
    await run('rotation-sweep', {});
    expect(wired.metered).toContainEqual({ call: 'CreateKey', lane: 'routine' });
    expect(wired.metered).toContainEqual({ call: 'UpdateAlias', lane: 'routine' });
  });

  it('write policies for the stage and account of their environment', () => {
    expect(wired.sites.length).toBeGreaterThan(2);
    for (const site of wired.sites)
      expect(site).toEqual({ stage: 'local', account: '000000000000' });
  });
});

describe('find-due-rotations', () => {
  it('starts as many as its limit, and counts what is overdue and what is resumed', async () => {
    for (const name of ['orders', 'invoices', 'refunds']) await generate(name);
    current.world.clock.advance(3 * 86_400);
    const answer = await handlerOf('find-due-rotations')({}, {});

    const item = { operationId: expect.stringMatching(/^op_/), attempt: 1, fence: 2 };
    expect(answer).toEqual({
      searchOrphans: false,
      starts: [
        {
          kind: 'rotate-key',
          executionName: expect.stringMatching(/^bat_/),
          input: {
            entry: 'prepare',
            settleSeconds: 7,
            bakeSeconds: 11,
            groups: [{ items: [expect.objectContaining(item), expect.objectContaining(item)] }],
          },
        },
      ],
    });
    expect(metrics).toEqual([
      [METRICS.overdueKeys.name, 'Count', 2],
      ['ResumedOperations', 'Count', 0],
      ['published'],
    ]);
  });
});

describe('sweep-orphans', () => {
  it('begins at the first page without a cursor, and says that there is no other', async () => {
    await generate();

    for (const event of [{}, { cursor: null }]) {
      expect(await handlerOf('sweep-orphans')(event, {})).toEqual({
        verdicts: { recorded: 0, young: 0, adoptable: 0, foreign: 0, orphan: 0 },
        cursor: null,
        hasMore: false,
      });
    }
  });

  it('hands a cursor on', async () => {
    const cursors: unknown[] = [];
    current.world.vault.listUnrecorded = async (_stage, cursor) => {
      cursors.push(cursor);
      return { keys: [], nextCursor: 'page-3' };
    };

    expect(await handlerOf('sweep-orphans')({ cursor: 'page-2' }, {})).toMatchObject({
      cursor: 'page-3',
      hasMore: true,
    });
    expect(cursors).toEqual(['page-2']);
  });
});

const STEP = { operationId: 'op_1', key: 'orders', fence: 1 };
const FAILURE = { Error: 'X', Cause: 'y' };
/** An input that each schema takes; what it names does not exist, so that a use case refuses it by name. */
const VALID: Partial<Record<FunctionName, Record<string, unknown>>> = {
  'begin-operation': { operationId: 'op_1', attempt: 1 },
  'create-version': STEP,
  'adopt-version': STEP,
  'verify-version': { ...STEP, check: 'canary' },
  'place-alias': { ...STEP, alias: 'current' },
  'apply-policy': { ...STEP, act: 'open' },
  'complete-operation': STEP,
  'compensate-operation': { ...STEP, failure: FAILURE },
  'park-operation': { ...STEP, act: 'park', failure: FAILURE },
};
const WRONG: Record<string, readonly unknown[]> = {
  operationId: [7, null, ''],
  key: ['', 'a'.repeat(64), null],
  fence: [0, 1.5, '1', null],
  attempt: [0, -1, '1', null],
  check: ['closed', null],
  alias: ['next', null],
  act: ['erase', null],
  failure: ['X', null],
};
const wrongInputs = Object.entries(VALID).flatMap(([name, valid = {}]) =>
  Object.keys(valid).flatMap((member) => [
    { name, member, what: 'absent', value: undefined },
    ...(WRONG[member] ?? []).map((value) => ({
      name,
      member,
      what: JSON.stringify(value).slice(0, 20),
      value,
    })),
  ]),
);

describe('the input of a step', () => {
  it.each(Object.keys(VALID))('of %s is taken when it is complete', async (name) => {
    const failure = await handlerOf(name as FunctionName)(VALID[name as FunctionName], {}).catch(
      (error: unknown) => error,
    );

    expect(failure).toBeInstanceOf(KeyturnError);
    expect(['KeyNotFound', 'OperationNotFound']).toContain((failure as KeyturnError).code);
  });

  it.each(
    // An operation's id is looked up in begin-operation, where an empty one finds nothing.
    wrongInputs.filter(({ name, value }) => !(name === 'begin-operation' && value === '')),
  )('of $name is refused with its $member $what', async ({ name, member, value }) => {
    const input = { ...VALID[name as FunctionName], [member]: value };

    await expect(handlerOf(name as FunctionName)(input, {})).rejects.toMatchObject({
      name: 'InternalError',
      message: expect.stringContaining('wrong input'),
    });
  });

  it.each(NAMES.filter((name) => name !== 'find-due-rotations'))(
    'of %s is refused when it is no object',
    async (name) => {
      for (const input of [null, 'x', []]) {
        await expect(handlerOf(name)(input, {})).rejects.toMatchObject({ name: 'InternalError' });
      }
    },
  );
});
