// SPDX-License-Identifier: Apache-2.0
// Arbitrary requests to every route of every API function: none fails on our side, none that is refused changes
// anything, and every answer has the form of the contract.
import type { APIGatewayProxyEvent } from 'aws-lambda';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { Accepted, Problem } from '#core/contract/api.ts';
import { EXAMPLES } from '#core/contract/examples.ts';
import { ROUTES, type Route, type RouteId } from '#core/contract/routes.ts';
import { requestTask } from '#core/provisioning/provision-key-store.ts';
import { ask } from '#test/support/approvals.ts';
import { registered } from '#test/support/consumers.ts';
import { suspended } from '#test/support/containment.ts';
import { aForeignKey } from '#test/support/foreign-keys.ts';
import { ACCOUNT, type Caller, current, eventOf, renewWorld } from '#test/support/functions.ts';
import { runs } from '#test/support/runs.ts';
import { Simulation } from '#test/support/simulation.ts';
import { begin, ROTATION_STEPS, runSteps, withActiveKey } from '#test/support/steps.ts';
import { destructionScene } from './destruction-scene.ts';
import { escrowFor } from './escrow-scene.ts';
import { peopleScene } from './people-scene.ts';
import { recoveryScene } from './recovery-scene.ts';
import { scopeScene } from './scope-scene.ts';
import { withStoredData } from './stored-data.ts';

vi.mock('#adapters/kms/token-seal.ts', () => ({
  KmsTokenSeal: class {
    open = async (sealed: string) => sealed;
    seal = async (token: string) => token;
  },
}));
vi.mock('#adapters/stepfunctions/task-callback.ts', () => ({
  StepFunctionsTaskCallback: class {
    succeed = async () => {};
  },
}));

vi.mock('#adapters/kms/key-inspector.ts', () => ({
  KmsKeyInspector: class {
    inspect = async () => aForeignKey({ aliases: ['alias/legacy-orders'] });
  },
}));
vi.mock('#adapters/kms/notice-signer.ts', () => ({
  publicJwk: async () => EXAMPLES['NoticeKeys'] && Object(EXAMPLES['NoticeKeys']).keys[0],
}));

const { HANDLERS } = await import('./handlers.ts');
// What Slack posts must be signed, and comes once: `slack.test.ts` bends that.
const IDS = (Object.keys(ROUTES) as RouteId[]).filter((id) => id !== 'answerSlack');
/** Of each route; enough to meet every kind of refusal in a second. */
const RUNS = 150;

const aText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc.constantFrom('', 'orders', 'main', 'development', 'olga', 'test', '..', '__proto__', '%00'),
);
const NAMES = [
  'name',
  'class',
  'owner',
  'purpose',
  'environment',
  'tier',
  'access',
  'principal',
  'rights',
  'reason',
  'decision',
  'digest',
  'nextRotationAt',
  'plaintext',
  'ciphertext',
  'context',
  'signedCertificate',
  'trustAnchor',
  'constructor',
  'toString',
];
const aValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    aText,
    fc.base64String({ maxLength: 64 }),
    fc.constantFrom(null, true, 0, -1, 1e308, '2026-03-01T00:00:00Z', 'encrypt'),
    fc.double(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...NAMES), aText), tie('value'), { maxKeys: 5 }),
  ),
})).value;

const aBody = fc.oneof(
  fc.constant(null),
  aText,
  aValue.map((value) => JSON.stringify(value)),
);

const CALLERS: readonly Caller[] = [
  null,
  { person: 'alice' },
  { person: 'alice' },
  { person: 'olga' },
  { person: 'ada' },
  { person: 'bob' },
  { person: 'nobody' },
  { role: 'orders-api' },
  { role: 'orders-api' },
  { role: 'other' },
];
const HEADER_NAMES = ['Content-Type', 'Idempotency-Key', 'If-Match', 'Host', 'Authorization'];
const aHeaderValue = fc.oneof(aText, fc.constantFrom('application/json', 'key-1', '"9"', '*'));
const someHeaders = fc.dictionary(fc.oneof(fc.constantFrom(...HEADER_NAMES), aText), aHeaderValue, {
  maxKeys: 5,
  noNullPrototype: true,
});
const parameters = fc.option(
  fc.dictionary(fc.oneof(fc.constantFrom('name', 'id', 'key', 'limit', 'cursor'), aText), aText, {
    maxKeys: 4,
    noNullPrototype: true,
  }),
);
/** The parts of a request that are drawn. */
interface Draw {
  readonly as: Caller;
  readonly path: Readonly<Record<string, string>> | null;
  readonly query: Readonly<Record<string, string>> | null;
  readonly headers: Readonly<Record<string, string>>;
  /** A header that is there twice. */
  readonly doubled: string | null;
  readonly body: string | null;
  readonly isBase64Encoded: boolean;
}

