// SPDX-License-Identifier: Apache-2.0
// What moves a rotation besides its date: an event on the bus starts one, forged events change nothing, use is known
// from CloudTrail's events alone, and a new version that fails its consumer goes back within its bake, under load.
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { DecryptCommand, EncryptCommand } from '@aws-sdk/client-kms';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { Client, ResponseOf } from '#client/sdk/index.ts';
import { until } from '#scripts/local/waiting.ts';
import { activeKey, ended, person, ROOT_CREDENTIALS, workload } from './scene.ts';

const CONTEXT = { service: 'orders-api' };
let operator: Client;
beforeAll(async () => {
  operator = await person('alice');
});

async function put(entries: readonly object[]): Promise<void> {
  const { gatewayUrl: endpoint, region } = inject('stack');
  const bus = new EventBridgeClient({ endpoint, region, credentials: ROOT_CREDENTIALS });
  await bus.send(new PutEventsCommand({ Entries: entries as never }));
}
const riskOf = (key: string, score: number, Source = 'keyturn.signals') => ({
  EventBusName: inject('stack').eventBusName,
  Source,
  DetailType: 'risk.score',
  Detail: JSON.stringify({ version: 1, key, score }),
});

async function auditOf(key: string) {
  return (await operator.readAudit(key, { limit: 200 })).body.items;
}

describe('a consumer that answers by event', () => {
  it('lets the rotation go on with its event, and not with one about somebody else', async () => {
    const name = await activeKey(operator, 'by-event');
    const { body } = await operator.putConsumer(
      { key: name, consumer: 'batch' },
      {
        owner: 'payments',
        contact: 'on-call',
        principal: inject('stack').roles['orders-api'] ?? '',
        rights: ['encrypt', 'decrypt'],
        kind: 'batch',
        acknowledgement: { mode: 'event' },
        moved: false,
      },
    );
    expect(await ended(operator, body.operationId)).toMatchObject({ state: 'done' });
    const { operationId } = (await operator.startRotation(name)).body;
    await until(async () => (await operator.getRotation(operationId)).body.isWaiting, {
      timeoutSeconds: 60,
      what: 'the rotation to wait',
    });
    const acknowledgement = (consumer: string) => ({
      EventBusName: inject('stack').eventBusName,
      Source: 'com.example.batch',
      DetailType: 'consumer.acknowledged',
      Detail: JSON.stringify({ version: 1, operationId, consumer, keyVersion: 2 }),
    });
    await put([acknowledgement('somebody-else'), acknowledgement('batch')]);

    expect(await ended(operator, operationId)).toMatchObject({ state: 'done' });
    const actions = (await auditOf(name)).map(({ action }) => action);
    expect(actions.filter((action) => action === 'consumer.acknowledged')).toHaveLength(1);
  });
});

describe('an event on the bus', () => {
  it('that claims a risk above the threshold of the class rotates the key, and says so', async () => {
    const name = await activeKey(operator, 'risk');
    await put([riskOf(name, 90)]);
    const operationId = await until(
      async () =>
        (await auditOf(name)).find(({ action }) => action === 'rotation.admitted')?.operationId ??
        undefined,
      { timeoutSeconds: 60, what: `a rotation of ${name} by event` },
    );

    const operation = await ended(operator, operationId);
    expect(operation).toMatchObject({ state: 'done', trigger: 'event', reason: 'risk score 90' });
  });

  it('changes nothing when it is forged, untrue, or of another shape', async () => {
    const name = await activeKey(operator, 'forged');
    const { revision } = (await operator.getKey(name)).body;
    await put([
      riskOf(name, 99, 'somebody.else'),
      riskOf(name, 10),
      { ...riskOf(name, 99), Detail: JSON.stringify({ version: 7, key: name, score: 99 }) },
    ]);
    // Events of one bus are followed in order here: when this one has been, the others have.
    const marker = await activeKey(operator, 'marker');
    await put([riskOf(marker, 90)]);
    await until(
      async () =>
        (await auditOf(marker)).some(({ action }) => action === 'rotation.due-by-event') ||
        undefined,
      { timeoutSeconds: 60, what: 'the marker event' },
    );

    expect((await operator.getKey(name)).body.revision).toBe(revision);
  });
});

describe('a rotation that fails its consumer', () => {
  let name: string;
  let operation: ResponseOf<'getOperation'>;
  const written: Uint8Array[] = [];
  let failures = 0;

  beforeAll(async () => {
    name = await activeKey(operator, 'bake');
    const { kms } = await workload();
    const alias = (await operator.getKey(name)).body.alias ?? '';
    let isRunning = true;
    const consumer = (async () => {
      while (isRunning) {
        try {
          const made = await kms.send(
            new EncryptCommand({
              KeyId: alias,
              Plaintext: Buffer.from(`n ${written.length}`),
              EncryptionContext: CONTEXT,
            }),
          );
          if (made.CiphertextBlob) written.push(made.CiphertextBlob);
        } catch {
          failures += 1;
        }
      }
    })();
    const { operationId } = (await operator.startRotation(name)).body;
    await until(
      async () =>
        (await operator.getOperation(operationId)).body.timeline.some(
          ({ step }) => step === 'SwitchAlias',
        ) || undefined,
      { timeoutSeconds: 120, what: 'the switch' },
    );
    await operator.rollBackRotation(operationId, { reason: 'orders cannot be read' });
    operation = await ended(operator, operationId);
    isRunning = false;
    await consumer;
  }, 240_000);

  it('goes back to the old version, and says why', async () => {
    expect(operation.state).toBe('compensated');
    expect(operation.cause).toContain('orders cannot be read');
    expect((await operator.getKey(name)).body.currentVersion).toBe(1);
    const states = (await operator.listVersions(name)).body.items.map(({ state }) => state);
    expect(states).toEqual(['active', 'deactivated']);
  });

  it('loses nothing that was written meanwhile, under either version, and no call failed', async () => {
    const { kms } = await workload();
    const keys = new Set<string>();
    for (const CiphertextBlob of written) {
      const opened = await kms.send(
        new DecryptCommand({ CiphertextBlob, EncryptionContext: CONTEXT }),
      );
      keys.add(opened.KeyId ?? '');
    }

    expect(failures).toBe(0);
    expect(keys.size).toBe(2);
  });

  it('is known version by version from CloudTrail’s events', async () => {
    const role = inject('stack').roles['orders-api'];
    const uses = await until(
      async () => {
        const { items } = (await operator.readUsage(name)).body;
        const mine = items.filter(({ principal }) => principal === role);
        return mine.length === 2 && mine.every(({ encrypts }) => encrypts > 0) ? mine : undefined;
      },
      { timeoutSeconds: 60, what: 'the record of key use' },
    );

    expect(uses.map(({ version }) => version)).toEqual([1, 2]);
  });

  it('cannot go back twice, nor behind its bake', async () => {
    await expect(
      operator.rollBackRotation(operation.id, { reason: 'again' }),
    ).resolves.toMatchObject({ body: { state: 'compensated' } });
    const { operationId } = (await operator.startRotation(name)).body;
    await ended(operator, operationId);

    await expect(
      operator.rollBackRotation(operationId, { reason: 'too late' }),
    ).rejects.toMatchObject({ status: 409 });
  });
});
