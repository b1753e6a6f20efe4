// SPDX-License-Identifier: Apache-2.0
// Starts the emulator for tests, in this process on a free port, and brings it to a connected key store.
// One emulator per process at a time: a process loads SoftHSM once.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudHSMV2Client,
  type CloudHSMV2ClientConfig,
  CreateClusterCommand,
  CreateHsmCommand,
  DescribeClustersCommand,
  InitializeClusterCommand,
} from '@aws-sdk/client-cloudhsm-v2';
import {
  ConnectCustomKeyStoreCommand,
  CreateCustomKeyStoreCommand,
  DescribeCustomKeyStoresCommand,
  KMSClient,
  type KMSClientConfig,
} from '@aws-sdk/client-kms';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  Pkcs10CertificateRequest,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { type StartOptions, start } from '#emulator/start.ts';

cryptoProvider.set(webcrypto);

/** Credentials that stand for the account root. */
export const rootCredentials = { accessKeyId: 'test', secretAccessKey: 'test' };

/** The password of `kmsuser` in tests. */
export const KEY_STORE_PASSWORD = 'kmsuser-password';

/** An emulator under test. */
export interface TestEmulator {
  readonly url: string;
  readonly adminToken: string;
  readonly issuerUrl?: string;
  readonly dataFolder: string;
  kms(config?: KMSClientConfig): KMSClient;
  cloudhsm(config?: CloudHSMV2ClientConfig): CloudHSMV2Client;
  /** Stops; removes the data folder when the emulator made it. */
  stop(): Promise<void>;
}

