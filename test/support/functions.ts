// SPDX-License-Identifier: Apache-2.0
// API functions over a world in memory: their real middleware, routes and authorizer; only the wiring to AWS is
// replaced. Import this module before any handler.
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { vi } from 'vitest';
import { AccessTableAuthorizer, TableDirectory } from '#adapters/access-table/authorizer.ts';
import { TableCustodians } from '#adapters/access-table/custodians.ts';
import { ageSealer } from '#adapters/escrow/age-sealer.ts';
import { MemoryKeyUseLog } from '#adapters/memory/key-use-log.ts';
import type { People } from '#core/contract/people.ts';
import { ROUTES, type RouteId } from '#core/contract/routes.ts';
import { activeOf } from '#core/operations/elevations.ts';
import { DIRECTORY } from '#policies/directory.ts';
import { ROLE_RULES } from '#policies/roles.ts';
import { World } from './world.ts';

export const ACCOUNT = '000000000000';

/** Age recipients of custodians; whose identities they are does not matter where nothing is opened. */
const PEOPLE = Object.fromEntries(
  await Promise.all(
    ['bob', 'carol', 'dan'].map(async (user) => {
      const { recipient } = await ageSealer.newIdentity();
      return [user, { ageRecipient: recipient }] as const;
    }),
  ),
);

/** Variables of all API functions together. */
export const ENVIRONMENT = {
  STAGE: 'local',
  TABLE_NAME: 'keyturn-local',
  ACCOUNT_ID: ACCOUNT,
  AWS_REGION: 'us-east-1',
  KEY_STORE_NAME: 'main',
  HSM_TYPE: 'hsm2m.medium',
  KMS_BUDGET: '{"share":0.5,"quotas":{}}',
  ENVIRONMENTS_SERVED: 'development',
  GENERATE_KEY_ARN: 'machine-generate-key',
  ROTATE_DATA_KEY_ARN: 'machine-rotate-data-key',
  ROTATE_KEY_ARN: 'machine-rotate-key',
  NOTICE_KEY_ARN: 'notice-key',
  EVENT_BUS_NAME: 'keyturn',
  APPROVE_ARN: 'machine-approve',
  UPDATE_ACCESS_ARN: 'machine-update-access',
  REVOKE_KEY_ARN: 'machine-revoke-key',
  CONTAIN_SCOPE_ARN: 'machine-contain-scope',
  API_URL_TEMPLATE: 'https://{apiId}.example.com/{stage}',
  RESUME_KEY_ARN: 'machine-resume-key',
  DESTROY_KEY_ARN: 'arn:destroy-key',
  BACKUP_RETENTION_DAYS: '90',
  ADOPT_KEY_ARN: 'machine-adopt-key',
  ACTIVATION_DELAY_SECONDS: '60',
  BRAKE_POLICY_ARN: `arn:aws:iam::${ACCOUNT}:policy/keyturn-local-mass-brake`,
  PROTECTED_ROLES: '[]',
  MOVABLE_ALIASES: '["alias/legacy-*"]',
  SETTLE_SECONDS: '5',
  BAKE_SECONDS: '10',
  REENCRYPT_ARN: 'machine-reencrypt',
  EVIDENCE_BUCKET: 'evidence',
  PROVISION_KEY_STORE_ARN: 'machine-provision-key-store',
  RECOVER_KEY_STORE_ARN: 'machine-recover-key-store',
  TOKEN_KEY_ARN: 'token-key',
  ESCROW_KEY_ARN: 'escrow-key',
  PEOPLE: JSON.stringify(PEOPLE),
  MAIL_FROM: '',
  MAIL_PER_HOUR: '50',
  PASSKEYS: '{"rpId":"keyturn.example","origins":["https://keyturn.example"]}',
  SLACK:
    '{"teamId":"T0LOCAL","appId":"A0KEYTURN","channelId":"C0APPROVALS","apiUrl":"https://slack.invalid/api"}',
  CLUSTER_SETTINGS:
    '{"hsmType":"hsm2m.medium","subnetIds":["s1","s2"],"zones":["a","b"],"pollSeconds":1,"pollLimit":3,"backupRetentionDays":90}',
  POWERTOOLS_DEV: 'false',
  POWERTOOLS_LOG_LEVEL: 'SILENT',
};
for (const [name, value] of Object.entries(ENVIRONMENT)) process.env[name] = value;

/** The world of the running test, and the task it is about; a fresh one by {@link renewWorld}. */
export const current = { world: new World(), task: '' };

