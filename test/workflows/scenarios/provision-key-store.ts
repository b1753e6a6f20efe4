// SPDX-License-Identifier: Apache-2.0
// Scenarios of `provision-key-store`: the cluster's states come when they come; nothing is undone on failure.
import { type Answer, answers, fails, type Scenario, type ScenarioTable } from './scenario.ts';

const INPUT = {
  operationId: 'op_1',
  attempt: 1,
  keyStore: 'main',
  hsmType: 'hsm2m.medium',
  subnetIds: ['subnet-1', 'subnet-2'],
  zones: ['us-east-1a', 'us-east-1b'],
  pollSeconds: 0,
};
const cluster = (state: string, certificates = {}): Answer => ({
  result: { Clusters: [{ ClusterId: 'cluster-1', State: state, Certificates: certificates }] },
});
const connection = (state: string): Answer => ({
  result: { CustomKeyStores: [{ ConnectionState: state }] },
});
const REQUEST = { ClusterCsr: 'pem' };

const GOOD: Record<string, readonly Answer[]> = {
  CreateCluster: [{ result: { Cluster: { ClusterId: 'cluster-1' } } }],
  DescribeUninitialized: [cluster('UNINITIALIZED')],
  DescribeRequest: [cluster('UNINITIALIZED', REQUEST)],
  SignCertificate: [{ result: { signedCertificate: 'pem', trustAnchor: 'pem' } }],
  DescribeInitialized: [cluster('INITIALIZED')],
  ActivateCluster: [{ result: { signedCertificate: null, trustAnchor: null } }],
  DescribeActive: [cluster('ACTIVE')],
  CreateKeyStore: [answers({ keyStoreId: 'cks-1' })],
  DescribeConnection: [connection('CONNECTED')],
};
const PATH = [
  'CreateCluster',
  'RecordCluster',
  'DescribeUninitialized',
  'IsUninitialized',
  'CreateFirstHsm',
  'DescribeRequest',
  'HasRequest',
  'SignCertificate',
  'InitializeCluster',
  'RecordInitialized',
  'DescribeInitialized',
  'IsInitialized',
  'CreateSecondHsm',
  'ActivateCluster',
  'DescribeActive',
  'IsActive',
  'CreateKeyStore',
  'ConnectKeyStore',
  'DescribeConnection',
  'IsConnected',
  'RecordConnected',
  'Provisioned',
];
const CHOICES = ['IsUninitialized', 'HasRequest', 'IsInitialized', 'IsActive', 'IsConnected'];
const STOP = ['RecordFailure', 'Stopped'];
const upTo = (state: string) => PATH.slice(0, PATH.indexOf(state) + 1);

/** The path with a poll and a wait more at one place. */
function polled(describe: string, choice: string, wait: string): string[] {
  return PATH.flatMap((state) =>
    state === describe ? [describe, choice, wait, describe] : [state],
  );
}

const failing = (state: string, error: string): Scenario => ({
  name: `records where it stopped when ${state} fails with ${error}`,
  input: INPUT,
  stubs: { ...GOOD, [state]: [fails(error)] },
  path: [...upTo(state), ...STOP],
  status: 'FAILED',
  error: 'Parked',
});

export const PROVISION_KEY_STORE: ScenarioTable = {
  workflow: 'provision-key-store',
  scenarios: [
    {
      name: 'ends with a connected key store',
      input: INPUT,
      stubs: GOOD,
      path: PATH,
      status: 'SUCCEEDED',
    },
    ...PATH.slice(0, -1)
      .filter((state) => !CHOICES.includes(state))
      .map((state) => failing(state, 'InternalError')),
    failing('SignCertificate', 'States.Timeout'),
    failing('ActivateCluster', 'States.Timeout'),
    {
      name: 'waits for a cluster that is still being made',
      input: INPUT,
      stubs: {
        ...GOOD,
        DescribeUninitialized: [cluster('CREATE_IN_PROGRESS'), cluster('UNINITIALIZED')],
      },
      path: polled('DescribeUninitialized', 'IsUninitialized', 'AwaitUninitialized'),
      status: 'SUCCEEDED',
    },
    {
      name: 'waits for the certificate request',
      input: INPUT,
      stubs: {
        ...GOOD,
        DescribeRequest: [cluster('UNINITIALIZED'), cluster('UNINITIALIZED', REQUEST)],
      },
      path: polled('DescribeRequest', 'HasRequest', 'AwaitRequest'),
      status: 'SUCCEEDED',
    },
    {
      name: 'waits for the initialization',
      input: INPUT,
      stubs: {
        ...GOOD,
        DescribeInitialized: [cluster('INITIALIZE_IN_PROGRESS'), cluster('INITIALIZED')],
      },
      path: polled('DescribeInitialized', 'IsInitialized', 'AwaitInitialized'),
      status: 'SUCCEEDED',
    },
    {
      name: 'goes on with a cluster that became active by itself',
      input: INPUT,
      stubs: { ...GOOD, DescribeInitialized: [cluster('ACTIVE')] },
      path: PATH,
      status: 'SUCCEEDED',
    },
    {
      name: 'waits for the cluster to be active',
      input: INPUT,
      stubs: { ...GOOD, DescribeActive: [cluster('INITIALIZED'), cluster('ACTIVE')] },
      path: polled('DescribeActive', 'IsActive', 'AwaitActive'),
      status: 'SUCCEEDED',
    },
    {
      name: 'waits for the connection',
      input: INPUT,
      stubs: { ...GOOD, DescribeConnection: [connection('CONNECTING'), connection('CONNECTED')] },
      path: polled('DescribeConnection', 'IsConnected', 'AwaitConnection'),
      status: 'SUCCEEDED',
    },
    {
      name: 'stops with a cause when the connection failed',
      input: INPUT,
      stubs: { ...GOOD, DescribeConnection: [connection('FAILED')] },
      path: [...upTo('IsConnected'), 'ConnectionFailed', ...STOP],
      status: 'FAILED',
      error: 'Parked',
    },
    {
      name: 'stops even when the failure cannot be recorded',
      input: INPUT,
      stubs: {
        ...GOOD,
        CreateCluster: [fails('InternalError')],
        RecordFailure: [fails('LeaseLost')],
      },
      path: ['CreateCluster', ...STOP],
      status: 'FAILED',
      error: 'Parked',
    },
    {
      name: 'tries the key store again while the second HSM starts',
      input: INPUT,
      stubs: {
        ...GOOD,
        CreateKeyStore: [fails('KeyStoreUnavailable'), answers({ keyStoreId: 'cks-1' })],
      },
      path: PATH,
      status: 'SUCCEEDED',
    },
  ],
};
