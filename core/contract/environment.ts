// SPDX-License-Identifier: Apache-2.0
// Environment variables of the functions: the construct that sets them and the code that reads them share this
// schema, so that a missing one fails at synth, not at run time.
import { z } from 'zod';
import { KmsBudget } from './kms-quotas.ts';
import { MailAddress, PeopleSetting } from './people.ts';
import { PasskeyVariable } from './signers.ts';
import { SlackVariable } from './slack.ts';
import { ENVIRONMENTS, STAGES } from './vocabulary.ts';

/** Variables every function gets. */
export const BASE_ENVIRONMENT = {
  STAGE: z.enum(STAGES),
  TABLE_NAME: z.string().min(3),
  /** Account whose roles key policies name. */
  ACCOUNT_ID: z.string().regex(/^\d{12}$/),
} as const;

/** JSON in one variable: the cluster that provisioning creates. */
const ClusterSettings = z.string().transform((json) =>
  z
    .strictObject({
      hsmType: z.string(),
      subnetIds: z.array(z.string()),
      zones: z.array(z.string()),
      /** Between two looks at what AWS is still making; it takes minutes there. */
      pollSeconds: z.int().min(1).max(300),
      /** Looks after one step before the attempt is parked. */
      pollLimit: z.int().min(1).max(300),
      /** How long CloudHSM keeps a backup of the cluster. */
      backupRetentionDays: z.int().min(7).max(379),
    })
    .parse(JSON.parse(json)),
);

/** JSON in one variable: the share of KMS's quotas that is Keyturn's. */
const KmsBudgetSetting = z.string().transform((json) => KmsBudget.parse(JSON.parse(json)));

const EnvironmentList = z
  .string()
  .transform((list) => z.array(z.enum(ENVIRONMENTS)).parse(list.split(',')));

/** Waits of a rotation: until KMS shows changes everywhere, and until the old version stops encrypting. */
const WAITS = {
  SETTLE_SECONDS: z.coerce.number().int().min(0),
  BAKE_SECONDS: z.coerce.number().int().min(0),
} as const;

/** State machines of rotations, by tier. */
const ROTATION_MACHINES = {
  ROTATE_KEY_ARN: z.string(),
  ROTATE_DATA_KEY_ARN: z.string(),
} as const;

/** From an agreement on who decides until it holds. */
const ACTIVATION_DELAY_SECONDS = z.coerce
  .number()
  .int()
  .min(0)
  .max(30 * 86_400);

/** JSON list: ARNs of roles that no mass brake is put on. */
const PROTECTED_ROLES = z.string().transform((json) => z.array(z.string()).parse(JSON.parse(json)));

