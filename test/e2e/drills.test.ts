// SPDX-License-Identifier: Apache-2.0
// Two recovery drills of the running key store, with real token content, while it stays in use: one finds every key, one
// has an object deleted behind its back. Nothing of either is left.
import {
  CloudHSMV2Client,
  CreateHsmCommand,
  DeleteHsmCommand,
  DescribeBackupsCommand,
  DescribeClustersCommand,
} from '@aws-sdk/client-cloudhsm-v2';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { Client, ResponseOf } from '#client/sdk/index.ts';
import { scheduler } from '#scripts/local/story/actors.ts';
import { hsmAdmin } from '#scripts/local/story/hsm-admin.ts';
import { fireOnce } from '#scripts/local/story/rotation.ts';
import { until } from '#scripts/local/waiting.ts';
import { mailed } from './mailbox.ts';
import { activeKey, person, ROOT_CREDENTIALS, workload } from './scene.ts';

type Drill = ResponseOf<'getDrill'>;

const KEY_STORE = 'keyturn-local';
const CUSTODIANS = ['bob', 'carol', 'dan', 'erin', 'frank'];
let alice: Client;
let hsm: CloudHSMV2Client;
let clusterId: string;
let api: Awaited<ReturnType<typeof workload>>['api'];

beforeAll(async () => {
  const { gatewayUrl: endpoint, region } = inject('stack');
  alice = await person('alice');
  hsm = new CloudHSMV2Client({ endpoint, region, credentials: ROOT_CREDENTIALS });
  clusterId = (await alice.getKeyStore(KEY_STORE)).body.clusterId ?? '';
  ({ api } = await workload());
});

const show = async (id: string) => (await alice.getDrill(id)).body;

/** The look that the schedule makes, now. */
const look = () =>
  fireOnce(
    scheduler(inject('stack')),
    inject('stack'),
    `keyturn-${inject('stack').stage}-watch-drills`,
    1,
  );

const inPhase = (id: string, phase: Drill['phase']) =>
  until(
    async () => {
      const found = await show(id);
      if (found.phase === phase) return found;
      await look();
      return false;
    },
    { timeoutSeconds: 150, pollMilliseconds: 2000, what: `${id} to be in ${phase}` },
  );

/** CloudHSM takes a backup whenever an HSM is deleted. */
async function backUp(): Promise<void> {
  const began = Date.now();
  const find = new DescribeClustersCommand({ Filters: { clusterIds: [clusterId] } });
  const [one] = (await hsm.send(find)).Clusters?.[0]?.Hsms ?? [];
  await hsm.send(new DeleteHsmCommand({ ClusterId: clusterId, HsmId: one?.HsmId ?? '' }));
  const zone = { AvailabilityZone: one?.AvailabilityZone ?? '' };
  await hsm.send(new CreateHsmCommand({ ClusterId: clusterId, ...zone }));
  const Filters = { clusterIds: [clusterId], states: ['READY' as const] };
  await until(
    async () => {
      const { Backups = [] } = await hsm.send(new DescribeBackupsCommand({ Filters }));
      return Backups.some(({ CreateTimestamp: at }) => Number(at) >= began - 1000);
    },
    { timeoutSeconds: 20, what: 'the backup to be ready' },
  );
}

/** What the HSM administrator lists in the restored HSM. */
async function objectsOf(id: string): Promise<readonly { label: string; id: string }[]> {
  const { kmsUrl, adminToken } = inject('stack');
  const headers = { 'x-admin-token': adminToken };
  const answer = await fetch(`${kmsUrl}/_admin/hsm/objects?clusterId=${id}`, { headers });
  const { objects } = (await answer.json()) as { objects: { label: string; id: string }[] };
  return objects;
}

/** Clusters and backups of a drill that are not deleted, nor about to be. */
async function leftOf({ clusterIds }: Drill): Promise<readonly unknown[]> {
  const { Clusters = [] } = await hsm.send(new DescribeClustersCommand({}));
  const Filters = { clusterIds: [...clusterIds] };
  const { Backups = [] } = await hsm.send(new DescribeBackupsCommand({ Filters }));
  expect(Backups.length).toBeGreaterThan(0);
  return [
    ...Clusters.filter(
      ({ ClusterId = '', State }) => clusterIds.includes(ClusterId) && State !== 'DELETED',
    ),
    ...Backups.filter(({ BackupState }) => BackupState !== 'PENDING_DELETION'),
  ];
}

