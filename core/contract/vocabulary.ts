// SPDX-License-Identifier: Apache-2.0
// Closed word lists of the domain: states (NIST SP 800-57 part 1 r5 §7), classes, environments, operations.
// `core/keys/transitions.ts` says which moves between states are legal.

/** Key states of NIST SP 800-57 Part 1 §7. */
export const KEY_STATES = [
  'pre-activation',
  'active',
  'suspended',
  'deactivated',
  'compromised',
  'destroyed',
] as const;
export type KeyState = (typeof KEY_STATES)[number];

/** Environments a key may serve; a stage serves a subset of them. */
export const ENVIRONMENTS = ['development', 'test', 'staging', 'production'] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

/** Deployments of Keyturn. */
export const STAGES = ['local', 'test', 'staging', 'production'] as const;
export type Stage = (typeof STAGES)[number];

/** Rights a principal can hold on a key; each is granted alone. */
export const RIGHTS = ['encrypt', 'decrypt'] as const;
export type Right = (typeof RIGHTS)[number];

/** How a consumer uses a key: through the API, with KMS itself, through an AWS service bound to a key ARN, or in batches. */
export const CONSUMER_KINDS = ['api', 'kms-direct', 'aws-service', 'batch'] as const;
export type ConsumerKind = (typeof CONSUMER_KINDS)[number];

/** How a consumer is told and answers; `wait` counts as acknowledged after a stated time. */
export const ACKNOWLEDGEMENT_MODES = ['api', 'webhook', 'event', 'wait'] as const;
export type AcknowledgementMode = (typeof ACKNOWLEDGEMENT_MODES)[number];

/** `opening`: its key policies are being written. A removed one keeps its row as history. */
export const CONSUMER_STATES = ['opening', 'active', 'removed'] as const;
export type ConsumerState = (typeof CONSUMER_STATES)[number];

/** Where the material of a key comes from, as KMS names it (`core/keys/origins`). */
export const ORIGINS = ['AWS_CLOUDHSM', 'AWS_KMS', 'EXTERNAL'] as const;
export type Origin = (typeof ORIGINS)[number];

/** Specs of KMS keys, as KMS names them; what each is for says `core/keys/key-specs.ts`. */
export const KEY_SPECS = [
  'SYMMETRIC_DEFAULT',
  'RSA_2048',
  'RSA_3072',
  'RSA_4096',
  'ECC_NIST_P256',
  'ECC_NIST_P384',
  'HMAC_256',
  'HMAC_384',
  'HMAC_512',
] as const;
export type KeySpec = (typeof KEY_SPECS)[number];

/** What a key is for, as KMS names it. */
export const KEY_USAGES = ['ENCRYPT_DECRYPT', 'SIGN_VERIFY', 'GENERATE_VERIFY_MAC'] as const;
export type KeyUsage = (typeof KEY_USAGES)[number];

/** `kms`: every version is its own KMS key. `data`: every version is a data key, wrapped by a key of tier `kms`. */
export const TIERS = ['kms', 'data'] as const;
export type Tier = (typeof TIERS)[number];

export const OPERATION_KINDS = [
  'generate-key',
  'rotate-key',
  'provision-key-store',
  'update-access',
  'reencrypt',
  'adopt-key',
  'revoke-key',
  'suspend-key',
  'resume-key',
] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];
/** State machines that run operations: those of their kinds, and the short one for rotations of tier `data`. */
export type WorkflowKind =
  | OperationKind
  | 'rotate-data-key'
  | 'approve'
  | 'destroy-key'
  | 'recover-key-store'
  | 'contain-scope';

/** A suspension can be lifted; a revocation is for ever. */
export const CONTAINMENT_KINDS = ['suspension', 'revocation'] as const;
export type ContainmentKind = (typeof CONTAINMENT_KINDS)[number];

/** What many keys are contained by at once. */
export const SCOPE_KINDS = ['owner', 'class', 'environment', 'application', 'host'] as const;
export type ScopeKind = (typeof SCOPE_KINDS)[number];

