// SPDX-License-Identifier: Apache-2.0
// Scenarios of `provision-key-store`: the cluster's states come when they come, looks at them are bounded, a later
// attempt goes on with the recorded cluster, and nothing is undone on failure.
import { readWorkflow } from '#test/support/asl.ts';
import { type Answer, answers, fails, type Scenario, type ScenarioTable } from './scenario.ts';

const INPUT = {
  operationId: 'op_1',
  attempt: 1,
  keyStore: 'main',
  hsmType: 'hsm2m.medium',
  subnetIds: ['subnet-1', 'subnet-2'],
  zones: ['us-east-1a', 'us-east-1b'],
  pollSeconds: 0,
  pollLimit: 3,
  backupRetentionDays: 90,
};
const RESUMED = { ...INPUT, cluster: { id: 'cluster-1' } };

type Hsms = 0 | 1 | 2;
const cluster = (state: string, hsms: Hsms, certificates = {}): Answer => ({
  result: {
    Clusters: [
      {
        ClusterId: 'cluster-1',
        State: state,
        Hsms: [{ HsmId: 'hsm-1' }, { HsmId: 'hsm-2' }].slice(0, hsms),
        Certificates: certificates,
      },
    ],
  },
});
const NOT_LISTED: Answer = { result: { Clusters: [] } };
const connection = (state: string): Answer => ({
  result: { CustomKeyStores: [{ ConnectionState: state }] },
});

/** What the cluster shows on the way, in order; a run that goes well sees each once. */
const EMPTY = cluster('UNINITIALIZED', 0);
const SIGNABLE = cluster('UNINITIALIZED', 1, { ClusterCsr: 'pem' });
const INITIALIZED = cluster('INITIALIZED', 1);
const ACTIVE = cluster('ACTIVE', 2);

const GOOD: Record<string, readonly Answer[]> = {
  CreateCluster: [{ result: { Cluster: { ClusterId: 'cluster-1' } } }],
  DescribeCluster: [EMPTY, SIGNABLE, INITIALIZED, ACTIVE],
  SignCertificate: [{ result: { signedCertificate: 'pem', trustAnchor: 'pem' } }],
  ActivateCluster: [{ result: { signedCertificate: null, trustAnchor: null } }],
  CreateKeyStore: [answers({ keyStoreId: 'cks-1' })],
  DescribeConnection: [connection('CONNECTED')],
};
const LOOK = ['DescribeCluster', 'WhatIsNext'];
const POLL = [...LOOK, 'CountClusterPoll', 'IsClusterStuck', 'AwaitCluster'];
const STUCK = [...LOOK, 'CountClusterPoll', 'IsClusterStuck'];
const STOP = ['RecordFailure', 'Stopped'];

const BEGIN = ['HasCluster', 'CreateCluster', 'RecordCluster'];
const FIRST_HSM = [...LOOK, 'CreateFirstHsm'];
const INITIALIZE = [...LOOK, 'SignCertificate', 'InitializeCluster', 'RecordInitialized'];
const ACTIVATE = [...LOOK, 'CreateSecondHsm', 'ActivateCluster'];
const CONNECT = [...LOOK, 'CreateKeyStore', 'ConnectKeyStore'];
const CONNECTED = ['DescribeConnection', 'IsConnected', 'RecordConnected', 'Provisioned'];
const PATH = [...BEGIN, ...FIRST_HSM, ...INITIALIZE, ...ACTIVATE, ...CONNECT, ...CONNECTED];
const RESUME = ['HasCluster', 'ResumeCluster'];

const upTo = (state: string) => PATH.slice(0, PATH.indexOf(state) + 1);

const failing = (state: string, error: string): Scenario => ({
  name: `records where it stopped when ${state} fails with ${error}`,
  input: INPUT,
  stubs: { ...GOOD, [state]: [fails(error)] },
  path: [...upTo(state), ...STOP],
  status: 'FAILED',
  error: 'Parked',
});

const TASKS = PATH.filter(
  (state, index) =>
    PATH.indexOf(state) === index &&
    !['HasCluster', 'WhatIsNext', 'IsConnected', 'Provisioned'].includes(state),
);