/** Starts an emulator in this process. */
export async function startEmulator(options: Partial<StartOptions> = {}): Promise<TestEmulator> {
  const dataFolder = options.dataFolder ?? mkdtempSync(join(tmpdir(), 'keyturn-test-'));
  // Tests make more clusters than AWS's default quota; those about quotas set it.
  const hsmQuotas = { clusters: 100, hsms: 100, keyStores: 100 };
  const running = await start({ port: 0, hsmQuotas, ...options, dataFolder });
  return {
    ...clientsOf(running.url),
    adminToken: running.adminToken,
    ...(running.issuerUrl === undefined ? {} : { issuerUrl: running.issuerUrl }),
    dataFolder,
    stop: async () => {
      await running.stop();
      if (options.dataFolder === undefined) rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}

/** SDK clients of an emulator that listens at a URL. */
export function clientsOf(url: string) {
  const base = {
    endpoint: url,
    region: 'us-east-1',
    credentials: rootCredentials,
    maxAttempts: 1,
  };
  return {
    url,
    kms: (config: KMSClientConfig = {}) => new KMSClient({ ...base, ...config }),
    cloudhsm: (config: CloudHSMV2ClientConfig = {}) => new CloudHSMV2Client({ ...base, ...config }),
  };
}

type Clients = Pick<TestEmulator, 'kms' | 'cloudhsm'>;

/** Asks again until the answer is there; fails after ten seconds. */
export async function until<Value>(
  what: string,
  probe: () => Promise<Value | undefined>,
): Promise<Value> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (Date.now() > deadline) throw new Error(`timed out waiting: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const validity = () => ({
  notBefore: new Date(Date.now() - 60_000),
  notAfter: new Date(Date.now() + 86_400_000),
});

/** A customer's CA that signs a cluster's CSR. */
export async function makeCustomerCa() {
  const keys = await webcrypto.subtle.generateKey(ECDSA, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Test customer CA',
    keys,
    signingAlgorithm: ECDSA,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
    ...validity(),
  });
  const sign = async (csr: string) => {
    const request = new Pkcs10CertificateRequest(csr);
    const signed = await X509CertificateGenerator.create({
      subject: request.subject,
      issuer: certificate.subject,
      publicKey: request.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: ECDSA,
      ...validity(),
    });
    return signed.toString('pem');
  };
  return { trustAnchor: certificate.toString('pem'), sign };
}

async function findCluster(cloudhsm: CloudHSMV2Client, clusterId: string) {
  const { Clusters } = await cloudhsm.send(
    new DescribeClustersCommand({ Filters: { clusterIds: [clusterId] } }),
  );
  return Clusters?.[0];
}

/** A new cluster with its first HSM and CSR, waiting for InitializeCluster. */
export async function createUninitializedCluster(clients: Pick<Clients, 'cloudhsm'>) {
  const cloudhsm = clients.cloudhsm();
  const { Cluster } = await cloudhsm.send(
    new CreateClusterCommand({
      HsmType: 'hsm1.medium',
      SubnetIds: ['subnet-0000000a', 'subnet-0000000b'],
    }),
  );
  const clusterId = Cluster?.ClusterId ?? '';
  await until('the cluster is created', async () =>
    (await findCluster(cloudhsm, clusterId))?.State === 'UNINITIALIZED' ? true : undefined,
  );
  await cloudhsm.send(
    new CreateHsmCommand({ ClusterId: clusterId, AvailabilityZone: 'us-east-1a' }),
  );
  const csr = await until(
    'the CSR is there',
    async () => (await findCluster(cloudhsm, clusterId))?.Certificates?.ClusterCsr,
  );
  return { clusterId, csr };
}

/** A cluster that belongs to a customer's CA; it activates by itself unless the emulator leaves that to an HSM admin. */
export async function initializeNewCluster(clients: Pick<Clients, 'cloudhsm'>) {
  const cloudhsm = clients.cloudhsm();
  const { clusterId, csr } = await createUninitializedCluster(clients);
  const ca = await makeCustomerCa();
  await cloudhsm.send(
    new InitializeClusterCommand({
      ClusterId: clusterId,
      SignedCert: await ca.sign(csr),
      TrustAnchor: ca.trustAnchor,
    }),
  );
  return { clusterId, trustAnchor: ca.trustAnchor };
}

/** Waits for a cluster's state. */
export async function waitForCluster(cloudhsm: CloudHSMV2Client, clusterId: string, state: string) {
  return until(`the cluster is ${state}`, async () => {
    const cluster = await findCluster(cloudhsm, clusterId);
    return cluster?.State === state ? cluster : undefined;
  });
}

/** Adds HSMs in these zones and waits until all of the cluster's are active. */
export async function addHsms(
  cloudhsm: CloudHSMV2Client,
  clusterId: string,
  zones: readonly string[],
) {
  for (const zone of zones) {
    await cloudhsm.send(new CreateHsmCommand({ ClusterId: clusterId, AvailabilityZone: zone }));
  }
  await until('the HSMs are active', async () => {
    const hsms = (await findCluster(cloudhsm, clusterId))?.Hsms ?? [];
    return hsms.every(({ State }) => State === 'ACTIVE') ? true : undefined;
  });
}

/** An ACTIVE cluster with HSMs in the zones given. */
export async function createActiveCluster(
  clients: Pick<Clients, 'cloudhsm'>,
  moreZones: readonly string[] = ['us-east-1b'],
) {
  const cluster = await initializeNewCluster(clients);
  await waitForCluster(clients.cloudhsm(), cluster.clusterId, 'ACTIVE');
  await addHsms(clients.cloudhsm(), cluster.clusterId, moreZones);
  return cluster;
}

/** Waits for a key store's connection state. */
export async function waitForKeyStore(kms: KMSClient, keyStoreId: string, state: string) {
  return until(`the key store is ${state}`, async () => {
    const { CustomKeyStores } = await kms.send(
      new DescribeCustomKeyStoresCommand({ CustomKeyStoreId: keyStoreId }),
    );
    return CustomKeyStores?.[0]?.ConnectionState === state ? CustomKeyStores[0] : undefined;
  });
}

/** A connected key store on a new cluster with HSMs in two zones. */
export async function createConnectedKeyStore(
  clients: Clients,
  name = 'test-store',
): Promise<{ clusterId: string; keyStoreId: string; trustAnchor: string }> {
  const { clusterId, trustAnchor } = await createActiveCluster(clients);
  const kms = clients.kms();
  const { CustomKeyStoreId: keyStoreId = '' } = await kms.send(
    new CreateCustomKeyStoreCommand({
      CustomKeyStoreName: name,
      CloudHsmClusterId: clusterId,
      TrustAnchorCertificate: trustAnchor,
      KeyStorePassword: KEY_STORE_PASSWORD,
    }),
  );
  await kms.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId: keyStoreId }));
  await waitForKeyStore(kms, keyStoreId, 'CONNECTED');
  return { clusterId, keyStoreId, trustAnchor };
}

/** The name and message of the error that a promise must end in. */
export async function refusal(
  promise: Promise<unknown>,
): Promise<{ name: string; message: string }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return { name: error.name, message: error.message };
    throw error;
  }
  throw new Error('the call was not refused');
}