/** Whose roles a mass brake is put on: of all keys, of a scope of keys, or one. */
export const BRAKE_SCOPE_KINDS = ['all', ...SCOPE_KINDS, 'role'] as const;
export type BrakeScopeKind = (typeof BRAKE_SCOPE_KINDS)[number];
export const BRAKE_STATES = ['applying', 'applied', 'lifting', 'lifted'] as const;
export type BrakeState = (typeof BRAKE_STATES)[number];
export const BRAKED_ROLE_STATES = [
  'pending',
  'applied',
  'already',
  'failed',
  'protected',
  'lifted',
  'kept',
] as const;
export type BrakedRoleState = (typeof BRAKED_ROLE_STATES)[number];
/** Why a role could not be reached; each is tried again with the next look. */
export const ROLE_FAULTS = [
  'RoleOutsideAccount',
  'RoleNotFound',
  'TooManyPolicies',
  'RoleNotModifiable',
  'AccessDenied',
  'Throttled',
  'Unavailable',
] as const;
export type RoleFault = (typeof ROLE_FAULTS)[number];

/** Where a key is used, as people said: of these a key may have none, and may get another. */
export const ASSIGNMENT_KINDS = ['application', 'host'] as const;
export type AssignmentKind = (typeof ASSIGNMENT_KINDS)[number];

/** `hard`: the KMS key is disabled. `locked`: its policy denies; what is revoked can still be re-encrypted. */
export const CONTAINMENT_MODES = ['hard', 'locked'] as const;
export type ContainmentMode = (typeof CONTAINMENT_MODES)[number];

/** Places that hold ciphertexts of a key. */
export const SOURCE_KINDS = [
  'data-keys',
  'dynamodb',
  's3-objects',
  's3-envelopes',
  'webhook',
  'none',
] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

/** Copies of a source that re-encryption does not reach. */
export const COPY_KINDS = [
  'backup',
  'point-in-time-recovery',
  'snapshot',
  'noncurrent-versions',
  'replica',
] as const;
export type CopyKind = (typeof COPY_KINDS)[number];

/** What must hold before a replaced version is ready to be destroyed. */
export const RETIREMENT_CONDITIONS = [
  'replaced',
  'no-ciphertexts',
  'copies-expired',
  'not-used',
  'consumers-moved',
  'no-hold',
  'no-binding',
] as const;
export type RetirementConditionName = (typeof RETIREMENT_CONDITIONS)[number];

/** `parked` waits for its `retryAt` or for a person; `compensated` was undone before the alias switch. */
export const OPERATION_STATES = ['running', 'done', 'compensated', 'parked'] as const;
export type OperationState = (typeof OPERATION_STATES)[number];

/** What started an operation. */
export const TRIGGERS = ['api', 'schedule', 'event', 'policy', 'compromise'] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** Keys a key policy template exists for: `docs/key-policies.md` shows each. */
export const POLICY_TEMPLATES = [
  'pre-activation',
  'active',
  'suspended',
  'decrypt-only',
  'contained',
  'released',
  'released-decrypt-only',
] as const;
export type PolicyTemplate = (typeof POLICY_TEMPLATES)[number];

/** Checks that `verify-version` makes against KMS. */
export const CHECKS = [
  'canary',
  'open',
  'decrypt-only',
  'access',
  'contained',
  'still-contained',
  'lifted',
] as const;
export type Check = (typeof CHECKS)[number];

/** Steps an operation can be in, as its workflow names them. */
export const STEPS = [
  'Admitted',
  'BeginOperation',
  'CreateVersion',
  /** Takes over a KMS key that exists: its evidence is kept, then it is tagged. */
  'AdoptVersion',
  'VerifyVersion',
  'NameVersion',
  'OpenPolicy',
  /** Undoes OpenPolicy: what rests on it is done again if the operation goes on after all. */
  'ClosePolicy',
  'ProbeOpen',
  'StageVersion',
  'AwaitAcknowledgements',
  'SwitchAlias',
  'ProbeAlias',
  'RestrictPolicy',
  'ProbeDecryptOnly',
  /** Turns a rotation round within its bake: the steps from opening on are done again, the other way. */
  'RollBack',
  'ApplyAccess',
  'ProbeAccess',
  'ReencryptShards',
  /** KMS is made to refuse what the record denies already. */
  'EnforceContainment',
  /** Once more, when no call of an operation that lost the key can be under way any longer. */
  'RepeatContainment',
  'ProbeContainment',
  'ConfirmContainment',
  'LiftContainment',
  'ProbeLifted',
  'CompleteOperation',
  'CompensateOperation',
  'ParkOperation',
] as const;
export type Step = (typeof STEPS)[number];
