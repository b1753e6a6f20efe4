// SPDX-License-Identifier: Apache-2.0
// One emulator, several Regions: what is made in one is not seen in another, whoever names the Region.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CopyBackupToRegionCommand,
  CreateClusterCommand,
  DescribeBackupsCommand,
  DescribeClustersCommand,
} from '@aws-sdk/client-cloudhsm-v2';
import {
  CreateAliasCommand,
  CreateGrantCommand,
  CreateKeyCommand,
  DecryptCommand,
  DescribeCustomKeyStoresCommand,
  DescribeKeyCommand,
  EncryptCommand,
  type KMSClient,
  ListAliasesCommand,
  ListKeysCommand,
  ListRetirableGrantsCommand,
} from '@aws-sdk/client-kms';
import { afterEach, describe, expect, it } from 'vitest';
import { clientOf, roleArn, startBehindGateway } from './callers.ts';
import {
  createActiveCluster,
  createConnectedKeyStore,
  refusal,
  startEmulator,
  type TestEmulator,
  until,
} from './support.ts';

const ELSEWHERE = 'eu-west-1';
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function started<Running extends { stop(): Promise<void> }>(starting: Promise<Running>) {
  const running = await starting;
  stops.push(() => running.stop());
  return running;
}

async function newKey(kms: KMSClient): Promise<string> {
  return (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.KeyId ?? '';
}

const keysOf = async (kms: KMSClient) => (await kms.send(new ListKeysCommand({}))).Keys ?? [];

/** Makes a key with an alias and a grant, the first in the one Region, and looks for them in the other. */
async function expectApart(here: KMSClient, there: KMSClient) {
  const retiring = roleArn('keeper');
  const KeyId = await newKey(here);
  const alias = { AliasName: 'alias/orders', TargetKeyId: KeyId };
  await here.send(new CreateAliasCommand(alias));
  const Operations = ['Decrypt' as const];
  const principals = { GranteePrincipal: roleArn('reader'), RetiringPrincipal: retiring };
  await here.send(new CreateGrantCommand({ KeyId, Operations, ...principals }));

  expect(await keysOf(there)).toEqual([]);
  expect((await there.send(new ListAliasesCommand({}))).Aliases).toEqual([]);
  const retirable = new ListRetirableGrantsCommand({ RetiringPrincipal: retiring });
  expect((await there.send(retirable)).Grants).toEqual([]);
  expect((await refusal(there.send(new DescribeKeyCommand({ KeyId })))).name).toBe(
    'NotFoundException',
  );
  const other = await newKey(there);
  await there.send(new CreateAliasCommand({ ...alias, TargetKeyId: other }));
  const named = await there.send(new DescribeKeyCommand({ KeyId: 'alias/orders' }));
  expect(named.KeyMetadata?.KeyId).toBe(other);
}

describe('the Region of a call', () => {
  it('is that of its credential scope, and keys, aliases and grants are apart', async () => {
    const emulator = await started(startEmulator());
    const there = emulator.kms({ region: ELSEWHERE });

    await expectApart(emulator.kms(), there);

    const [key] = await keysOf(there);
    expect(key?.KeyArn).toBe(`arn:aws:kms:${ELSEWHERE}:000000000000:key/${key?.KeyId}`);
    const ours = emulator.kms().send(new DescribeKeyCommand({ KeyId: key?.KeyArn }));
    expect(await refusal(ours)).toEqual({
      name: 'NotFoundException',
      message: `Invalid arn ${ELSEWHERE}`,
    });
  });

  it('is the one the gateway tells, and not the one a caller claims without its secret', async () => {
    const emulator = await started(startBehindGateway());
    const claiming = (kms: KMSClient) => {
      kms.middlewareStack.add(
        (next) => (args) => {
          const request = args.request as { headers: Record<string, string> };
          request.headers['x-keyturn-region'] = ELSEWHERE;
          return next(args);
        },
        { step: 'build' },
      );
      return kms;
    };
    const root = { isRoot: true };
    const there = claiming(clientOf(emulator, 'root', root));

    await expectApart(clientOf(emulator, 'root', root), there);

    expect((await keysOf(claiming(emulator.kms()))).map(({ KeyArn }) => KeyArn)).toEqual(
      (await keysOf(emulator.kms())).map(({ KeyArn }) => KeyArn),
    );
  });

  it('must be one of AWS, and is the configured one when a call names none', async () => {
    const emulator = await started(startEmulator({ region: 'us-west-2' }));
    const KeyId = await newKey(emulator.kms({ region: 'us-west-2' }));

    const nowhere = emulator.kms({ region: 'eu-nowhere-1' });
    expect((await refusal(nowhere.send(new ListKeysCommand({})))).name).toBe(
      'InvalidSignatureException',
    );
    const response = await fetch(emulator.url, {
      method: 'POST',
      headers: {
        'x-amz-target': 'TrentService.DescribeKey',
        'content-type': 'application/x-amz-json-1.1',
      },
      body: JSON.stringify({ KeyId }),
    });
    expect(await response.json()).toMatchObject({ KeyMetadata: { KeyId } });
  });
});

it('every Region keeps its keys over a restart', async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'keyturn-test-'));
  const first = await startEmulator({ dataFolder });
  const there = first.kms({ region: ELSEWHERE });
  const KeyId = await newKey(there);
  const { CiphertextBlob } = await there.send(
    new EncryptCommand({ KeyId, Plaintext: Buffer.from('kept') }),
  );
  await first.stop();
  stops.push(async () => rmSync(dataFolder, { recursive: true }));

  const second = await started(startEmulator({ dataFolder }));
  const opened = await second
    .kms({ region: ELSEWHERE })
    .send(new DecryptCommand({ CiphertextBlob }));

  expect(Buffer.from(opened.Plaintext ?? []).toString()).toBe('kept');
  expect(await keysOf(second.kms())).toEqual([]);
});

