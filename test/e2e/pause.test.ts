// SPDX-License-Identifier: Apache-2.0
// The pause on a running stack: what is due waits, and people and workloads do not.
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '#client/sdk/index.ts';
import { until } from '#scripts/local/waiting.ts';
import { activeKey, ended, person, ranToEnd, workload } from './scene.ts';

const plaintext = Buffer.from('order 4711').toString('base64');
let alice: Client;
let api: Client;
beforeAll(async () => {
  alice = await person('alice');
  ({ api } = await workload());
});
afterEach(async () => {
  const [last] = (await alice.listPauses()).body.items;
  if (last?.isActive) await alice.endPause(last.id);
});

const versionOf = async (name: string) => (await alice.getKey(name)).body.currentVersion;
async function makeDue(name: string): Promise<void> {
  const { etag } = await alice.getKey(name);
  const nextRotationAt = new Date(Date.now() - 1000).toISOString();
  await alice.updateKey(name, { nextRotationAt }, { ifMatch: etag ?? '' });
}

describe('the pause', () => {
  it('holds back what is due until it ends, and nothing else', async () => {
    const [due, asked] = await Promise.all([activeKey(alice, 'due'), activeKey(alice, 'asked')]);
    const { body: pause } = await alice.startPause({ hours: 1, reason: 'KMS answers oddly' });
    expect(pause).toMatchObject({ isActive: true });
    expect((await alice.getHealth()).body).toMatchObject({ status: 'ok', isPaused: true });
    await makeDue(due);

    expect(await ranToEnd('rotation-sweep')).toBe('SUCCEEDED');
    expect((await alice.getKey(due)).body).toMatchObject({ operationId: null, currentVersion: 1 });
    expect((await api.encrypt(due, { plaintext })).status).toBe(200);
    const { body } = await alice.startRotation(asked, {});
    expect((await ended(alice, body.operationId)).state).toBe('done');
    expect(await versionOf(asked)).toBe(2);

    const { body: over } = await alice.endPause(pause.id);
    expect(over).toMatchObject({ isActive: false, endedBy: 'usr_alice' });
    expect((await alice.getHealth()).body).toMatchObject({ isPaused: false });
    expect(await ranToEnd('rotation-sweep')).toBe('SUCCEEDED');
    await until(async () => (await versionOf(due)) === 2, {
      timeoutSeconds: 120,
      what: `${due} to be rotated by the sweep`,
    });
  });
});