/** Variables by function; each gets the base ones and what is listed here. */
export const FUNCTION_ENVIRONMENT = {
  'authorize-person': {
    ISSUER: z.url(),
    JWKS_URL: z.url(),
    AUDIENCE: z.string(),
  },
  'serve-contract': { NOTICE_KEY_ARN: z.string() },
  'read-keys': { KEY_STORE_NAME: z.string() },
  'read-calendar': {},
  'read-usage': {},
  'release-keys': { UPDATE_ACCESS_ARN: z.string(), APPROVE_ARN: z.string() },
  'read-approvals': {},
  'cast-vote': { TOKEN_KEY_ARN: z.string(), PEOPLE: PeopleSetting, PASSKEYS: PasskeyVariable },
  'answer-mail': { TOKEN_KEY_ARN: z.string(), PASSKEYS: PasskeyVariable },
  'answer-slack': {
    TOKEN_KEY_ARN: z.string(),
    PEOPLE: PeopleSetting,
    SLACK: SlackVariable,
    API_URL_TEMPLATE: z.string().min(1),
  },
  'manage-pauses': {},
  'manage-brakes': { APPROVE_ARN: z.string(), PROTECTED_ROLES },
  'apply-brakes': { PROTECTED_ROLES, BRAKE_POLICY_ARN: z.string() },
  'manage-elevations': { APPROVE_ARN: z.string() },
  'manage-signers': { APPROVE_ARN: z.string(), PASSKEYS: PasskeyVariable },
  'manage-incidents': {},
  'manage-policy': { APPROVE_ARN: z.string(), ACTIVATION_DELAY_SECONDS },
  'open-ballot': { TOKEN_KEY_ARN: z.string() },
  'tend-approval': { APPROVE_ARN: z.string() },
  /** A channel whose variable is empty is not there. */
  'notify-approvers': {
    PEOPLE: PeopleSetting,
    MAIL_FROM: MailAddress.or(z.literal('')),
    /** Mails to one person before they are grouped. */
    MAIL_PER_HOUR: z.coerce.number().int().min(1),
    SLACK: SlackVariable,
  },
  'execute-approved': {
    ...ROTATION_MACHINES,
    UPDATE_ACCESS_ARN: z.string(),
    CONTAIN_SCOPE_ARN: z.string(),
    PROTECTED_ROLES,
    KMS_BUDGET: KmsBudgetSetting,
    REVOKE_KEY_ARN: z.string(),
    RESUME_KEY_ARN: z.string(),
    RECOVER_KEY_STORE_ARN: z.string(),
    DESTROY_KEY_ARN: z.string(),
    PEOPLE: PeopleSetting,
    PASSKEYS: PasskeyVariable,
    ACTIVATION_DELAY_SECONDS,
    ...WAITS,
  },
  'contain-keys': {
    REVOKE_KEY_ARN: z.string(),
    CONTAIN_SCOPE_ARN: z.string(),
    APPROVE_ARN: z.string(),
    KMS_BUDGET: KmsBudgetSetting,
  },
  'serve-status': { NOTICE_KEY_ARN: z.string() },
  'manage-destruction': {
    APPROVE_ARN: z.string(),
    DESTROY_KEY_ARN: z.string(),
    /** How long the cluster keeps backups (CloudHSM: 7 to 379 days). */
    BACKUP_RETENTION_DAYS: z.coerce.number().int().min(7).max(379),
  },
  'tend-destruction': { DESTROY_KEY_ARN: z.string() },
  'remove-version': { KMS_BUDGET: KmsBudgetSetting },
  'restore-version': { KMS_BUDGET: KmsBudgetSetting },
  'certify-destruction': { NOTICE_KEY_ARN: z.string() },
  'lift-scopes': { RESUME_KEY_ARN: z.string() },
  'enforce-containment': {
    REVOKE_KEY_ARN: z.string(),
    CONTAIN_SCOPE_ARN: z.string(),
    KMS_BUDGET: KmsBudgetSetting,
  },
  'manage-adoptions': {
    KEY_STORE_NAME: z.string(),
    HSM_TYPE: z.string(),
    ENVIRONMENTS_SERVED: EnvironmentList,
    ADOPT_KEY_ARN: z.string(),
    /** JSON list: aliases of others that the stage may move. */
    MOVABLE_ALIASES: z.string().transform((json) => z.array(z.string()).parse(JSON.parse(json))),
  },
  'plan-changes': { HSM_TYPE: z.string(), KMS_BUDGET: KmsBudgetSetting, ...WAITS },
  'change-keys': {
    PEOPLE: PeopleSetting,
    KEY_STORE_NAME: z.string(),
    HSM_TYPE: z.string(),
    ENVIRONMENTS_SERVED: EnvironmentList,
    GENERATE_KEY_ARN: z.string(),
    ...ROTATION_MACHINES,
    ...WAITS,
  },
  'acknowledge-rotation': { ...ROTATION_MACHINES, APPROVE_ARN: z.string(), ...WAITS },
  'publish-events': { EVENT_BUS_NAME: z.string() },
  'deliver-webhooks': {
    ...ROTATION_MACHINES,
    NOTICE_KEY_ARN: z.string(),
    KMS_BUDGET: KmsBudgetSetting,
    ...WAITS,
  },
  'manage-reencryption': { REENCRYPT_ARN: z.string(), APPROVE_ARN: z.string() },
  'manage-holds': {},
  'manage-escrow': {
    APPROVE_ARN: z.string(),
    TOKEN_KEY_ARN: z.string(),
    ESCROW_KEY_ARN: z.string(),
    PEOPLE: PeopleSetting,
  },
  'recover-escrow': { TOKEN_KEY_ARN: z.string(), ESCROW_KEY_ARN: z.string() },
  'judge-retirement': { EVIDENCE_BUCKET: z.string().min(3) },
  'review-retirements': { EVIDENCE_BUCKET: z.string().min(3) },
  'watch-rotation': { ...ROTATION_MACHINES, ...WAITS },
  'manage-consumers': { UPDATE_ACCESS_ARN: z.string() },
  'use-key': { EVENT_BUS_NAME: z.string() },
  'manage-key-stores': {
    KEY_STORE_NAME: z.string(),
    PROVISION_KEY_STORE_ARN: z.string(),
    TOKEN_KEY_ARN: z.string(),
    CLUSTER_SETTINGS: ClusterSettings,
  },
  'manage-hsms': {},
  'watch-hsms': { KEY_STORE_NAME: z.string() },
  'manage-drills': { KEY_STORE_NAME: z.string() },
  'watch-drills': {
    KEY_STORE_NAME: z.string(),
    CLUSTER_SETTINGS: ClusterSettings,
    PEOPLE: PeopleSetting,
    /** Empty: nobody is told by mail. */
    MAIL_FROM: MailAddress.or(z.literal('')),
  },
  'begin-operation': WAITS,
  'create-version': {
    KMS_BUDGET: KmsBudgetSetting,
    ESCROW_KEY_ARN: z.string(),
    PEOPLE: PeopleSetting,
  },
  'adopt-version': { KMS_BUDGET: KmsBudgetSetting, EVIDENCE_BUCKET: z.string().min(3) },
  'make-data-key': { KMS_BUDGET: KmsBudgetSetting },
  'verify-version': { KMS_BUDGET: KmsBudgetSetting },
  'place-alias': { KMS_BUDGET: KmsBudgetSetting },
  'apply-policy': { KMS_BUDGET: KmsBudgetSetting, EVIDENCE_BUCKET: z.string().min(3) },
  'complete-operation': { KMS_BUDGET: KmsBudgetSetting },
  'compensate-operation': { KMS_BUDGET: KmsBudgetSetting },
  'park-operation': { RETRY_AFTER_SECONDS: z.coerce.number().int().min(1) },
  reencrypt: { KMS_BUDGET: KmsBudgetSetting, NOTICE_KEY_ARN: z.string() },
  'track-reencryption': { RETRY_AFTER_SECONDS: z.coerce.number().int().min(1) },
  'find-due-rotations': {
    MAX_ROTATIONS_PER_SWEEP: z.coerce.number().int().min(1),
    ...WAITS,
  },
  'sweep-orphans': {
    KMS_BUDGET: KmsBudgetSetting,
    ORPHAN_GRACE_SECONDS: z.coerce.number().int().min(0),
  },
  'record-key-use': { ROTATE_KEY_ARN: z.string(), REVOKE_KEY_ARN: z.string(), ...WAITS },
  'review-policies': {},
  'receive-acknowledgements': { ...ROTATION_MACHINES, ...WAITS },
  'receive-signals': { ...ROTATION_MACHINES, ...WAITS },
  'request-hsm-admin': { TOKEN_KEY_ARN: z.string() },
  'create-key-store': { KEY_STORE_SECRET_ARN: z.string() },
  'record-key-store': {},
  'manage-recoveries': {
    KEY_STORE_NAME: z.string(),
    APPROVE_ARN: z.string(),
    RECOVER_KEY_STORE_ARN: z.string(),
  },
  'recover-key-store': { KEY_STORE_SECRET_ARN: z.string(), CLUSTER_SETTINGS: ClusterSettings },
} as const satisfies Record<string, Record<string, z.ZodType>>;

/** Name of a function: its folder under `functions/`. */
export type FunctionName = keyof typeof FUNCTION_ENVIRONMENT;
export const FUNCTION_NAMES = Object.keys(FUNCTION_ENVIRONMENT) as FunctionName[];

/** Schema of the whole environment of one function. */
export function environmentSchema<F extends FunctionName>(name: F) {
  return z.object({ ...BASE_ENVIRONMENT, ...FUNCTION_ENVIRONMENT[name] });
}

/** Name of a function's role: fixed, because key policies name roles (`docs/key-policies.md`). */
export function roleName(stage: string, name: FunctionName): string {
  return `keyturn-${stage}-${name}`;
}
