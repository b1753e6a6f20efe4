// SPDX-License-Identifier: Apache-2.0
// What goes wrong around a rotation: the key stays usable, and the operation says what happened.

import { DeleteRolePolicyCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  ConnectCustomKeyStoreCommand,
  DescribeCustomKeyStoresCommand,
  DescribeKeyCommand,
  DisconnectCustomKeyStoreCommand,
  KMSClient,
} from '@aws-sdk/client-kms';
import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Client, ResponseOf } from '#client/sdk/index.ts';
import { setConsistencyDelay } from '#scripts/local/consistency.ts';
import { scheduler } from '#scripts/local/story/actors.ts';
import { scheduleSweep } from '#scripts/local/story/rotation.ts';
import { until } from '#scripts/local/waiting.ts';
import { activeKey, ended, faults, person, ROOT_CREDENTIALS, workload } from './scene.ts';

let operator: Client;
let root: KMSClient;

const plaintext = Buffer.from('order 4711').toString('base64');

async function isUsable(name: string): Promise<void> {
  const { api } = await workload();
  const { body } = await api.encrypt(name, { plaintext });
  expect((await api.decrypt(name, { ciphertext: body.ciphertext })).body.plaintext).toBe(plaintext);
}

async function keyStoreState(wanted: string): Promise<void> {
  const CustomKeyStoreId = inject('stack').keyStoreId ?? '';
  await until(
    async () => {
      const { CustomKeyStores } = await root.send(
        new DescribeCustomKeyStoresCommand({ CustomKeyStoreId }),
      );
      return CustomKeyStores?.[0]?.ConnectionState === wanted;
    },
    { timeoutSeconds: 30, what: `the key store to be ${wanted}` },
  );
}

afterEach(restoreDelays);

beforeAll(async () => {
  operator = await person('alice');
  const { gatewayUrl, region } = inject('stack');
  root = new KMSClient({ endpoint: gatewayUrl, region, credentials: ROOT_CREDENTIALS });
});

describe('a disconnected key store', () => {
  const CustomKeyStoreId = inject('stack').keyStoreId ?? '';

  afterEach(async () => {
    const { CustomKeyStores } = await root.send(
      new DescribeCustomKeyStoresCommand({ CustomKeyStoreId }),
    );
    if (CustomKeyStores?.[0]?.ConnectionState === 'DISCONNECTED') {
      await root.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId }));
    }
    await keyStoreState('CONNECTED');
  });

  it('before a rotation: it is undone with its cause, and the old version goes on once connected', async () => {
    const name = await activeKey(operator, 'before');
    await root.send(new DisconnectCustomKeyStoreCommand({ CustomKeyStoreId }));
    await keyStoreState('DISCONNECTED');

    const { body } = await operator.startRotation(name);
    const operation = await ended(operator, body.operationId);

    expect(operation.state).toBe('compensated');
    expect(operation.cause).toContain('KeyStoreUnavailable');
    await root.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId }));
    await keyStoreState('CONNECTED');
    await isUsable(name);
    expect((await operator.getKey(name)).body).toMatchObject({
      currentVersion: 1,
      operationId: null,
    });
  });

  it('after the switch: the rotation is parked, and the sweep finishes it once connected', async () => {
    const name = await activeKey(operator, 'after');
    const { body } = await operator.startRotation(name);
    await until(async () => (await operator.getKey(name)).body.currentVersion === 2, {
      timeoutSeconds: 60,
      what: 'the switch',
    });
    await faults('POST', {
      operation: 'PutKeyPolicy',
      code: 'KMSInvalidStateException',
      count: 60,
    });

    const parked = await ended(operator, body.operationId);

    expect(parked).toMatchObject({ state: 'parked' });
    expect(parked.cause).toContain('KeyStoreUnavailable');
    await isUsable(name);
    await restoreDelays();
    expect((await resumed(body.operationId, parked)).state).toBe('done');
    expect((await operator.listVersions(name)).body.items.map(({ state }) => state)).toEqual([
      'deactivated',
      'active',
    ]);
  });
});