describe('clusters and key stores', () => {
  async function restoreThere(emulator: TestEmulator, source: string) {
    const there = emulator.cloudhsm({ region: ELSEWHERE });
    const backup = await until('the copy is READY', async () => {
      const { Backups = [] } = await there.send(new DescribeBackupsCommand({}));
      return Backups.find(({ BackupState }) => BackupState === 'READY');
    });
    expect(backup).toMatchObject({ SourceRegion: 'us-east-1', SourceCluster: source });
    const { Cluster } = await there.send(
      new CreateClusterCommand({
        HsmType: 'hsm1.medium',
        SubnetIds: ['subnet-0000000a', 'subnet-0000000b'],
        SourceBackupId: backup.BackupId ?? '',
      }),
    );
    return { backup, cluster: Cluster };
  }

  it('are of one Region; a cluster can be made of a copied backup in the other', async () => {
    const emulator = await started(startEmulator());
    const { clusterId } = await createActiveCluster(emulator);
    const { Backups = [] } = await emulator.cloudhsm().send(new DescribeBackupsCommand({}));
    const BackupId = Backups[0]?.BackupId ?? '';
    await emulator
      .cloudhsm()
      .send(new CopyBackupToRegionCommand({ BackupId, DestinationRegion: ELSEWHERE }));

    const { backup, cluster } = await restoreThere(emulator, clusterId);

    expect(backup.SourceBackup).toBe(BackupId);
    expect(Object.keys(cluster?.SubnetMapping ?? {})).toEqual(['eu-west-1a', 'eu-west-1b']);
    const { Clusters = [] } = await emulator.cloudhsm().send(new DescribeClustersCommand({}));
    expect(Clusters.map((found) => found.ClusterId)).toEqual([clusterId]);
  });

  it('a key store is seen in its own Region only', async () => {
    const emulator = await started(startEmulator());
    await createConnectedKeyStore(emulator);

    const there = emulator.kms({ region: ELSEWHERE });
    const { CustomKeyStores } = await there.send(new DescribeCustomKeyStoresCommand({}));

    expect(CustomKeyStores).toEqual([]);
  });
});