/** An error that no repetition mends, such as the state can meet: of a service one that its model has. */
function lastingErrorOf(state: string): string {
  const { Resource = '' } = readWorkflow('provision-key-store').States[state] ?? {};
  if (Resource.includes(':cloudhsmv2:')) return 'CloudHsmV2.CloudHsmInvalidRequestException';
  if (Resource.includes(':kms:')) return 'Kms.CloudHsmClusterInvalidConfigurationException';
  return 'InternalError';
}

/** A run that sees the cluster as told and ends well. */
const seen = (
  name: string,
  looks: readonly Answer[],
  path: readonly string[],
  input: object = INPUT,
): Scenario => ({
  name,
  input,
  stubs: { ...GOOD, DescribeCluster: looks },
  path,
  status: 'SUCCEEDED',
});

/** A run that sees the cluster stay as it is, and is recorded as stopped. */
const stuck = (
  name: string,
  looks: readonly Answer[],
  path: readonly string[],
  end: string,
  input: object = INPUT,
): Scenario => ({
  name,
  input,
  stubs: { ...GOOD, DescribeCluster: looks },
  path: [...path, ...POLL, ...POLL, ...STUCK, end, ...STOP],
  status: 'FAILED',
  error: 'Parked',
});

const CREATING = cluster('CREATE_IN_PROGRESS', 0);
const INITIALIZING = cluster('INITIALIZE_IN_PROGRESS', 1);

const WAITING: readonly Scenario[] = [
  seen(
    'waits for a cluster that is still being made',
    [CREATING, ...(GOOD['DescribeCluster'] ?? [])],
    [...BEGIN, ...POLL, ...PATH.slice(BEGIN.length)],
  ),
  seen(
    'waits for a new cluster that is not listed yet',
    [NOT_LISTED, ...(GOOD['DescribeCluster'] ?? [])],
    [...BEGIN, ...POLL, ...PATH.slice(BEGIN.length)],
  ),
  seen(
    'waits for the certificate request, and makes no second first HSM when the first is not shown yet',
    [EMPTY, EMPTY, cluster('UNINITIALIZED', 1), SIGNABLE, INITIALIZED, ACTIVE],
    [
      ...BEGIN,
      ...FIRST_HSM,
      ...POLL,
      ...POLL,
      ...INITIALIZE,
      ...ACTIVATE,
      ...CONNECT,
      ...CONNECTED,
    ],
  ),
  seen(
    'waits for the initialization, and asks for no second signature',
    [EMPTY, SIGNABLE, SIGNABLE, INITIALIZING, INITIALIZED, ACTIVE],
    [
      ...BEGIN,
      ...FIRST_HSM,
      ...INITIALIZE,
      ...POLL,
      ...POLL,
      ...ACTIVATE,
      ...CONNECT,
      ...CONNECTED,
    ],
  ),
  seen(
    'waits for the cluster to be active with both HSMs',
    [EMPTY, SIGNABLE, INITIALIZED, cluster('INITIALIZED', 2), cluster('ACTIVE', 1), ACTIVE],
    [
      ...BEGIN,
      ...FIRST_HSM,
      ...INITIALIZE,
      ...ACTIVATE,
      ...POLL,
      ...POLL,
      ...CONNECT,
      ...CONNECTED,
    ],
  ),
  {
    name: 'waits for the connection',
    input: INPUT,
    stubs: { ...GOOD, DescribeConnection: [connection('CONNECTING'), connection('CONNECTED')] },
    path: [
      ...upTo('IsConnected'),
      'CountConnectionPoll',
      'IsConnectionStuck',
      'AwaitConnection',
      ...CONNECTED,
    ],
    status: 'SUCCEEDED',
  },
];

