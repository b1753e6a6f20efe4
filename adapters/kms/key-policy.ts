// SPDX-License-Identifier: Apache-2.0
// The key policies: one template per key state (`docs/key-policies.md`). They name fixed roles through the account
// principal and `aws:PrincipalArn`: a role ARN as `Principal` becomes a dead id when the role is replaced, and would
// lock everybody out (AWS KMS developer guide, key policies). What no statement allows is denied.
import { type FunctionName, roleName } from '#core/contract/environment.ts';
import type { PolicyTemplate, Right } from '#core/contract/vocabulary.ts';
import { CANARY_CONTEXT_KEY, DATA_KEY_CONTEXT_KEY } from '#core/keys/naming.ts';
import type { AccessGrant } from '#core/keys/records.ts';
import type { PolicyMeter } from '#core/ports/key-vault.ts';
import { denyUse } from './containment-policy.ts';

export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal: { readonly AWS: string | readonly string[] };
  readonly Action: readonly string[];
  readonly Resource: '*';
  readonly Condition?: Readonly<
    Record<string, Readonly<Record<string, string | readonly string[]>>>
  >;
}

export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Id: string;
  readonly Statement: readonly PolicyStatement[];
}

/** Where the key lives, and whose roles its policy names. */
export interface PolicySite {
  readonly stage: string;
  readonly account: string;
  /** `aws`, `aws-cn`, `aws-us-gov`. */
  readonly partition: string;
}

/** What makes new ciphertext, signatures and codes; a decrypt-only key denies all of it to everybody, existing grants included. */
const PROTECTING = [
  'kms:Encrypt',
  'kms:GenerateDataKey*',
  'kms:ReEncryptTo',
  'kms:CreateGrant',
  'kms:Sign',
  'kms:GenerateMac',
] as const;

/** KMS refuses what a key is not for: one policy serves every spec. */
const RIGHT_ACTIONS: Readonly<Record<Right, readonly string[]>> = {
  encrypt: [
    'kms:Encrypt',
    'kms:GenerateDataKey',
    'kms:GenerateDataKeyWithoutPlaintext',
    'kms:ReEncryptTo',
    'kms:Sign',
    'kms:GenerateMac',
  ],
  decrypt: ['kms:Decrypt', 'kms:ReEncryptFrom', 'kms:Verify', 'kms:VerifyMac', 'kms:GetPublicKey'],
};

/** Builds the statements of one site. */
class Statements {
  readonly #site: PolicySite;

  constructor(site: PolicySite) {
    this.#site = site;
  }

