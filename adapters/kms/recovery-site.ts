// SPDX-License-Identifier: Apache-2.0
// Clusters, backups and the connection of a key store, for its recovery. The password of `kmsuser` goes from Secrets
// Manager to KMS and nowhere else.
import {
  type CloudHSMV2Client,
  type Cluster,
  CreateClusterCommand,
  CreateHsmCommand,
  DescribeBackupsCommand,
  DescribeClustersCommand,
} from '@aws-sdk/client-cloudhsm-v2';
import {
  ConnectCustomKeyStoreCommand,
  DescribeCustomKeyStoresCommand,
  DisconnectCustomKeyStoreCommand,
  type KMSClient,
  UpdateCustomKeyStoreCommand,
} from '@aws-sdk/client-kms';
import { precondition } from '#core/errors.ts';
import type { Backup, ClusterView, Connection, RecoverySite } from '#core/ports/recovery-site.ts';
import { asked } from './cloudhsm-errors.ts';
import { translated } from './errors.ts';

export interface ClusterPlace {
  readonly hsmType: string;
  readonly subnetIds: readonly string[];
  readonly backupRetentionDays: number;
}

/** Tag by which a cluster that was made, and not recorded, is found. */
const OPERATION_TAG = 'keyturn:operation';
const GONE = ['DELETED', 'DELETE_IN_PROGRESS'];

export class CloudHsmRecoverySite implements RecoverySite {
  readonly #hsm: CloudHSMV2Client;
  readonly #kms: KMSClient;
  readonly #place: ClusterPlace;
  readonly #password: () => Promise<string>;

  constructor(
    clients: { readonly hsm: CloudHSMV2Client; readonly kms: KMSClient },
    place: ClusterPlace,
    password: () => Promise<string>,
  ) {
    this.#hsm = clients.hsm;
    this.#kms = clients.kms;
    this.#place = place;
    this.#password = password;
  }

  async backupsOf(clusterIds: readonly string[]): Promise<readonly Backup[]> {
    const filters = { clusterIds: [...clusterIds], states: ['READY'] };
    const found: Backup[] = [];
    for (let NextToken: string | undefined; ; ) {
      const command = new DescribeBackupsCommand({
        Filters: filters,
        ...(NextToken ? { NextToken } : {}),
      });
      const page = await asked(() => this.#hsm.send(command));
      for (const { BackupId: id, ClusterId: clusterId = '', CreateTimestamp } of page.Backups ?? [])
        if (id && CreateTimestamp) found.push({ id, clusterId, at: CreateTimestamp.toISOString() });
      NextToken = page.NextToken;
      if (!NextToken) return found.sort((a, b) => (a.at < b.at ? 1 : -1));
    }
  }

  async #clusters(ids?: readonly string[]): Promise<readonly Cluster[]> {
    const found: Cluster[] = [];
    const filters = ids ? { Filters: { clusterIds: [...ids] } } : {};
    for (let NextToken: string | undefined; ; ) {
      const command = new DescribeClustersCommand({
        ...filters,
        ...(NextToken ? { NextToken } : {}),
      });
      const page = await asked(() => this.#hsm.send(command));
      found.push(...(page.Clusters ?? []));
      NextToken = page.NextToken;
      if (!NextToken) return found;
    }
  }

  async cluster(id: string): Promise<ClusterView | null> {
    const [found] = await this.#clusters([id]);
    if (!found || GONE.includes(found.State ?? '')) return null;
    const hsms = (found.Hsms ?? []).map(({ AvailabilityZone: zone = '', State: state = '' }) => ({
      zone,
      state,
    }));
    return { state: found.State ?? '', hsms };
  }

  async clusterOf(operationId: string): Promise<string | null> {
    const isOurs = ({ TagList = [], State = '' }: Cluster) =>
      !GONE.includes(State) &&
      TagList.some(({ Key, Value }) => Key === OPERATION_TAG && Value === operationId);
    return (await this.#clusters()).find(isOurs)?.ClusterId ?? null;
  }

  async createCluster(backupId: string, operationId: string): Promise<string> {
    const command = new CreateClusterCommand({
      HsmType: this.#place.hsmType,
      SubnetIds: [...this.#place.subnetIds],
      SourceBackupId: backupId,
      BackupRetentionPolicy: { Type: 'DAYS', Value: String(this.#place.backupRetentionDays) },
      TagList: [{ Key: OPERATION_TAG, Value: operationId }],
    });
    const { Cluster: made } = await asked(() => this.#hsm.send(command));
    precondition(made?.ClusterId, 'CloudHSM answers the id of the cluster');
    return made.ClusterId;
  }

  async createHsm(clusterId: string, zone: string): Promise<void> {
    const command = new CreateHsmCommand({ ClusterId: clusterId, AvailabilityZone: zone });
    await asked(() => this.#hsm.send(command));
  }

  async connection(keyStoreId: string): Promise<Connection> {
    const command = new DescribeCustomKeyStoresCommand({ CustomKeyStoreId: keyStoreId });
    const { CustomKeyStores } = await translated(() => this.#kms.send(command));
    const [found] = CustomKeyStores ?? [];
    precondition(found, 'KMS lists the key store of the stage');
    const { ConnectionState: state = '', ConnectionErrorCode: error = null } = found;
    return { state, error, clusterId: found.CloudHsmClusterId ?? '' };
  }

  async disconnect(keyStoreId: string): Promise<void> {
    const command = new DisconnectCustomKeyStoreCommand({ CustomKeyStoreId: keyStoreId });
    await translated(() => this.#kms.send(command));
  }

  async connect(keyStoreId: string): Promise<void> {
    const command = new ConnectCustomKeyStoreCommand({ CustomKeyStoreId: keyStoreId });
    await translated(() => this.#kms.send(command));
  }

  async repoint(keyStoreId: string, clusterId: string): Promise<void> {
    const command = new UpdateCustomKeyStoreCommand({
      CustomKeyStoreId: keyStoreId,
      CloudHsmClusterId: clusterId,
      KeyStorePassword: await this.#password(),
    });
    await translated(() => this.#kms.send(command));
  }
}
