// SPDX-License-Identifier: Apache-2.0
// A connected custom key store in the stand-in: cluster, customer's CA, HSMs in two zones, connection.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  Pkcs10CertificateRequest,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Caller } from './load.ts';

cryptoProvider.set(webcrypto);

const CLOUDHSM = 'BaldrApiService';
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

interface Cluster {
  readonly ClusterId: string;
  readonly State: string;
  readonly Hsms: readonly { readonly State: string }[];
  readonly Certificates?: { readonly ClusterCsr?: string };
}

async function wait<Value>(probe: () => Promise<Value | undefined>): Promise<Value> {
  for (let left = 500; left > 0; left -= 1) {
    const value = await probe();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('the key store does not get ready');
}

async function signedBy(csr: string) {
  const keys = await webcrypto.subtle.generateKey(ECDSA, true, ['sign', 'verify']);
  const dates = {
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 86_400_000),
  };
  const ca = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Bench CA',
    keys,
    signingAlgorithm: ECDSA,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
    ...dates,
  });
  const { subject, publicKey } = new Pkcs10CertificateRequest(csr);
  const certificate = await X509CertificateGenerator.create({
    subject,
    issuer: ca.subject,
    publicKey,
    signingKey: keys.privateKey,
    signingAlgorithm: ECDSA,
    ...dates,
  });
  return { SignedCert: certificate.toString('pem'), TrustAnchor: ca.toString('pem') };
}

/** Answers the id of a store that is CONNECTED. */
export async function connectedKeyStore(caller: Caller): Promise<string> {
  const hsm = (operation: string, members: object) => caller.must(operation, members, CLOUDHSM);
  const SubnetIds = ['subnet-0000000a', 'subnet-0000000b'];
  const made = await hsm('CreateCluster', { HsmType: 'hsm1.medium', SubnetIds });
  const { ClusterId } = made['Cluster'] as Cluster;
  const when = (isReady: (cluster: Cluster) => boolean | undefined) =>
    wait(async () => {
      const answer = await hsm('DescribeClusters', { Filters: { clusterIds: [ClusterId] } });
      const [cluster] = answer['Clusters'] as Cluster[];
      return cluster !== undefined && isReady(cluster) === true ? cluster : undefined;
    });
  await when(({ State }) => State === 'UNINITIALIZED');
  await hsm('CreateHsm', { ClusterId, AvailabilityZone: 'us-east-1a' });
  const { Certificates } = await when((cluster) => cluster.Certificates?.ClusterCsr !== undefined);
  const { SignedCert, TrustAnchor } = await signedBy(Certificates?.ClusterCsr ?? '');
  await hsm('InitializeCluster', { ClusterId, SignedCert, TrustAnchor });
  await when(({ State }) => State === 'ACTIVE');
  await hsm('CreateHsm', { ClusterId, AvailabilityZone: 'us-east-1b' });
  await when(({ Hsms }) => Hsms.every(({ State }) => State === 'ACTIVE'));
  const { CustomKeyStoreId } = await caller.must('CreateCustomKeyStore', {
    CustomKeyStoreName: 'bench',
    CloudHsmClusterId: ClusterId,
    TrustAnchorCertificate: TrustAnchor,
    KeyStorePassword: 'kmsuser-password',
  });
  await caller.must('ConnectCustomKeyStore', { CustomKeyStoreId });
  await wait(async () => {
    const answer = await caller.must('DescribeCustomKeyStores', { CustomKeyStoreId });
    const [store] = answer['CustomKeyStores'] as { ConnectionState: string }[];
    return store?.ConnectionState === 'CONNECTED' ? true : undefined;
  });
  return String(CustomKeyStoreId);
}