  #account(account: string): string {
    return `arn:${this.#site.partition}:iam::${account}:root`;
  }

  role(name: FunctionName): string {
    const role = roleName(this.#site.stage, name);
    return `arn:${this.#site.partition}:iam::${this.#site.account}:role/${role}`;
  }

  /** Lets one principal do actions, provided its own identity policy lets it too. */
  allow(
    sid: string,
    principals: readonly string[],
    actions: readonly string[],
    extra = {},
  ): PolicyStatement {
    const account = principals[0]?.split(':')[4] ?? this.#site.account;
    return {
      Sid: sid,
      Effect: 'Allow',
      Principal: { AWS: this.#account(account) },
      Action: actions,
      Resource: '*',
      Condition: { ArnEquals: { 'aws:PrincipalArn': [...principals] }, ...extra },
    };
  }

  /** Reading what a key is reveals no data; IAM decides who of the account may. */
  metadata(): PolicyStatement {
    return {
      Sid: 'AccountReadsMetadata',
      Effect: 'Allow',
      Principal: { AWS: this.#account(this.#site.account) },
      Action: [
        'kms:DescribeKey',
        'kms:GetKeyLastUsage',
        'kms:GetKeyPolicy',
        'kms:GetKeyRotationStatus',
        'kms:ListGrants',
        'kms:ListKeyPolicies',
        'kms:ListResourceTags',
      ],
      Resource: '*',
    };
  }

  /** The policy writer, who containment needs, and the root user as the way back when the writer's role is lost. */
  policyWriters(): PolicyStatement[] {
    const root = this.#account(this.#site.account);
    const writer = this.role('apply-policy');
    const containers = [this.role('contain-keys'), this.role('enforce-containment')];
    return [
      this.allow('PolicyWriters', [writer, ...containers, root], ['kms:PutKeyPolicy']),
      this.allow('Containers', containers, ['kms:DisableKey', 'kms:RevokeGrant']),
      this.allow('LifterOfSuspensions', [writer], ['kms:EnableKey']),
    ];
  }

  /** Signing and authenticating know no context; what is signed says by its first bytes that it is a canary. */
  verifier(): PolicyStatement[] {
    const verifier = [this.role('verify-version')];
    const onCanary = { Null: { [`kms:EncryptionContext:${CANARY_CONTEXT_KEY}`]: 'false' } };
    const proving = ['kms:Sign', 'kms:Verify', 'kms:GenerateMac', 'kms:VerifyMac'];
    return [
      this.allow('VerifierWithCanary', verifier, ['kms:Encrypt', 'kms:Decrypt'], onCanary),
      this.allow('VerifierProves', verifier, proving),
    ];
  }

  /** Makes wrapped data keys under this key, each under the context that names it; it opens none. */
  dataKeyMaker(): PolicyStatement {
    return this.allow(
      'DataKeyMaker',
      [this.role('make-data-key')],
      ['kms:GenerateDataKeyWithoutPlaintext'],
      {
        Null: { [`kms:EncryptionContext:${DATA_KEY_CONTEXT_KEY}`]: 'false' },
      },
    );
  }

  /** Asks KMS for new material of the same key; CloudHSM keys and imported ones refuse. */
  rotator(): PolicyStatement {
    return this.allow('RotatorInPlace', [this.role('create-version')], ['kms:RotateKeyOnDemand']);
  }

  /** Puts escrowed material back; keys that were not imported refuse. */
  recoverer(): PolicyStatement {
    return this.allow(
      'EscrowRecoverer',
      [this.role('recover-escrow')],
      ['kms:GetParametersForImport', 'kms:ImportKeyMaterial'],
    );
  }

  /** Who destroys a replaced version, and who stops that: nobody does both. */
  destroyers(): PolicyStatement[] {
    const remover = [this.role('remove-version')];
    const stopper = [this.role('restore-version')];
    const window = {
      NumericGreaterThanEquals: { 'kms:ScheduleKeyDeletionPendingWindowInDays': '7' },
    };
    return [
      this.allow('DestroyerDisables', remover, ['kms:DisableKey']),
      this.allow('DestroyerSchedules', remover, ['kms:ScheduleKeyDeletion'], window),
      this.allow('StopperOfDestruction', stopper, ['kms:CancelKeyDeletion', 'kms:EnableKey']),
    ];
  }

  aliases(): PolicyStatement {
    return this.allow(
      'AliasPlacer',
      [this.role('place-alias')],
      ['kms:CreateAlias', 'kms:UpdateAlias'],
    );
  }

  candidates(): PolicyStatement[] {
    return [
      this.allow(
        'CreatorMarks',
        [this.role('create-version')],
        ['kms:TagResource', 'kms:GetParametersForImport', 'kms:ImportKeyMaterial'],
      ),
      this.allow(
        'RemoversOfUnusedKeys',
        [this.role('compensate-operation'), this.role('sweep-orphans')],
        ['kms:ScheduleKeyDeletion'],
      ),
    ];
  }

  /** What KMS writes into the policy of a key whose maker says nothing: IAM of the account decides. */
  delegation(): PolicyStatement {
    return {
      Sid: 'AccountDecides',
      Effect: 'Allow',
      Principal: { AWS: this.#account(this.#site.account) },
      Action: ['kms:*'],
      Resource: '*',
    };
  }

  /** One statement per right: it names all principals of one account that have it, and our data plane. */
  consumers(access: readonly AccessGrant[], rights: readonly Right[]): PolicyStatement[] {
    const byRight = rights.flatMap((right) => {
      const named = access
        .filter((grant) => grant.rights.includes(right) && !grant.isNamed)
        .map((grant) => grant.principal);
      return byAccount([...named, this.role('use-key')]).map(([account, principals]) =>
        this.allow(`Consumers${capitalised(right)}${account}`, principals, RIGHT_ACTIONS[right]),
      );
    });
    return [...byRight, ...this.named(access, rights)];
  }

  /**
   * Roles that the policy of an adopted key let in by itself: IAM of their account need not, as before. Any principal,
   * narrowed to their ARNs, and not the roles as principals: one that is deleted would make KMS refuse the policy of
   * every later version (AWS KMS developer guide, key policies).
   */
  named(access: readonly AccessGrant[], rights: readonly Right[]): PolicyStatement[] {
    const all = access.filter((grant) => grant.isNamed);
    const allow = (sid: string, grants: readonly AccessGrant[], actions: readonly string[]) => {
      const roles = [...new Set(grants.map(({ principal }) => principal))].sort();
      if (roles.length === 0) return [];
      const Condition = { ArnEquals: { 'aws:PrincipalArn': roles } };
      const Principal = { AWS: '*' };
      return {
        Sid: sid,
        Effect: 'Allow',
        Principal,
        Action: actions,
        Resource: '*',
        Condition,
      } as const;
    };
    return [
      ...rights.flatMap((right) =>
        allow(
          `Named${capitalised(right)}`,
          all.filter((grant) => grant.rights.includes(right)),
          RIGHT_ACTIONS[right],
        ),
      ),
      ...[allow('NamedLookUp', all, ['kms:DescribeKey'])].flat(),
    ];
  }

  /** AWS services use a key by grants that they make for themselves (AWS KMS developer guide, grants): only they may. */
  services(access: readonly AccessGrant[]): PolicyStatement[] {
    const named = access.filter((grant) => grant.forService).map((grant) => grant.principal);
    const isService = { Bool: { 'kms:GrantIsForAWSResource': 'true' } };
    return byAccount(named).map(([account, principals]) =>
      this.allow(`ServicesOf${account}`, principals, ['kms:CreateGrant'], isService),
    );
  }

  /**
   * Roles of a key that was let go, as principals: what IAM lets them do may hang on the tags that Keyturn takes off,
   * so the key policy alone has to be enough.
   */
  users(access: readonly AccessGrant[], rights: readonly Right[]): PolicyStatement[] {
    return rights.flatMap((right) => {
      const named = access.filter((grant) => grant.rights.includes(right));
      const roles = [...new Set(named.map(({ principal }) => principal))].sort();
      const [first] = roles;
      if (first === undefined) return [];
      return {
        Sid: `Users${capitalised(right)}`,
        Effect: 'Allow' as const,
        Principal: { AWS: roles.length === 1 ? first : roles },
        Action: RIGHT_ACTIONS[right],
        Resource: '*' as const,
      };
    });
  }

  denyProtecting(): PolicyStatement {
    return {
      Sid: 'NobodyProtectsNewData',
      Effect: 'Deny',
      Principal: { AWS: '*' },
      Action: PROTECTING,
      Resource: '*',
    };
  }

  /** The worker of re-encryption: it sees no plaintext, and S3 re-encrypts objects with its rights. */
  reencryptor(acts: { readonly direct: readonly string[]; readonly byS3: readonly string[] }) {
    const worker = [this.role('reencrypt')];
    const viaS3 = { StringLike: { 'kms:ViaService': 's3.*.amazonaws.com' } };
    return [
      this.allow('Reencryptor', worker, acts.direct),
      this.allow('ReencryptorThroughS3', worker, acts.byS3, viaS3),
    ];
  }

  /** Nobody uses what was revoked; the role of re-encryption reads it for as long as people have said. */
  contained(access: readonly AccessGrant[]): PolicyStatement[] {
    const until = access[0]?.until;
    if (until === undefined) return [this.denyProtecting(), denyUse()];
    const worker = this.role('reencrypt');
    const acts = ['kms:Decrypt', 'kms:ReEncryptFrom'];
    const inTime = { DateLessThan: { 'aws:CurrentTime': until } };
    return [
      this.denyProtecting(),
      denyUse([worker]),
      this.allow('ReencryptionOnly', [worker], acts, inTime),
    ];
  }
}

const capitalised = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

function byAccount(principals: readonly string[]): [string, string[]][] {
  const accounts = new Map<string, string[]>();
  for (const principal of [...new Set(principals)].sort()) {
    const account = principal.split(':')[4] ?? '';
    accounts.set(account, [...(accounts.get(account) ?? []), principal]);
  }
  return [...accounts];
}

const TEMPLATES: Readonly<
  Record<
    PolicyTemplate,
    (statements: Statements, access: readonly AccessGrant[]) => PolicyStatement[]
  >
> = {
  'pre-activation': (make) => [...make.verifier(), make.aliases(), ...make.candidates()],
  active: (make, access) => [
    ...make.verifier(),
    make.aliases(),
    make.rotator(),
    make.recoverer(),
    make.dataKeyMaker(),
    ...make.consumers(access, ['encrypt', 'decrypt']),
    ...make.services(access),
    ...make.reencryptor({
      direct: ['kms:ReEncryptFrom', 'kms:ReEncryptTo'],
      byS3: ['kms:Decrypt', 'kms:GenerateDataKey'],
    }),
  ],
  suspended: () => [denyUse()],
  'decrypt-only': (make, access) => [
    make.denyProtecting(),
    ...make.verifier(),
    make.aliases(),
    make.recoverer(),
    ...make.destroyers(),
    ...make.consumers(access, ['decrypt']),
    ...make.reencryptor({ direct: ['kms:ReEncryptFrom'], byS3: ['kms:Decrypt'] }),
  ],
  contained: (make, access) => [
    ...make.contained(access),
    // The alias leads away from it, which KMS asks this policy about too.
    make.aliases(),
    ...make.destroyers(),
  ],
  released: (make, access) => [make.delegation(), ...make.users(access, ['encrypt', 'decrypt'])],
  'released-decrypt-only': (make, access) => [
    make.denyProtecting(),
    make.delegation(),
    ...make.users(access, ['decrypt']),
  ],
};

/** The key policy of a state; equal input gives an equal document. Limit 32,768 bytes (KMS PutKeyPolicy). */
export function keyPolicy(
  site: PolicySite,
  template: PolicyTemplate,
  access: readonly AccessGrant[],
): PolicyDocument {
  const make = new Statements(site);
  // A key that was let go names no role of Keyturn.
  const isReleased = template === 'released' || template === 'released-decrypt-only';
  const common = isReleased ? [] : [make.metadata(), ...make.policyWriters()];
  return {
    Version: '2012-10-17',
    Id: `keyturn-${site.stage}-${template}`,
    Statement: [...common, ...TEMPLATES[template](make, access)],
  };
}

/** Measures policies before they are written. */
export function policyMeter(site: PolicySite): PolicyMeter {
  return {
    limitBytes: 32_768,
    policyBytes: (template, access) =>
      Buffer.byteLength(JSON.stringify(keyPolicy(site, template, access))),
  };
}
