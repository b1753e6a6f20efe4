// SPDX-License-Identifier: Apache-2.0
// CloudHSM v2: the way from an empty cluster to an active one, and what is refused on it.
import 'reflect-metadata';
import {
  type CloudHSMV2Client,
  CreateClusterCommand,
  CreateHsmCommand,
  DeleteClusterCommand,
  DeleteHsmCommand,
  DescribeBackupsCommand,
  DescribeClustersCommand,
  InitializeClusterCommand,
  ListTagsCommand,
  ModifyClusterCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-cloudhsm-v2';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createActiveCluster,
  createUninitializedCluster,
  makeCustomerCa,
  refusal,
  startEmulator,
  type TestEmulator,
  until,
} from './support.ts';

let emulator: TestEmulator;
let cloudhsm: CloudHSMV2Client;
beforeAll(async () => {
  emulator = await startEmulator();
  cloudhsm = emulator.cloudhsm();
});
afterAll(() => emulator.stop());

const find = async (clusterId: string) => {
  const { Clusters } = await cloudhsm.send(
    new DescribeClustersCommand({ Filters: { clusterIds: [clusterId] } }),
  );
  return Clusters?.[0];
};

describe('a cluster', () => {
  it('begins in CREATE_IN_PROGRESS with one zone for each subnet', async () => {
    const { Cluster } = await cloudhsm.send(
      new CreateClusterCommand({
        HsmType: 'hsm1.medium',
        SubnetIds: ['subnet-0000000a', 'subnet-0000000b', 'subnet-0000000c'],
      }),
    );

    expect(Cluster?.State).toBe('CREATE_IN_PROGRESS');
    expect(Cluster?.SubnetMapping).toEqual({
      'us-east-1a': 'subnet-0000000a',
      'us-east-1b': 'subnet-0000000b',
      'us-east-1c': 'subnet-0000000c',
    });
  });

  it('gives a CSR whose own signature is good', async () => {
    const { csr, clusterId } = await createUninitializedCluster(emulator);

    const request = new Pkcs10CertificateRequest(csr);

    expect(await request.verify()).toBe(true);
    expect(request.subject).toContain(clusterId);
  });

  it('takes only a certificate for its CSR that the trust anchor signed', async () => {
    const { clusterId: ClusterId, csr } = await createUninitializedCluster(emulator);
    const { csr: otherCsr } = await createUninitializedCluster(emulator);
    const [ca, otherCa] = [await makeCustomerCa(), await makeCustomerCa()];
    const initialize = (SignedCert: string, TrustAnchor: string) =>
      cloudhsm.send(new InitializeClusterCommand({ ClusterId, SignedCert, TrustAnchor }));

    const signed = await ca.sign(csr);
    const attempts = [
      initialize(signed, otherCa.trustAnchor),
      initialize(await ca.sign(otherCsr), ca.trustAnchor),
      initialize('no certificate', ca.trustAnchor),
      initialize(signed, 'no certificate'),
    ];
    for (const attempt of attempts) {
      expect((await refusal(attempt)).name).toBe('CloudHsmInvalidRequestException');
    }
    expect((await find(ClusterId))?.State).toBe('UNINITIALIZED');
    await initialize(signed, ca.trustAnchor);
    await until('active', async () =>
      (await find(ClusterId))?.State === 'ACTIVE' ? true : undefined,
    );
    const again = await refusal(initialize(signed, ca.trustAnchor));
    expect(again.name).toBe('CloudHsmInvalidRequestException');
  });

  it('takes a second HSM only once it is initialized, and only in its zones', async () => {
    const { clusterId: ClusterId } = await createUninitializedCluster(emulator);
    const create = (AvailabilityZone: string, id = ClusterId) =>
      refusal(cloudhsm.send(new CreateHsmCommand({ ClusterId: id, AvailabilityZone })));
    const { clusterId: active } = await createActiveCluster(emulator);

    expect((await create('us-east-1b')).name).toBe('CloudHsmInvalidRequestException');
    expect((await create('us-east-1c', active)).message).toContain('no subnet in us-east-1c');
    expect((await create('us-east-1a', 'cluster-aaaaaaaaaaa')).name).toBe(
      'CloudHsmResourceNotFoundException',
    );
  });

  it('leaves backups when HSMs are deleted, and can be deleted without them only', async () => {
    const { clusterId: ClusterId } = await createActiveCluster(emulator);
    const remove = () => cloudhsm.send(new DeleteClusterCommand({ ClusterId }));
    expect((await refusal(remove())).name).toBe('CloudHsmInvalidRequestException');
    for (const { HsmId } of (await find(ClusterId))?.Hsms ?? []) {
      await cloudhsm.send(new DeleteHsmCommand({ ClusterId, HsmId: HsmId ?? '' }));
    }
    await until('no HSMs', async () =>
      (await find(ClusterId))?.Hsms?.length === 0 ? true : undefined,
    );

    await remove();

    await until('deleted', async () =>
      (await find(ClusterId))?.State === 'DELETED' ? true : undefined,
    );
    const { Backups } = await cloudhsm.send(
      new DescribeBackupsCommand({ Filters: { clusterIds: [ClusterId] } }),
    );
    // One when it was initialized, one for each HSM, one for the cluster.
    expect(Backups).toHaveLength(4);
  });

  it('has tags and a retention period', async () => {
    const { clusterId } = await createUninitializedCluster(emulator);
    const ResourceId = clusterId;
    const TagList = [
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '2' },
    ];
    await cloudhsm.send(new TagResourceCommand({ ResourceId, TagList }));
    await cloudhsm.send(new UntagResourceCommand({ ResourceId, TagKeyList: ['a'] }));
    await cloudhsm.send(
      new ModifyClusterCommand({
        ClusterId: clusterId,
        BackupRetentionPolicy: { Type: 'DAYS', Value: '7' },
      }),
    );

    const tags = await cloudhsm.send(new ListTagsCommand({ ResourceId }));
    expect(tags.TagList).toEqual([{ Key: 'b', Value: '2' }]);
    expect((await find(clusterId))?.BackupRetentionPolicy?.Value).toBe('7');
  });
});