/** A forwarder to the current world's port, so that handlers, which keep what they were wired with, follow it. */
function following<T extends object>(port: () => T): T {
  return new Proxy({} as T, {
    get: (_target, property) => {
      const target = port();
      const member: unknown = Reflect.get(target, property, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

vi.mock('#functions/shared/wiring.ts', () => ({
  ledger: () => following(() => current.world.ledger),
  reencryptionProgress: () => following(() => current.world.progress),
  s3Client: () => ({ send: async () => ({}) }),
  eventBridge: () => ({ send: async () => ({}) }),
  iamClient: () => ({ send: async () => ({}) }),
  kmsClient: () => ({ send: async () => ({}) }),
  noticeRows: () => following(() => current.world.notices),
  replayRows: () => following(() => current.world.replays),
  keyUseLog: () => new MemoryKeyUseLog(),
  brakeRows: () => following(() => current.world.deps.brakes),
  pauseRows: () => following(() => current.world.deps.pauses),
  purgeWatchRows: () => following(() => current.world.deps.purgeWatches),
  reviewRows: () => following(() => current.world.deps.reviews),
  scopeRows: () => following(() => current.world.deps.scopes),
  incidentRows: () => following(() => current.world.incidents),
  statusRows: () => following(() => current.world.store.statuses),
  startSlots: () => following(() => current.world.slots),
  rateBudget: () => ({ acquire: async () => {}, backOff: async () => {} }),
  workflows: () => following(() => current.world.workflows),
  hsmFleet: () => following(() => current.world.hsms),
  drillRows: () => following(() => current.world.drills),
  drillSite: () => following(() => current.world.drillSite),
  authorizer: () =>
    new AccessTableAuthorizer(ROLE_RULES, DIRECTORY.local, async (sub) => {
      const { store, clock } = current.world;
      return activeOf((await store.readElevations())?.items ?? [], sub, clock.now());
    }),
  roleGroups: () => [...new Set(ROLE_RULES.map(({ group }) => group))],
  // Getters of its own: it is hashed, member by member.
  deployedDecisions: () => ({
    get rules() {
      return current.world.deployed.rules;
    },
    get quorums() {
      return current.world.deployed.quorums;
    },
    get people() {
      return current.world.deployed.people;
    },
  }),
  electorate: () => following(() => current.world.deps.electorate),
  voteVerifier: () => following(() => current.world.deps.verifier),
  directory: () => new TableDirectory(DIRECTORY.local),
  custodians: (_stage: string, people: People) => new TableCustodians(DIRECTORY.local, people),
  policySite: () => ({ stage: 'local', account: ACCOUNT, partition: 'aws' }),
}));
vi.mock('#adapters/kms/list-signer.ts', () => ({
  KmsListSigner: class {
    async signList(payload: string) {
      return { payload, protected: 'header', signature: 'signature' };
    }
  },
}));
vi.mock('#adapters/kms/crypto-user.ts', () => ({
  KmsCryptoUser: class {
    encrypt(...request: [string, Uint8Array, Record<string, string>]) {
      return current.world.vault.cryptoFor('use-key').encrypt(...request);
    }
    decrypt(...request: [Uint8Array, Record<string, string>, string?]) {
      return current.world.vault.cryptoFor('use-key').decrypt(...request);
    }
  },
}));
vi.mock('#adapters/system/system.ts', () => ({
  systemClock: following(() => current.world.clock),
  ulidIds: following(() => current.world.ids),
  systemRandom: (bytes: number) => current.world.random(bytes),
}));

/** Begins the next test with a world that has a provisioned key store. */
export async function renewWorld(): Promise<World> {
  current.world = new World();
  await current.world.provision();
  return current.world;
}

/** Who calls: a seeded person, a role, or nobody. */
export type Caller = { person: string } | { role: string } | null;

export interface Call {
  readonly as: Caller;
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is. */
  readonly text?: string;
  /** Changes the event last. */
  readonly event?: Partial<APIGatewayProxyEvent>;
}

function requestContext(caller: Caller): APIGatewayProxyEvent['requestContext'] {
  const context: { authorizer?: object; identity: object } & Record<string, unknown> = {
    requestId: 'request-1',
    apiId: 'api1',
    stage: 'v1',
    identity: {},
  };
  if (caller && 'person' in caller) {
    const person = DIRECTORY.local.find((known) => known.user === caller.person);
    const groups = JSON.stringify(person?.groups ?? []);
    context.authorizer = { sub: person?.sub ?? caller.person, name: caller.person, groups };
  }
  if (caller && 'role' in caller) {
    context.identity = { userArn: `arn:aws:sts::${ACCOUNT}:assumed-role/${caller.role}/session` };
  }
  return context as unknown as APIGatewayProxyEvent['requestContext'];
}

/** The event that API Gateway would send for a call of a route. */
export function eventOf(id: RouteId, call: Call): APIGatewayProxyEvent {
  const route = ROUTES[id];
  const text = call.text ?? (call.body === undefined ? null : JSON.stringify(call.body));
  return {
    httpMethod: route.method,
    resource: route.path,
    path: route.path,
    pathParameters: call.path ?? null,
    queryStringParameters: call.query ?? null,
    multiValueQueryStringParameters: null,
    headers: { ...(text === null ? {} : { 'Content-Type': 'application/json' }), ...call.headers },
    multiValueHeaders: {},
    stageVariables: null,
    body: text,
    isBase64Encoded: false,
    requestContext: requestContext(call.as),
    ...call.event,
  } as APIGatewayProxyEvent;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape
  readonly body: any;
}

type Handler = (
  event: APIGatewayProxyEvent,
  context?: unknown,
) => Promise<{ statusCode: number; headers: Readonly<Record<string, string>>; body: string }>;

/** Calls a route of a handler. */
export async function request(handler: Handler, id: RouteId, call: Call): Promise<Answer> {
  const { statusCode, headers, body } = await handler(eventOf(id, call), {});
  const isJson = (headers['content-type'] ?? '').includes('json');
  return { status: statusCode, headers, body: isJson ? JSON.parse(body) : body };
}