const anything: fc.Arbitrary<Draw> = fc.record({
  as: fc.constantFrom(...CALLERS),
  path: parameters,
  query: parameters,
  headers: someHeaders,
  doubled: fc.option(fc.constantFrom(...HEADER_NAMES)),
  body: aBody,
  isBase64Encoded: fc.boolean(),
});
const PARTS = Object.keys({
  as: 0,
  path: 0,
  query: 0,
  headers: 0,
  doubled: 0,
  body: 0,
  isBase64Encoded: 0,
} satisfies Record<keyof Draw, 0>) as (keyof Draw)[];

/** Requests of all kinds, and those that a route takes but for a part or a member of their body. */
function requests(valid: Draw): fc.Arbitrary<Draw> {
  const almost = fc.tuple(anything, fc.subarray(PARTS, { maxLength: 2 })).map(([drawn, parts]) => ({
    ...valid,
    ...Object.fromEntries(parts.map((part) => [part, drawn[part]])),
  }));
  const bent = fc.tuple(fc.constantFrom(...NAMES), aValue).map(([name, value]) => ({
    ...valid,
    body: JSON.stringify({ ...JSON.parse(valid.body ?? '{}'), [name]: value }),
  }));
  return fc.oneof(anything, almost, bent);
}

const REPORT = JSON.stringify(EXAMPLES['ReportRequest']);
const PEM = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----';

/** Routes of a rotation that waits for its consumer; all others have a key that nothing holds. */
const IN_ROTATION: readonly RouteId[] = [
  'getRotation',
  'acknowledgeRotation',
  'cancelRotation',
  'extendRotation',
  'forceRotation',
];
/** Routes of a rotation that has switched and is watched. */
const IN_KEY_STORE = ['getKeyStore', 'listTasks', 'readCapacity', 'listHsms', 'changeHsms'];
const OF_CONSUMER = ['getConsumer', 'putConsumer', 'deleteConsumer', 'acknowledgePurge'];
const ON_STOPPED: readonly RouteId[] = ['resumeKey', 'acknowledgePurge'];
const IN_BAKE: readonly RouteId[] = ['reportRotation', 'rollBackRotation'];
/** What a valid request answers where that is not the route's own status. */
const ANSWERS: Partial<Record<RouteId, number>> = {
  // Provisioning a second time is refused.
  createKeyStore: 409,
  createAdoption: 202,
};

/** A rotation in the place that the route is for. @returns its operation, '' for routes that want none */
async function rotationFor(route: RouteId, simulation: Simulation): Promise<string> {
  const { world } = current;
  if (!IN_ROTATION.includes(route) && !IN_BAKE.includes(route)) return '';
  const operationId = await world.admitRotation();
  if (IN_BAKE.includes(route))
    await runSteps(world, await begin(world), ROTATION_STEPS, 'ProbeAlias');
  else await simulation.runStarted();
  return operationId;
}

