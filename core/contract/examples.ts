// SPDX-License-Identifier: Apache-2.0
// One example per body, shown in the OpenAPI document and in `docs/api.md`. A test parses each with its schema.

import { APPROVAL_EXAMPLES } from './approval-examples.ts';
import { BRAKE_EXAMPLES } from './brake-examples.ts';
import { CONTAINMENT_EXAMPLES } from './containment-examples.ts';
import { DECISION_POLICY_EXAMPLES } from './decision-policy-examples.ts';
import { DESTRUCTION_EXAMPLES } from './destruction-examples.ts';
import { DRILL_EXAMPLES } from './drill-examples.ts';
import { ELEVATION_EXAMPLES } from './elevation-examples.ts';
import { ESCROW_EXAMPLES } from './escrow-examples.ts';
import { HSM_EXAMPLES } from './hsm-examples.ts';
import { INCIDENT_EXAMPLES } from './incident-examples.ts';
import { MAIL_EXAMPLES } from './mail-examples.ts';
import { PLAN_EXAMPLES } from './plan-examples.ts';
import { RECOVERY_EXAMPLES } from './recovery-examples.ts';
import { REENCRYPTION_EXAMPLES } from './reencryption-examples.ts';
import { SIGNER_EXAMPLES } from './signer-examples.ts';
import { SLACK_EXAMPLES } from './slack-examples.ts';

const ROLE = 'arn:aws:iam::111122223333:role/orders-api';
const OPERATION = 'op_01KAN5V6Q0T3D9M4XW8ZC2RBEY';
const KEY_ID = 'f2b1c6de-9a57-4c1e-8f0a-2d6b7c3e4a51';
const AT = '2026-11-22T10:00:00.000Z';
const LATER = '2026-11-22T10:00:31.000Z';
const HASH_1 = '6f1d3c9a52be40d7a8c4e1f09b7263d54a8e0c1f72b95d36e4a70c8b1f2d9e63';
const HASH_2 = 'b40e7a1c95d28f63e07b4c1a9d52f86e3b70c4a91d58e26f7b03c9a4e15d8f27';

const ACCEPTED = { operationId: OPERATION };

const CREATE_KEY = {
  name: 'orders',
  class: 'internal-data',
  owner: 'payments',
  purpose: 'order data',
  environment: 'development',
  access: [{ principal: ROLE, rights: ['encrypt', 'decrypt'] }],
};

const KEY = {
  ...CREATE_KEY,
  tier: 'kms',
  parent: null,
  state: 'active',
  substate: null,
  currentVersion: 2,
  alias: 'alias/keyturn/local/orders',
  location: { account: '111122223333', region: 'eu-west-1', keyStore: 'main' },
  operationId: null,
  nextRotationAt: '2027-11-22T10:00:31.000Z',
  lastRotatedAt: LATER,
  createdAt: '2025-11-22T09:00:00.000Z',
  revision: 18,
};

const VERSION = {
  version: 2,
  state: 'active',
  substate: null,
  keyId: KEY_ID,
  keyArn: `arn:aws:kms:eu-west-1:111122223333:key/${KEY_ID}`,
  alias: 'alias/keyturn/local/orders/v2',
  wrappedBy: null,
  operationId: OPERATION,
  createdAt: AT,
  activatedAt: LATER,
  deactivatedAt: null,
  retirement: null,
};

const DATA_KEY = {
  wrappedKey: 'AQIDAHhCk9mXv1yH0Q8bqLr5s2Wc7dUe3TnG6fZj4oYpViKxRA==',
  version: 3,
  keyId: KEY_ID,
  keyArn: VERSION.keyArn,
  context: { 'keyturn:data-key': 'order-rows/v3' },
};

const KEY_USE = {
  version: 2,
  principal: ROLE,
  encrypts: 1204,
  decrypts: 880,
  refusals: 0,
  lastEncryptAt: LATER,
  lastDecryptAt: LATER,
};

const CALENDAR_ENTRY = {
  key: 'orders',
  class: 'internal-data',
  owner: 'payments',
  dueAt: LATER,
  because: null,
};

const AUDIT_RECORD = {
  stream: 'key/orders',
  sequence: 18,
  at: LATER,
  actor: 'workflow/rotate-key',
  action: 'rotation.completed',
  decision: { effect: 'permit', rule: 'lease-holder' },
  operationId: OPERATION,
  detail: { previousVersion: 1 },
  previousHash: HASH_1,
  hash: HASH_2,
};

const TASK = {
  id: 'task_01KAN5V6Q0T3D9M4XW8ZC2RBEY',
  kind: 'sign-certificate',
  keyStore: 'main',
  state: 'open',
  instructions: 'Sign the certificate request with the CA of your HSMs.',
  clusterId: 'cluster-aaaaaaaaaaa',
  objects: [],
  certificateRequest: '-----BEGIN CERTIFICATE REQUEST-----\n…\n-----END CERTIFICATE REQUEST-----\n',
  createdAt: AT,
};

const CONSUMER_REQUEST = {
  owner: 'payments',
  contact: 'payments-oncall',
  principal: 'arn:aws:iam::444455556666:role/billing',
  rights: ['decrypt'],
  kind: 'kms-direct',
  acknowledgement: { mode: 'webhook', url: 'https://billing.example.com/keyturn' },
};

const CONSUMER = {
  ...CONSUMER_REQUEST,
  key: 'orders',
  name: 'billing',
  acknowledgement: { ...CONSUMER_REQUEST.acknowledgement, waitSeconds: null },
  boundKeyArn: null,
  state: 'active',
  acknowledgedVersion: 2,
  acknowledgedAt: AT,
  lastSeenVersion: 2,
  lastSeenAt: AT,
  isLagging: false,
  delivery: { eventId: 'key/orders#17', at: AT, outcome: 'delivered', detail: '200' },
  stop: null,
  operationId: OPERATION,
  registeredAt: AT,
  registeredBy: 'usr_alice',
  revision: 12,
};