/** Lets the sweep take a parked operation up again when its time has come. */
async function resumed(
  id: string,
  parked: ResponseOf<'getOperation'>,
): Promise<ResponseOf<'getOperation'>> {
  const wait = Math.max(0, Date.parse(parked.retryAt ?? '') - Date.now()) / 1000;
  await scheduleSweep(scheduler(inject('stack')), inject('stack'), Math.ceil(wait) + 1);
  await until(async () => (await operator.getOperation(id)).body.state !== 'parked', {
    timeoutSeconds: wait + 30,
    what: 'the sweep to resume it',
  });
  return ended(operator, id);
}

async function restoreDelays(): Promise<void> {
  const { kmsUrl, adminToken } = inject('stack');
  await setConsistencyDelay(kmsUrl, adminToken, { min: 1, max: 3, seed: 7 });
}

describe('KMS throttling', () => {
  it('is retried within a budget', async () => {
    const name = await activeKey(operator, 'throttled');
    for (const operation of ['CreateKey', 'UpdateAlias', 'PutKeyPolicy']) {
      await faults('POST', { operation, code: 'ThrottlingException', count: 5 });
    }

    const { body } = await operator.startRotation(name);

    expect((await ended(operator, body.operationId)).state).toBe('done');
  });
});

describe('least privilege', () => {
  // One key for all: an undone rotation leaves it as it was.
  let name: string;
  beforeAll(async () => {
    name = await activeKey(operator, 'denied');
  });

  async function withDenied(
    role: string,
    action: string,
    work: () => Promise<void>,
  ): Promise<void> {
    const { gatewayUrl, region } = inject('stack');
    const iam = new IAMClient({ endpoint: gatewayUrl, region, credentials: ROOT_CREDENTIALS });
    const names = { RoleName: `keyturn-local-${role}`, PolicyName: 'test-denies' };
    const Statement = [{ Effect: 'Deny', Action: action, Resource: '*' }];
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await iam.send(new PutRolePolicyCommand({ ...names, PolicyDocument }));
    try {
      await work();
    } finally {
      await iam.send(new DeleteRolePolicyCommand(names));
    }
  }

  // Where the operation stops when one action is taken from one role: the step before it was recorded last.
  const BEFORE_SWITCH = [
    ['create-version', 'kms:CreateKey', 'BeginOperation'],
    ['verify-version', 'kms:Decrypt', 'CreateVersion'],
    ['place-alias', 'kms:CreateAlias', 'VerifyVersion'],
    ['apply-policy', 'kms:PutKeyPolicy', 'NameVersion'],
  ] as const;

  it.each(BEFORE_SWITCH)(
    'without %s → %s the rotation stops behind %s and is undone or parked',
    async (role, action, last) => {
      let operation: ResponseOf<'getOperation'> | undefined;
      await withDenied(role, action, async () => {
        const { body } = await operator.startRotation(name);
        operation = await ended(operator, body.operationId);

        const steps = operation.timeline
          .map(({ step }) => step)
          .filter((step) => step !== 'CompensateOperation' && step !== 'ClosePolicy');
        expect(steps.at(-1)).toBe(last);
        expect(['compensated', 'parked']).toContain(operation.state);
        expect(operation.cause).toContain('AccessDenied');
      });

      // What could not be undone either is finished by the sweep once the right is back.
      if (operation?.state === 'parked') {
        expect((await resumed(operation.id, operation)).state).toBe('done');
      }
      await isUsable(name);
    },
  );

  it('a compensated rotation leaves its KMS key pending deletion', async () => {
    await withDenied('place-alias', 'kms:CreateAlias', async () => {
      const { body } = await operator.startRotation(name);
      expect((await ended(operator, body.operationId)).state).toBe('compensated');
    });

    const version = (await operator.listVersions(name)).body.items.at(-1);
    expect(version).toMatchObject({ state: 'pre-activation', substate: 'destroy-scheduled' });
    await until(
      async () => {
        const { KeyMetadata } = await root.send(
          new DescribeKeyCommand({ KeyId: version?.keyId ?? '' }),
        );
        return KeyMetadata?.KeyState === 'PendingDeletion';
      },
      { timeoutSeconds: 10, what: 'KMS to show the deletion' },
    );
  });
});