async function answers(id: string): Promise<void> {
  for (const user of CUSTODIANS) await (await person(user)).answerDrill(id);
}

const print = (drill: Drill) =>
  process.stdout.write(
    `  ${drill.id} ${drill.state}: HSM restored in ${drill.restoreSeconds} s, recovery in ${drill.recoverySeconds} s; ${drill.phases.map(({ name, seconds }) => `${name} ${seconds?.toFixed(1)} s`).join(', ')}\n`,
  );

describe('a recovery drill', () => {
  it('finds every key that was there before the backup, while the key store is in use', async () => {
    const before = await activeKey(alice, 'drilled');
    const plaintext = Buffer.from('card').toString('base64');
    const { ciphertext } = (await api.encrypt(before, { plaintext })).body;
    await backUp();
    const after = await activeKey(alice, 'undrilled');

    const { id } = (await alice.startDrill()).body;
    expect((await alice.startDrill()).body.id).toBe(id);
    const waiting = await inPhase(id, 'list-keys');
    expect(waiting.clusterIds).toHaveLength(1);
    expect(waiting.clusterIds).not.toContain(clusterId);
    const [mail] = await mailed(id, CUSTODIANS, 'Recovery drill');
    expect(mail?.text).toContain(`keyturn drill answer ${id}`);
    await answers(id);
    await expect(alice.answerDrill(id)).rejects.toMatchObject({ status: 403 });
    expect((await api.decrypt(before, { ciphertext })).body.plaintext).toBe(plaintext);

    const labels = (await objectsOf(waiting.clusterIds[0] ?? '')).map(({ label }) => label);
    const { keys } = (await alice.reportDrillKeys(id, { labels })).body;
    const done = await inPhase(id, 'done');
    print(done);

    // The stack may have lost keys in an earlier run, which are older than this backup.
    const lost = keys?.missing.map(({ key }) => key);
    expect(lost).not.toContain(before);
    expect(lost).not.toContain(after);
    expect(keys?.found).toBeGreaterThan(0);
    expect(done.state).toBe(keys?.missingCount === 0 ? 'passed' : 'failed');
    expect(done.custodians).toMatchObject({ answered: 5, isQuorumReached: true });
    expect(done.recoverySeconds).toBeGreaterThan(0);
    expect(await leftOf(done)).toEqual([]);
    expect((await alice.getKeyStore(KEY_STORE)).body).toMatchObject({ clusterId, state: 'done' });
  });

  it('fails and names the version whose object is not in the restored HSM', async () => {
    const key = await activeKey(alice, 'lost');
    const [version] = (await alice.listVersions(key)).body.items;
    await backUp();
    const { id } = (await alice.startDrill()).body;
    const [drilled = ''] = (await inPhase(id, 'list-keys')).clusterIds;
    await answers(id);
    const found = (await objectsOf(drilled)).find(({ id: keyId }) =>
      version?.keyArn?.endsWith(keyId),
    );
    const site = { operator: alice, stack: inject('stack'), directory: inject('directory') };
    const args = ['delete-object', '--cluster', drilled, '--label', found?.label ?? ''];
    expect(await hsmAdmin(site, args)).toBeNull();

    const labels = (await objectsOf(drilled)).map(({ label }) => label);
    const { keys } = (await alice.reportDrillKeys(id, { labels })).body;
    expect(keys?.missing.map((one) => one.key)).toContain(key);
    const done = await inPhase(id, 'done');
    print(done);
    expect(done.state).toBe('failed');
    expect(done.causes[0]).toMatch(/expected versions are not in the backup/);
    expect(await leftOf(done)).toEqual([]);
    // In the HSMs in service it is still there.
    const plaintext = Buffer.from('card').toString('base64');
    expect((await api.encrypt(key, { plaintext })).body.ciphertext).toBeDefined();
  });
});