/** A key with a consumer, a key store with an open task, and a request that the route takes. */
async function scene(route: RouteId): Promise<(id: RouteId) => Draw> {
  const world = await withActiveKey(await renewWorld());
  const { ledger, clock, vault } = world;
  const simulation = new Simulation(world);
  await registered(simulation, 'billing', {
    principal: `arn:aws:iam::${ACCOUNT}:role/billing`,
    ...(IN_BAKE.includes(route)
      ? { acknowledgement: { mode: 'wait', waitSeconds: 0, url: null } }
      : {}),
  });
  await withStoredData(world);
  const escrow = await escrowFor(route, world);
  const scopes = await scopeScene(world, route);
  // Before it wraps data keys: then nobody could let it go.
  const approval = await ask(world, 'key.release', { key: 'orders' });
  const people = await peopleScene(world, approval, route);
  if (route === 'fetchDataKey') {
    await world.admitKey({ name: 'rows', tier: 'data', parent: 'orders' });
    await simulation.runStarted();
  }
  const [consumer] = (await world.snapshot()).consumers;
  const rotation = await rotationFor(route, simulation);
  const { operationId = '' } = (await ledger.readKeyStore('main')) ?? {};
  await requestTask(
    { ledger, clock },
    {
      operationId,
      keyStore: 'main',
      kind: 'sign-certificate',
      sealedToken: 'sealed',
      certificateRequest: 'csr',
    },
  );
  const destruction = await destructionScene(route, world);
  const recovery = await recoveryScene(world, route);
  const key = await current.world.key();
  const made = await vault
    .cryptoFor('use-key')
    .encrypt(key.currentKeyId ?? '', Buffer.from('x'), {});
  const ciphertext = Buffer.from(made).toString('base64');
  const stop = ON_STOPPED.includes(route) ? await suspended(simulation) : null;
  const bodies: Partial<Record<RouteId, unknown>> = {
    createKey: {
      name: 'invoices',
      class: 'test',
      owner: 'olga',
      purpose: 'archive',
      environment: 'development',
    },
    updateKey: { nextRotationAt: '2026-03-01T00:00:00Z' },
    startRotation: { reason: 'asked' },
    encrypt: { plaintext: 'eA==', context: {} },
    decrypt: { ciphertext },
    createKeyStore: { name: 'main' },
    completeTask: { signedCertificate: PEM, trustAnchor: PEM },
    putConsumer: EXAMPLES['PutConsumerRequest'],
    acknowledgeRotation: { consumer: 'billing', version: 2 },
    acknowledgePurge: { operationId: stop },
    extendRotation: { until: '2026-01-02T00:00:00Z' },
    forceRotation: { reason: 'asked' },
    reportRotation: { consumer: 'billing', version: 2, calls: 10, errors: 0 },
    ...{ rollBackRotation: { reason: 'asked' }, cancelRotation: { reason: 'asked' } },
    castVote: { decision: 'approve', digest: approval.digest },
    ...people.bodies,
    ...{ ...escrow.bodies, ...destruction.bodies, ...scopes.bodies },
    createPlan: EXAMPLES['PlanRequest'],
    releaseKey: EXAMPLES['ReleaseKeyRequest'],
    createAdoption: { ...Object(EXAMPLES['AdoptKeyRequest']), name: 'legacy' },
    ...{ fetchDataKey: {}, changeHsms: {} },
    putSource: EXAMPLES['PutSourceRequest'],
    startReencryption: {},
    putHold: EXAMPLES['PutHoldRequest'],
    ...recovery.bodies,
  };
  const names: Partial<Record<RouteId, Record<string, string>>> = {
    getOperation: { id: (await current.world.version(1)).operationId },
    getApproval: { id: approval.id },
    castVote: { id: approval.id },
    ...people.paths,
    ...recovery.paths,
    cancelApproval: { id: approval.id },
    ...Object.fromEntries(IN_KEY_STORE.map((id) => [id, { name: 'main' }])),
    ...Object.fromEntries(OF_CONSUMER.map((id) => [id, { name: 'orders', consumer: 'billing' }])),
    putSource: { name: 'orders', source: 'archive' },
    deleteSource: { name: 'orders', source: 'archive' },
    putHold: { name: 'orders', hold: 'audit-2026' },
    deleteHold: { name: 'orders', hold: 'audit-2026' },
    checkRetirement: { name: 'orders', version: '1' },
    retireVersion: { name: 'orders', version: '1' },
    fetchDataKey: { name: 'rows' },
    ...Object.fromEntries(
      [...IN_ROTATION, ...IN_BAKE].map((id) => [id, { operationId: rotation }]),
    ),
    ...{ ...escrow.paths, ...destruction.paths, ...scopes.paths },
    completeTask: { name: 'main', id: `sign-certificate-${operationId}` },
  };
  const callers: Partial<Record<RouteId, Caller>> = {
    encrypt: { role: 'orders-api' },
    decrypt: { role: 'orders-api' },
    acknowledgeRotation: { role: 'billing' },
    reportRotation: { role: 'billing' },
    fetchDataKey: { role: 'orders-api' },
    castVote: { person: 'bob' },
    requestElevation: { person: 'bob' },
    ...{ ...escrow.callers, ...recovery.callers },
  };
  return (id) => ({
    as: callers[id] ?? { person: 'alice' },
    path: names[id] ?? { name: 'orders' },
    query: id === 'readAudit' ? { key: 'orders' } : null,
    headers: {
      'Content-Type': 'application/json',
      'Idempotency-Key': 'fuzz-1',
      'If-Match': `"${/^(put|delete)Consumer$/.test(id) ? consumer?.revision : key.revision}"`,
    },
    doubled: null,
    body: id in bodies ? JSON.stringify(bodies[id]) : null,
    isBase64Encoded: false,
  });
}

