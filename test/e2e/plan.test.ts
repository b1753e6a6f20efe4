// SPDX-License-Identifier: Apache-2.0
// A rotation that was planned on the deployed stack: held to its plan, and refused when the world moved.
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { Client } from '#client/sdk/index.ts';
import { activeKey, ended, person } from './scene.ts';

describe('a planned rotation', () => {
  let operator: Client;
  let name: string;
  const plan = async () => (await operator.createPlan({ key: name, operation: 'rotate-key' })).body;

  beforeAll(async () => {
    operator = await person('alice');
    name = await activeKey(operator, 'planned');
  });

  it('shows what it would touch and changes nothing', async () => {
    const before = (await operator.getKey(name)).body;
    const shown = await plan();

    expect(shown).toMatchObject({
      versions: { current: { version: 1 }, next: 2 },
      consumers: [],
      cost: { usdPerMonthNow: 1, usdPerMonthAfter: 2 },
    });
    expect(shown.capacity.versionsAfter).toBe(shown.capacity.versionsNow + 1);
    expect((await operator.getKey(name)).body).toEqual(before);
  });

  it('is refused when it was changed underneath, and runs when it was not', async () => {
    const stale = await plan();
    const opened = await operator.putConsumer(
      { key: name, consumer: 'storage' },
      {
        owner: 'payments',
        contact: 'on-call',
        principal: inject('stack').roles['orders-api'] ?? '',
        rights: ['decrypt'],
        kind: 'aws-service',
        acknowledgement: { mode: 'wait', waitSeconds: 1 },
      },
    );
    await ended(operator, opened.body.operationId);

    await expect(operator.startRotation(name, { planDigest: stale.digest })).rejects.toMatchObject({
      status: 409,
      code: 'PlanStale',
    });
    expect((await operator.getKey(name)).body.currentVersion).toBe(1);

    const fresh = await plan();
    const started = await operator.startRotation(name, { planDigest: fresh.digest });
    const operation = await ended(operator, started.body.operationId);
    expect(operation).toMatchObject({ state: 'done', planDigest: fresh.digest });
    const made = (await plan()).versions;
    expect(made).toMatchObject({ current: { version: 2 }, readable: [1, 2, 3] });
  });

  it('is counted in the capacity of the key store', async () => {
    const { body } = await operator.readCapacity('keyturn-local');
    const { versions } = (await operator.createPlan({ key: name, operation: 'rotate-key' })).body;

    expect(body.versions).toBeGreaterThanOrEqual(versions.current.version);
    expect(body.classes.map((one) => one.class)).toContain('test');
  });
});