const BOUNDED: readonly Scenario[] = [
  stuck('stops when the cluster is never made', [CREATING], BEGIN, 'ClusterStuck'),
  stuck('stops when a new cluster is never listed', [NOT_LISTED], BEGIN, 'ClusterMissing'),
  stuck(
    'stops when there is never a certificate request, after a count of its own',
    [CREATING, CREATING, EMPTY, cluster('UNINITIALIZED', 1)],
    [...BEGIN, ...POLL, ...POLL, ...FIRST_HSM],
    'ClusterStuck',
  ),
  stuck(
    'stops when the initialization never ends',
    [EMPTY, SIGNABLE, INITIALIZING],
    [...BEGIN, ...FIRST_HSM, ...INITIALIZE],
    'ClusterStuck',
  ),
  stuck(
    'stops when the cluster is reported active and never is',
    [EMPTY, SIGNABLE, INITIALIZED, cluster('INITIALIZED', 2)],
    [...BEGIN, ...FIRST_HSM, ...INITIALIZE, ...ACTIVATE],
    'ClusterStuck',
  ),
  {
    name: 'stops when the key store never connects',
    input: { ...INPUT, pollLimit: 1 },
    stubs: { ...GOOD, DescribeConnection: [connection('CONNECTING')] },
    path: [
      ...upTo('IsConnected'),
      'CountConnectionPoll',
      'IsConnectionStuck',
      'ConnectionStuck',
      ...STOP,
    ],
    status: 'FAILED',
    error: 'Parked',
  },
];

const RESUMING: readonly Scenario[] = [
  seen(
    'goes on with a recorded cluster that has no HSM',
    GOOD['DescribeCluster'] ?? [],
    [...RESUME, ...PATH.slice(BEGIN.length)],
    RESUMED,
  ),
  seen(
    'goes on with a recorded cluster whose first HSM is starting',
    [cluster('UNINITIALIZED', 1), SIGNABLE, INITIALIZED, ACTIVE],
    [...RESUME, ...POLL, ...INITIALIZE, ...ACTIVATE, ...CONNECT, ...CONNECTED],
    RESUMED,
  ),
  seen(
    'goes on with a recorded cluster that has a certificate request',
    [SIGNABLE, INITIALIZED, ACTIVE],
    [...RESUME, ...INITIALIZE, ...ACTIVATE, ...CONNECT, ...CONNECTED],
    RESUMED,
  ),
  seen(
    'goes on with a recorded cluster that is being initialized',
    [INITIALIZING, INITIALIZED, ACTIVE],
    [...RESUME, ...POLL, ...ACTIVATE, ...CONNECT, ...CONNECTED],
    RESUMED,
  ),
  seen(
    'goes on with a recorded cluster that has both HSMs and is not active',
    [cluster('INITIALIZED', 2), ACTIVE],
    [...RESUME, ...LOOK, 'ActivateCluster', ...CONNECT, ...CONNECTED],
    RESUMED,
  ),
  seen(
    'goes on with a recorded cluster that became active with one HSM',
    [cluster('ACTIVE', 1), ACTIVE],
    [...RESUME, ...ACTIVATE, ...CONNECT, ...CONNECTED],
    RESUMED,
  ),
  seen(
    'goes on with a recorded cluster that is ready: the key store is made or found, and connected',
    [ACTIVE],
    [...RESUME, ...CONNECT, ...CONNECTED],
    RESUMED,
  ),
  seen(
    'makes a new cluster when the recorded one was deleted',
    [cluster('DELETE_IN_PROGRESS', 0), cluster('DELETED', 0), ...(GOOD['DescribeCluster'] ?? [])],
    [...RESUME, ...POLL, ...LOOK, ...PATH.slice(1)],
    RESUMED,
  ),
  seen(
    'makes a new cluster when the recorded one is gone',
    [NOT_LISTED, ...(GOOD['DescribeCluster'] ?? [])],
    [...RESUME, ...LOOK, ...PATH.slice(1)],
    RESUMED,
  ),
  stuck(
    'stops when a recorded cluster stays degraded',
    [cluster('DEGRADED', 2)],
    RESUME,
    'ClusterStuck',
    RESUMED,
  ),
];

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
    ...TASKS.map((state) => failing(state, lastingErrorOf(state))),
    failing('SignCertificate', 'States.Timeout'),
    failing('ActivateCluster', 'States.Timeout'),
    failing('CreateCluster', 'CloudHsmV2.CloudHsmServiceException'),
    failing('CreateFirstHsm', 'CloudHsmV2.CloudHsmInternalFailureException'),
    ...WAITING,
    ...BOUNDED,
    ...RESUMING,
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
        CreateCluster: [fails('CloudHsmV2.CloudHsmInvalidRequestException')],
        RecordFailure: [fails('LeaseLost')],
      },
      path: ['HasCluster', 'CreateCluster', ...STOP],
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
