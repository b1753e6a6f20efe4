// SPDX-License-Identifier: Apache-2.0
// Checked-in defaults of the four stages. Values that only an account knows (issuer, VPC, subnets) are examples
// under reserved names: a deployment replaces them with `-c settings=FILE.json` (`docs/deploy.md`).
import type { Stage } from '../../core/contract/vocabulary.ts';
import type { Settings } from './settings.ts';

/** What a stage brings; account and region always come from the command line. */
export type StageDefaults = Omit<Settings, 'account' | 'region'>;

/** EXAMPLE values (RFC 2606 host, ids that exist nowhere): replace them before a deployment. */
const EXAMPLE = {
  identity: {
    issuer: 'https://issuer.example.com',
    jwksUrl: 'https://issuer.example.com/.well-known/jwks.json',
    audience: 'keyturn',
  },
  cluster: {
    hsmType: 'hsm2m.medium',
    vpcId: 'vpc-0123456789abcdef0',
    subnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
    zones: ['a', 'b'],
    // An hour for each step: connecting a key store takes up to 20 minutes (KMS guide, connect-keystore).
    pollSeconds: 30,
    pollLimit: 120,
    // What CreateCluster sets where nobody says otherwise.
    backupRetentionDays: 90,
  },
};

/**
 * KMS says up to five minutes for alias and tag authorization, so 300 s settle; the bake is longer, because it must
 * see errors of consumers that the settle time hid. A stale lease is one without progress for an hour.
 */
const AWS_TIMINGS: Settings['timings'] = {
  settleSeconds: 300,
  bakeSeconds: 900,
  retryAfterSeconds: 900,
  orphanGraceSeconds: 3600,
  // Longer than most rules' windows: whoever lowers a quorum cannot use it before everybody was told.
  activationDelaySeconds: 86_400,
};

const AWS_STAGE = {
  ...EXAMPLE,
  timings: AWS_TIMINGS,
  // A sweep's rotations create their keys at once: 100 take 20 s at KMS's five CreateKey a second, which retries bridge.
  sweep: { rate: 'rate(15 minutes)', rateMinutes: 15, timeZone: 'UTC', maxRotations: 100 },
  // Half: the consumers' own calls and other teams live in the same quotas.
  kms: { share: 0.5, quotas: {} },
  reencryption: { sources: [] },
  adoption: { aliases: [] },
  brakes: { protectedRoles: [] },
  functions: { architecture: 'x86_64', tracing: true, reservedConcurrency: {} },
  // A cached decision may outlive its token by the cache time: a minute saves most calls and keeps that short.
  api: {
    requestsPerSecond: 200,
    burst: 400,
    authorizerCacheSeconds: 60,
    manageLoggingRole: true,
    urlTemplate: 'https://{apiId}.execute-api.{region}.amazonaws.com/{stage}',
  },
  // No mail until a sender is named that SES has verified.
  mail: { from: null, identity: null, perHour: 50 },
  // No Slack until workspace, app and channel are named.
  slack: null,
  // No passkeys until their domain is named: changing it later makes all of them useless.
  passkeys: null,
  signals: { sources: ['keyturn.signals'] },
  keyUse: { batchSeconds: 30 },
  workloads: [],
  people: {},
  alarms: { notify: true },
} satisfies Partial<StageDefaults>;

const TRIAL_RETENTION = {
  retainState: true,
  logDays: 90,
  evidenceDays: 30,
  // COMPLIANCE cannot be lifted even by root: only where evidence is real.
  evidenceMode: 'GOVERNANCE',
} as const;

export const STAGE_DEFAULTS: Readonly<Record<Stage, StageDefaults>> = {
  local: {
    ...AWS_STAGE,
    stage: 'local',
    environmentsServed: ['development'],
    keyUse: { batchSeconds: 1 },
    adoption: { aliases: ['alias/legacy-*'] },
    cluster: { ...EXAMPLE.cluster, pollSeconds: 1 },
    timings: {
      settleSeconds: 5,
      bakeSeconds: 10,
      retryAfterSeconds: 30,
      orphanGraceSeconds: 60,
      activationDelaySeconds: 2,
    },
    sweep: { rate: 'rate(1 hour)', rateMinutes: 60, timeZone: 'UTC', maxRotations: 500 },
    retention: { ...TRIAL_RETENTION, retainState: false, logDays: 1, evidenceDays: 1 },
    // No cache: a test that changes a person's token sees the new decision at once.
    api: { ...AWS_STAGE.api, authorizerCacheSeconds: 0 },
    // Applications of this machine: tables and buckets whose names begin with `app-`.
    reencryption: {
      sources: [
        {
          kind: 'dynamodb',
          tableArn: 'arn:aws:dynamodb:us-east-1:000000000000:table/app-*',
          keyArns: [],
        },
        { kind: 's3', bucketArn: 'arn:aws:s3:::app-*', prefix: '', keyArns: [] },
      ],
    },
    // The stand-in has no quotas of its own unless it is told to: a hundred times AWS's, so that nothing waits here.
    kms: {
      share: 0.5,
      quotas: {
        CreateKey: 500,
        CreateAlias: 500,
        UpdateAlias: 500,
        PutKeyPolicy: 1500,
        DisableKey: 500,
        EnableKey: 500,
        ScheduleKeyDeletion: 1500,
        TagResource: 1000,
      },
    },
    // Verified at each start; the emulator keeps what is sent.
    // Tests ask for more in an hour than people do.
    mail: { from: 'keyturn@keyturn.local', identity: 'keyturn@keyturn.local', perHour: 10_000 },
    // The stand-in workspace; its address is one that only the start knows, as `slackApiUrl`.
    slack: {
      teamId: 'T0LOCAL',
      appId: 'A0KEYTURN',
      channelId: 'C0APPROVALS',
      apiUrl: 'https://slack.invalid/api',
    },
    workloads: [{ name: 'orders-api', create: true }],
    alarms: { notify: false },
  },
  test: {
    ...AWS_STAGE,
    stage: 'test',
    environmentsServed: ['test'],
    retention: TRIAL_RETENTION,
  },
  staging: {
    ...AWS_STAGE,
    stage: 'staging',
    environmentsServed: ['staging'],
    retention: TRIAL_RETENTION,
  },
  production: {
    ...AWS_STAGE,
    stage: 'production',
    environmentsServed: ['production'],
    // Whatever else runs, a revocation finds room: who calls is recognized, and the key is stopped, in the call.
    functions: {
      ...AWS_STAGE.functions,
      reservedConcurrency: { 'authorize-person': 20, 'contain-keys': 10 },
    },
    retention: { retainState: true, logDays: 731, evidenceDays: 2557, evidenceMode: 'COMPLIANCE' },
  },
};