/** Example by schema id. */
export const EXAMPLES: Readonly<Record<string, unknown>> = {
  ...REENCRYPTION_EXAMPLES,
  ...ELEVATION_EXAMPLES,
  ...SIGNER_EXAMPLES,
  ...RECOVERY_EXAMPLES,
  ...HSM_EXAMPLES,
  ...DRILL_EXAMPLES,
  ...INCIDENT_EXAMPLES,
  ...MAIL_EXAMPLES,
  ...SLACK_EXAMPLES,
  ...PLAN_EXAMPLES,
  ...ESCROW_EXAMPLES,
  ...DECISION_POLICY_EXAMPLES,
  ...APPROVAL_EXAMPLES,
  ...CONTAINMENT_EXAMPLES,
  ...BRAKE_EXAMPLES,
  ...DESTRUCTION_EXAMPLES,
  Accepted: ACCEPTED,
  CreateKeyRequest: CREATE_KEY,
  UpdateKeyRequest: { nextRotationAt: '2026-12-01T09:00:00Z' },
  StartRotationRequest: { reason: 'key custodian left' },
  PutConsumerRequest: CONSUMER_REQUEST,
  Consumer: CONSUMER,
  ConsumerPage: { items: [CONSUMER], nextCursor: null },
  AcknowledgePurgeRequest: { operationId: 'op_01JX3GZ8D9T0R5K2M7Q4V6W8YB' },
  AcknowledgeRequest: { consumer: 'billing', version: 2 },
  ExtendRotationRequest: { until: '2026-11-29T10:00:00Z', reason: 'release on Friday' },
  ForceRotationRequest: { reason: 'billing was switched off' },
  NoticeKeys: {
    keys: [
      {
        kty: 'EC',
        crv: 'P-256',
        x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
        y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
        kid: KEY_ID,
        alg: 'ES256',
        use: 'sig',
      },
    ],
  },
  Rotation: {
    operationId: OPERATION,
    key: 'orders',
    version: 2,
    previousVersion: 1,
    state: 'running',
    step: 'StageVersion',
    isWaiting: true,
    stagedAt: AT,
    deadlineAt: '2026-11-25T10:00:00.000Z',
    remindedPercent: 0,
    onDeadline: 'extend',
    consumers: [
      {
        name: 'billing',
        kind: 'kms-direct',
        mode: 'webhook',
        acknowledgedAt: null,
        isAcknowledged: false,
        lastSeenVersion: 1,
        lastSeenAt: AT,
      },
    ],
    lagging: ['billing'],
  },
  EncryptRequest: { plaintext: 'aGVsbG8=', context: { order: '4711' } },
  EncryptResponse: { ciphertext: 'AQIDBAUGBwg=', version: 2 },
  DecryptRequest: { ciphertext: 'AQIDBAUGBwg=', context: { order: '4711' } },
  DecryptResponse: { plaintext: 'aGVsbG8=', version: 2 },
  DataKeyRequest: { version: 3 },
  DataKey: DATA_KEY,
  Key: KEY,
  KeyPage: { items: [KEY], nextCursor: null },
  VersionPage: { items: [VERSION], nextCursor: null },
  Operation: {
    id: OPERATION,
    kind: 'rotate-key',
    key: 'orders',
    version: 2,
    state: 'done',
    step: 'CompleteOperation',
    cause: null,
    attempt: 1,
    trigger: 'schedule',
    requestedBy: 'schedule/rotation-sweep',
    reason: null,
    startedAt: AT,
    endedAt: LATER,
    retryAt: null,
    timeline: [
      { step: 'Admitted', at: AT },
      { step: 'CompleteOperation', at: LATER },
    ],
  },
  AuditPage: { items: [AUDIT_RECORD], nextCursor: null, head: { sequence: 18, hash: HASH_2 } },
  ReportRotationRequest: { consumer: 'orders-api', version: 2, calls: 400, errors: 31 },
  ReportedRotation: { goesBack: true },
  CancelRotationRequest: { reason: 'billing is switched off and is to be removed first' },
  RollBackRotationRequest: { reason: 'orders cannot be read since the switch' },
  KeyUse: KEY_USE,
  UsagePage: { items: [KEY_USE], nextCursor: null },
  CalendarEntry: CALENDAR_ENTRY,
  CalendarPage: {
    items: [CALENDAR_ENTRY],
    nextCursor: null,
    crowded: [{ hour: '2026-11-22T10:00:00.000Z', class: 'internal-data', due: 12, limit: 10 }],
  },
  CreateKeyStoreRequest: { name: 'main' },
  KeyStore: {
    name: 'main',
    state: 'done',
    step: 'Connected',
    cause: null,
    keyStoreId: 'cks-0123456789abcdef0',
    clusterId: 'cluster-abcdefghijk',
    operationId: OPERATION,
  },
  HsmAdminTaskPage: { items: [TASK], nextCursor: null },
  HsmAdminTask: { ...TASK, state: 'done' },
  CompleteTaskRequest: {
    signedCertificate: '-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n',
    trustAnchor: '-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n',
  },
  Health: { status: 'ok', stage: 'production', version: '0.1.0', isPaused: false },
  Problem: {
    type: 'urn:keyturn:problem:OperationInProgress',
    title: 'Another operation runs on this key',
    status: 409,
    detail: `${OPERATION} holds orders`,
    instance: 'req_7f9c2ba4',
    code: 'OperationInProgress',
    retryable: true,
    errors: [],
    operationId: OPERATION,
  },
};
