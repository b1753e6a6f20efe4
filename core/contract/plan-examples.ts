// SPDX-License-Identifier: Apache-2.0
// Examples of the bodies of plans and capacity.

const AT = '2026-11-22T10:00:00.000Z';
const DIGEST = '3b0c6f1d9a52be40d7a8c4e1f09b7263d54a8e0c1f72b95d36e4a70c8b1f2d9e';

const CLASS_FORECAST = {
  class: 'internal-data',
  keys: 900,
  versions: 2100,
  versionsKeptPerKey: 4,
  versionsWhenSteady: 3600,
  versionsPerDay: 2.466,
};

export const PLAN_EXAMPLES: Readonly<Record<string, unknown>> = {
  PlanRequest: { key: 'orders', operation: 'rotate-key' },
  Plan: {
    operation: 'rotate-key',
    key: 'orders',
    revision: 18,
    digest: DIGEST,
    plannedAt: AT,
    versions: {
      current: { version: 2, keyId: 'f2b1c6de-9a57-4c1e-8f0a-2d6b7c3e4a51' },
      next: 3,
      readable: [1, 2, 3],
    },
    aliases: [
      { alias: 'alias/keyturn/local/orders/v3', act: 'create', from: null },
      { alias: 'alias/keyturn/local/orders', act: 'move', from: 2 },
    ],
    consumers: [
      {
        name: 'billing',
        kind: 'kms-direct',
        mode: 'webhook',
        mustAcknowledge: true,
        isBehind: false,
        holdsOldVersion: false,
      },
    ],
    ciphertexts: [],
    kmsCalls: [
      { call: 'CreateKey', count: 1, seconds: 0.4 },
      { call: 'PutKeyPolicy', count: 2, seconds: 0.267 },
    ],
    capacity: {
      keyStore: 'main',
      hsmType: 'hsm2m.medium',
      holds: 16_666,
      versionsNow: 2100,
      versionsAfter: 2101,
    },
    cost: { usdPerMonthNow: 2, usdPerMonthAfter: 3 },
    approvals: [],
    waits: {
      settleSeconds: 300,
      bakeSeconds: 900,
      acknowledgementSeconds: 259_200,
      onDeadline: 'extend',
    },
    start: { onDemand: AT, bySchedule: AT },
    warnings: [],
  },
  AdoptionRequest: { kmsKey: 'alias/legacy-orders', mode: 'report' },
  ReportRequest: { kmsKey: 'alias/legacy-orders', mode: 'report' },
  AdoptKeyRequest: {
    kmsKey: 'alias/legacy-orders',
    mode: 'adopt',
    name: 'orders',
    class: 'internal-data',
    owner: 'payments',
    purpose: 'order archive',
    environment: 'development',
    aliases: ['alias/legacy-orders'],
    accept: ['delegated'],
  },
  ReleaseKeyRequest: { reason: 'the team runs its keys itself' },
  AdoptionReport: {
    keyId: 'f2b1c6de-9a57-4c1e-8f0a-2d6b7c3e4a51',
    keyArn: 'arn:aws:kms:eu-west-1:111122223333:key/f2b1c6de-9a57-4c1e-8f0a-2d6b7c3e4a51',
    description: 'orders',
    createdAt: AT,
    state: 'Enabled',
    origin: 'AWS_CLOUDHSM',
    keySpec: 'SYMMETRIC_DEFAULT',
    usage: 'ENCRYPT_DECRYPT',
    manager: 'CUSTOMER',
    isMultiRegion: false,
    keyStoreId: 'cks-1234567890abcdef0',
    aliases: ['alias/legacy-orders'],
    tags: { owner: 'payments' },
    grants: 0,
    isRotatedByVault: null,
    lastUsedAt: AT,
    managedAs: null,
    access: [{ principal: 'arn:aws:iam::111122223333:role/orders-api', rights: ['encrypt'] }],
    findings: [
      {
        code: 'aliases',
        weight: 'warns',
        detail:
          'alias/legacy-orders: who encrypts by it cannot after the first rotation, unless the adoption takes it along',
        accept: 'alias:alias/legacy-orders',
      },
    ],
    isAdoptable: true,
  },
  ClassForecast: CLASS_FORECAST,
  Capacity: {
    keyStore: 'main',
    hsmType: 'hsm2m.medium',
    holds: 16_666,
    versions: 2100,
    free: 14_566,
    classes: [CLASS_FORECAST],
    versionsWhenSteady: 3600,
    isFeasible: true,
    fullAt: null,
  },
};
