// SPDX-License-Identifier: Apache-2.0
// Settings of one deployment, parsed once at synth. Every value that differs between stages is here, so that no
// stack asks which stage it is in; a value that is missing or wrong ends the synth with its path and the cure.
import { z } from 'zod';
import { FUNCTION_NAMES } from '../../core/contract/environment.ts';
import { KmsBudget } from '../../core/contract/kms-quotas.ts';
import { People } from '../../core/contract/people.ts';
import { PasskeySite } from '../../core/contract/signers.ts';
import { SlackSetting } from '../../core/contract/slack.ts';
import { ENVIRONMENTS, STAGES } from '../../core/contract/vocabulary.ts';
import { MailSetting, UrlTemplate } from './notice-settings.ts';

const seconds = z.coerce.number().int().min(0);

/** Issuer of people's tokens (OIDC). */
const Identity = z.strictObject({
  issuer: z.url(),
  jwksUrl: z.url(),
  audience: z.string().min(1),
});

/** Waits of the workflows. `docs/deploy.md` says where AWS's minutes come from. */
const Timings = z.strictObject({
  settleSeconds: seconds,
  bakeSeconds: seconds,
  retryAfterSeconds: seconds.min(1),
  orphanGraceSeconds: seconds,
  /** From an agreement on who decides until it holds: time in which everybody who decides can object. */
  activationDelaySeconds: seconds.max(30 * 86_400),
});

/** The CloudHSM cluster that `provision-key-store` creates; ids, because synth looks nothing up. */
const Cluster = z.strictObject({
  hsmType: z.string().regex(/^hsm\d[a-z]?\.[a-z]+$/, 'must be an HSM type such as hsm2m.medium'),
  vpcId: z.string().regex(/^vpc-[0-9a-f]{8,17}$/),
  subnetIds: z
    .array(z.string().regex(/^subnet-[0-9a-f]{8,17}$/))
    .min(2, 'needs two subnets: KMS creates keys only in a store with HSMs in two zones'),
  /** Zones of the subnets, in their order, by the letter that follows the region. */
  zones: z.array(z.string().regex(/^[a-z]$/)).min(2),
  /** Between two looks at what AWS is still making. */
  pollSeconds: seconds.min(1).max(300),
  /** Looks after one step; 300 for each of five, 13 events a look, leave room in a history of 25,000 events. */
  pollLimit: z.number().int().min(1).max(300),
  /**
   * How long CloudHSM keeps a backup (CloudHSM API, BackupRetentionPolicy). A backup can bring destroyed material back, so
   * a destruction is final only so long after the material is gone.
   */
  backupRetentionDays: z.number().int().min(7).max(379),
});

const keyArns = z
  .array(z.string().regex(/^arn:aws[\w-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/))
  .default([])
  .describe('keys of your own that encrypt the table or bucket');

/** What the role `reencrypt` may read and write: registering a source grants nothing (`docs/reencryption.md`). */
const SourceSetting = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('dynamodb'),
    tableArn: z.string().regex(/^arn:aws[\w-]*:dynamodb:[a-z0-9-]+:\d{12}:table\/[\w.*-]+$/),
    keyArns,
  }),
  z.strictObject({
    kind: z.literal('s3'),
    bucketArn: z.string().regex(/^arn:aws[\w-]*:s3:::[a-z0-9.*-]+$/),
    prefix: z.string().default(''),
    keyArns,
  }),
]);

/** What the command line gives as text; text that is no JSON is refused by the schema, with its path. */
function parsedJson(given: unknown): unknown {
  if (typeof given !== 'string') return given;
  try {
    return JSON.parse(given);
  } catch {
    return given;
  }
}

const Workload = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/),
  /** True makes a role that the account itself may assume; false only reserves the name. */
  create: z.boolean(),
});

export const Settings = z.strictObject({
  stage: z.enum(STAGES),
  account: z.string().regex(/^\d{12}$/, 'must be a 12-digit AWS account id'),
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be an AWS region such as eu-west-1'),
  environmentsServed: z.array(z.enum(ENVIRONMENTS)).min(1),
  identity: Identity,
  timings: Timings,
  sweep: z.strictObject({
    rate: z.string().regex(/^rate\(\d+ (minutes?|hours?|days?)\)$/),
    rateMinutes: z.number().int().min(1),
    timeZone: z.string().min(1),
    maxRotations: z.number().int().min(1),
  }),
  /** Messages of one batch of key use are gathered for so long. */
  keyUse: z.strictObject({ batchSeconds: z.number().int().min(0).max(300) }),
  /** Sources on the bus `keyturn` whose events may make keys due (`docs/signals.md`). */
  signals: z.strictObject({
    sources: z
      .array(z.string().regex(/^(?!aws\.)[\w.-]{1,100}$/))
      .min(1)
      .max(50),
  }),
  cluster: Cluster,
  kms: KmsBudget,
  reencryption: z.strictObject({ sources: z.array(SourceSetting) }),
  /** Aliases of adopted keys that rotations may move: naming one in a request grants nothing. */
  adoption: z.strictObject({
    aliases: z.array(
      z
        .string()
        .regex(
          /^alias\/(?!aws\/|keyturn)[\w/-]{1,250}\*?$/,
          'must be an alias, or the beginning of aliases with a * behind it',
        ),
    ),
  }),
  /** Roles that no mass brake is put on, beside Keyturn's own (`docs/brake.md`). */
  brakes: z.strictObject({
    protectedRoles: z.array(
      z
        .string()
        .regex(
          /^arn:aws(-[a-z]+)*:iam::\d{12}:role\/([\w+=,.@-]+\/)*[\w+=,.@-]{1,64}$/,
          'must be the ARN of an IAM role',
        ),
    ),
  }),
  retention: z.strictObject({
    /** Keep table, buckets, keys and secret when their stack is deleted. */
    retainState: z.boolean(),
    logDays: z.number().int().min(1),
    evidenceDays: z.number().int().min(1),
    evidenceMode: z.enum(['GOVERNANCE', 'COMPLIANCE']),
  }),
  functions: z.strictObject({
    architecture: z.enum(['x86_64', 'arm64']),
    tracing: z.boolean(),
    /** Executions kept for a function, which are also its most; null takes a stage's own away. */
    reservedConcurrency: z.partialRecord(
      z.enum(FUNCTION_NAMES),
      z.number().int().min(0).nullable(),
    ),
  }),
  api: z.strictObject({
    requestsPerSecond: z.number().positive(),
    burst: z.number().int().positive(),
    authorizerCacheSeconds: z.number().int().min(0).max(3600),
    /** One role per account and region lets API Gateway write logs; false where the account has it already. */
    manageLoggingRole: z.boolean(),
    /** Where the links in notices lead. */
    urlTemplate: UrlTemplate,
  }),
  mail: MailSetting,
  /** Null: no Slack; as JSON on the command line. */
  slack: z.preprocess(parsedJson, SlackSetting.nullable()),
  /** Null: votes are signed with SSH keys alone; as JSON on the command line. */
  passkeys: z.preprocess(parsedJson, PasskeySite.nullable()),
  workloads: z.array(Workload),
  /** Public keys of people beside those in `policies/directory.ts`; as JSON on the command line. */
  people: z.preprocess(parsedJson, People),
  alarms: z.strictObject({ notify: z.boolean() }),
});
export type Settings = z.infer<typeof Settings>;
