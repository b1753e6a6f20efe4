// SPDX-License-Identifier: Apache-2.0
// Permissions on managed KMS keys. Their ARNs do not exist at synth, so a grant says `key/*` and narrows by the tags
// that `create-version` puts on every key; what a key's own policy says comes on top (`docs/key-policies.md`).
import type { Names } from '../names.ts';
import { type Grant, NO_RESOURCE_LEVEL } from './grant.ts';

const STAGE_TAG = 'aws:ResourceTag/keyturn:stage';
const ORIGINS = ['AWS_CLOUDHSM', 'AWS_KMS', 'EXTERNAL'];
const UNKNOWN_AT_SYNTH = 'managed keys are created at run time: a tag condition narrows the grant';

const NAMED_AFTER_KEYS = 'aliases are named after keys, which are created at run time';

/** Grants on the managed keys of one stage. */
export class KeyGrants {
  readonly #names: Names;
  readonly #stage: string;

  constructor(names: Names, stage: string) {
    this.#names = names;
    this.#stage = stage;
  }

  /** Actions on keys that carry this stage's tag, and whatever else `conditions` asks. */
  onKeys(actions: readonly string[], conditions: NonNullable<Grant['conditions']> = {}): Grant {
    const tags = { [STAGE_TAG]: this.#stage, ...conditions['StringEquals'] };
    return {
      actions,
      resources: [this.#allKeys],
      conditions: { ...conditions, StringEquals: tags },
      wildcardReason: UNKNOWN_AT_SYNTH,
    };
  }

  /** Canary round trips: only with the canary's encryption context, so consumers' data stays closed. */
  canary(): Grant {
    return this.onKeys(['kms:Encrypt', 'kms:Decrypt'], {
      Null: { 'kms:EncryptionContext:keyturn:canary': 'false' },
    });
  }

  /** Canaries of keys that sign or authenticate; KMS has no condition on what is signed. */
  proofs(): Grant {
    return this.onKeys(['kms:Sign', 'kms:Verify', 'kms:GenerateMac', 'kms:VerifyMac']);
  }

  /** Wrapped data keys, under the context that names whose they are; never one in the clear. */
  dataKeys(): Grant {
    return this.onKeys(['kms:GenerateDataKeyWithoutPlaintext'], {
      Null: { 'kms:EncryptionContext:keyturn:data-key': 'false' },
    });
  }

  /** Finds keys by their tags, also keys that are not ours: KMS has no look-up by tag. */
  find(): readonly Grant[] {
    return [
      { actions: ['kms:ListKeys'], resources: ['*'], wildcardReason: NO_RESOURCE_LEVEL },
      {
        actions: ['kms:DescribeKey', 'kms:ListResourceTags'],
        resources: [this.#allKeys],
        wildcardReason: 'tags must be read to tell which keys belong to the stage',
      },
    ];
  }

  /** Whether KMS has a key, also one whose tags went with it. */
  look(): readonly Grant[] {
    return [
      {
        actions: ['kms:DescribeKey'],
        resources: [this.#allKeys],
        wildcardReason: 'a key that is gone has no tags to be known by',
      },
    ];
  }

  /** Reads what any key of the account is; nothing that it protects. */
  inspect(): readonly Grant[] {
    return [
      { actions: ['kms:ListAliases'], resources: ['*'], wildcardReason: NO_RESOURCE_LEVEL },
      {
        actions: [
          'kms:DescribeKey',
          'kms:GetKeyLastUsage',
          'kms:GetKeyPolicy',
          'kms:GetKeyRotationStatus',
          'kms:ListGrants',
          'kms:ListResourceTags',
        ],
        resources: [this.#allKeys],
        wildcardReason: 'the report is on keys that do not carry our tags yet',
      },
    ];
  }

  /** First contact with a key of somebody else: it is read, and marked once. */
  adopt(): readonly Grant[] {
    return [
      ...this.inspect(),
      {
        actions: ['kms:TagResource'],
        resources: [this.#allKeys],
        conditions: {
          // A key that carries a stage, this one or another, cannot be taken.
          Null: { [STAGE_TAG]: 'true' },
          StringEquals: {
            'aws:RequestTag/keyturn:stage': this.#stage,
            'aws:RequestTag/keyturn:recorded': 'true',
            'aws:RequestTag/keyturn:adopted': 'true',
          },
          'ForAllValues:StringLike': { 'aws:TagKeys': ['keyturn:*'] },
        },
        wildcardReason: 'a key that is to be adopted carries no tag of ours yet',
      },
    ];
  }

  /** Takes our aliases and tags off keys that were adopted, and off no others. */
  giveBack(): readonly Grant[] {
    const adopted = { StringEquals: { 'aws:ResourceTag/keyturn:adopted': 'true' } };
    return [
      ...this.untag(adopted),
      { actions: ['kms:ListAliases'], resources: ['*'], wildcardReason: NO_RESOURCE_LEVEL },
      {
        actions: ['kms:DeleteAlias'],
        resources: [this.#ownAliases],
        wildcardReason: NAMED_AFTER_KEYS,
      },
      this.onKeys(['kms:DeleteAlias'], adopted),
    ];
  }

  /** Schedules the deletion of keys that Keyturn made: an adopted one is out of reach. */
  remove(conditions: NonNullable<Grant['conditions']> = {}): Grant {
    return this.onKeys(['kms:ScheduleKeyDeletion'], {
      ...conditions,
      Null: { 'aws:ResourceTag/keyturn:adopted': 'true' },
    });
  }

  /** Moves aliases of others that the settings name, between keys of the stage. */
  moveLegacy(aliases: readonly string[]): readonly Grant[] {
    return aliases.map((alias) => ({
      actions: ['kms:UpdateAlias'],
      resources: [this.#names.arn('kms', alias)],
      ...(alias.includes('*')
        ? { wildcardReason: 'the setting names a family of aliases of one application' }
        : {}),
    }));
  }

  /** Takes our tags, and no others, off keys of the stage. */
  untag(conditions: NonNullable<Grant['conditions']> = {}): readonly Grant[] {
    return [
      {
        actions: ['kms:ListResourceTags'],
        resources: [this.#allKeys],
        wildcardReason: 'a key whose tags are off already is looked at once more',
      },
      this.onKeys(['kms:UntagResource'], {
        ...conditions,
        'ForAllValues:StringLike': { 'aws:TagKeys': ['keyturn:*'] },
      }),
    ];
  }

  /** Creates keys in a CloudHSM key store, tagged for this stage, and marks them as recorded. */
  create(): readonly Grant[] {
    const forStage = { 'aws:RequestTag/keyturn:stage': this.#stage };
    return [
      {
        // `kms:BypassPolicyLockoutSafetyCheck` is left open: the first policy of a version names only the verifier.
        actions: ['kms:CreateKey'],
        resources: ['*'],
        conditions: { StringEquals: { 'kms:KeyOrigin': ORIGINS, ...forStage } },
        wildcardReason: NO_RESOURCE_LEVEL,
      },
      {
        // Tags given to CreateKey. The tags of a key that exists are its own: only one without ours can get these.
        actions: ['kms:TagResource'],
        resources: [this.#allKeys],
        conditions: {
          StringEquals: { ...forStage, 'aws:RequestTag/keyturn:recorded': 'false' },
          StringEqualsIfExists: { 'kms:KeyOrigin': ORIGINS },
        },
        wildcardReason: UNKNOWN_AT_SYNTH,
      },
      this.onKeys(['kms:TagResource'], {
        StringEquals: { 'aws:RequestTag/keyturn:recorded': 'true' },
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['keyturn:recorded'] },
      }),
      this.onKeys(['kms:GetParametersForImport', 'kms:ImportKeyMaterial', 'kms:RotateKeyOnDemand']),
    ];
  }

  /** Creates and moves the aliases of managed keys. */
  alias(): readonly Grant[] {
    const actions = ['kms:CreateAlias', 'kms:UpdateAlias'];
    return [
      {
        actions,
        resources: [this.#ownAliases],
        wildcardReason: NAMED_AFTER_KEYS,
      },
      this.onKeys([...actions, 'kms:DescribeKey']),
    ];
  }

  get #ownAliases(): string {
    return this.#names.arn('kms', `alias/keyturn/${this.#stage}/*`);
  }

  get #allKeys(): string {
    return this.#names.arn('kms', 'key/*');
  }
}
