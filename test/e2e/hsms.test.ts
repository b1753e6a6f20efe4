// SPDX-License-Identifier: Apache-2.0
// An HSM of the running key store is replaced while an application goes on: the look that the schedule fires makes the
// new one, ends the old one, and nothing that was encrypted is lost.
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { Client } from '#client/sdk/index.ts';
import { scheduler } from '#scripts/local/story/actors.ts';
import { fireOnce } from '#scripts/local/story/rotation.ts';
import { until } from '#scripts/local/waiting.ts';
import { activeKey, person, workload } from './scene.ts';

const KEY_STORE = 'keyturn-local';
let alice: Client;
let api: Client;
let key: string;

beforeAll(async () => {
  alice = await person('alice');
  ({ api } = await workload());
  key = await activeKey(alice, 'hsms');
});

/** The look that the schedule makes, now. */
const look = () =>
  fireOnce(
    scheduler(inject('stack')),
    inject('stack'),
    `keyturn-${inject('stack').stage}-watch-hsms`,
    1,
  );

const hsms = async () => (await alice.listHsms(KEY_STORE)).body;
const plaintext = Buffer.from('card').toString('base64');

describe('an HSM of the key store', () => {
  it('is replaced without a failed call, and is gone when that is done', async () => {
    const before = await hsms();
    const old = before.items.find(({ state }) => state === 'ACTIVE');
    expect(before.activeZones).toBeGreaterThanOrEqual(2);
    const { ciphertext } = (await api.encrypt(key, { plaintext })).body;

    const { body } = await alice.changeHsms(KEY_STORE, { replaces: old?.id ?? '' });
    expect(body).toMatchObject({ kind: 'replace', zone: old?.zone, state: 'admitted' });
    const done = await until(
      async () => {
        expect((await api.decrypt(key, { ciphertext })).body.plaintext).toBe(plaintext);
        const { change } = await hsms();
        if (change?.state === 'done' || change?.state === 'failed') return change;
        await look();
        return false;
      },
      { timeoutSeconds: 120, pollMilliseconds: 2000, what: 'the HSM to be replaced' },
    );

    expect(done).toMatchObject({ state: 'done', cause: null });
    const after = await hsms();
    const active = after.items.filter(({ state }) => state === 'ACTIVE').map(({ id }) => id);
    expect(active).toContain(done.hsmId);
    expect(active).not.toContain(old?.id);
    expect(after.activeZones).toBe(before.activeZones);
    expect(after.newestBackupAt).not.toBeNull();
    const again = await api.encrypt(key, { plaintext });
    const opened = await api.decrypt(key, { ciphertext: again.body.ciphertext });
    expect(opened.body.plaintext).toBe(plaintext);
  });

  it('is not changed by who may not, nor into a zone where the cluster is not', async () => {
    const carol = await person('carol');
    await expect(carol.changeHsms(KEY_STORE, {})).rejects.toMatchObject({ status: 403 });
    await expect(alice.changeHsms(KEY_STORE, { zone: 'us-east-1f' })).rejects.toMatchObject({
      status: 400,
    });
  });
});