/** Everything that a request could have changed, as text. */
async function stateOf(): Promise<string> {
  const { store, workflows, vault, drills, brakes } = current.world;
  const { items } = await store.listKeys(null, 1000);
  const keyStores = await Promise.all(['main', 'orders'].map((name) => store.readKeyStore(name)));
  return JSON.stringify([
    items,
    keyStores,
    await store.readTasks('main'),
    ...[workflows.started, brakes.audit, vault.inspect()],
    await store.listApprovals('open', null, 100),
    await store.listApprovals('ended', null, 100),
    vault.inspectAliases(),
    ...(await Promise.all([store.readElevations(), store.readPasskeys(), drills.listDrills()])),
  ]);
}

async function expectHonest(id: RouteId, event: APIGatewayProxyEvent): Promise<number> {
  const route: Route = ROUTES[id];
  const before = await stateOf();
  const { statusCode, headers, body } = (await HANDLERS[route.function]?.(event, {})) ?? {
    statusCode: 0,
    headers: {},
    body: '',
  };
  expect(statusCode, body).toBeGreaterThanOrEqual(200);
  expect(statusCode, body).toBeLessThan(500);
  const kept = id === 'getStatusList' ? 'public, max-age=30' : 'no-store';
  expect([kept, 'no-store']).toContain(headers['cache-control']);
  for (const value of Object.values(headers)) expect(value).not.toMatch(/[\r\n]/);
  if (statusCode < 300) {
    const isStart = route.mayStart === true && statusCode === 202;
    expect(statusCode).toBe(isStart ? 202 : route.status);
    const response = isStart ? Accepted : route.response;
    expect(response?.safeParse(JSON.parse(body)).error).toBeUndefined();
  } else {
    expect(headers['content-type']).toBe('application/problem+json');
    expect(Problem.strict().parse(JSON.parse(body)).status).toBe(statusCode);
    expect(await stateOf()).toBe(before);
  }
  if (route.method === 'GET') expect(await stateOf()).toBe(before);
  return statusCode;
}

describe('an arbitrary request', () => {
  beforeAll(async () => {
    await renewWorld();
  });

  it.each(IDS)(
    'to %s is answered by the contract, and changes nothing when refused',
    async (id) => {
      const valid = (await scene(id))(id);
      const statuses = new Set<number>();
      await fc.assert(
        fc.asyncProperty(requests(valid), async (drawn) => {
          const { as, path, query, headers, doubled, body, isBase64Encoded } = drawn;
          const event = eventOf(id, {
            as,
            event: {
              pathParameters: path,
              queryStringParameters: query,
              headers,
              multiValueHeaders: doubled === null ? {} : { [doubled]: ['a', 'b'] },
              body,
              isBase64Encoded,
            },
          });
          statuses.add(await expectHonest(id, event));
        }),
        { numRuns: runs(RUNS), examples: [[valid], [{ ...valid, body: REPORT }]] },
      );

      // Requests that a route takes were met, too.
      expect(statuses).toContain(ANSWERS[id] ?? ROUTES[id].status);
      if (id === 'createAdoption') expect(statuses).toContain(ROUTES[id].status);
    },
  );
});
