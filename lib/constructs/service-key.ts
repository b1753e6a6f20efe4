// SPDX-License-Identifier: Apache-2.0
// A KMS key of Keyturn itself (table, evidence, tokens, audit, alarms). Its policy lets the account administer it
// and delegates use to IAM; no role of the deployment can disable, delete or re-policy it, whatever IAM says.
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  AccountRootPrincipal,
  AnyPrincipal,
  Effect,
  PolicyDocument,
  PolicyStatement,
} from 'aws-cdk-lib/aws-iam';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { Names } from '../names.ts';

const ADMINISTRATION = [
  'kms:CancelKeyDeletion',
  'kms:CreateAlias',
  'kms:DeleteAlias',
  'kms:DescribeKey',
  'kms:DisableKey',
  'kms:DisableKeyRotation',
  'kms:EnableKey',
  'kms:EnableKeyRotation',
  'kms:GetKeyPolicy',
  'kms:GetKeyRotationStatus',
  'kms:ListGrants',
  'kms:ListKeyPolicies',
  'kms:ListKeyRotations',
  'kms:ListResourceTags',
  'kms:PutKeyPolicy',
  'kms:RevokeGrant',
  'kms:ScheduleKeyDeletion',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:UpdateAlias',
  'kms:UpdateKeyDescription',
];

/** What the control plane must not do to the keys that hold its own state and proof. */
const FORBIDDEN_TO_ROLES = [
  'kms:DisableKey',
  'kms:PutKeyPolicy',
  // What stops a managed key takes its grants back; the services' grants on these stay.
  'kms:RevokeGrant',
  'kms:ScheduleKeyDeletion',
  // By its tags a key would come under management: an adoption ends here.
  'kms:TagResource',
];

const USE = {
  /** Encrypts data of an AWS service: the service's grant, or a caller through it. */
  storage: [
    'kms:CreateGrant',
    'kms:Decrypt',
    'kms:Encrypt',
    'kms:GenerateDataKey',
    'kms:GenerateDataKeyWithoutPlaintext',
    'kms:ReEncryptFrom',
    'kms:ReEncryptTo',
  ],
  signature: ['kms:GetPublicKey', 'kms:Sign', 'kms:Verify'],
} as const;

export interface ServiceKeyProps {
  readonly names: Names;
  /** Part of the alias `alias/keyturn-<stage>-<part>`. */
  readonly part: string;
  readonly description: string;
  /** `storage`: symmetric, rotated yearly by KMS. `signature`: ECC P-256, which KMS cannot rotate. */
  readonly use: keyof typeof USE;
  readonly retain: boolean;
  /** Further statements, such as for an AWS service that acts on its own behalf. */
  readonly statements?: readonly PolicyStatement[];
}

/** See the file's head. */
export class ServiceKey extends Construct {
  readonly key: Key;

  constructor(scope: Construct, id: string, props: ServiceKeyProps) {
    super(scope, id);
    const signs = props.use === 'signature';
    this.key = new Key(this, 'Key', {
      alias: props.names.keyAlias(props.part),
      description: props.description,
      keySpec: signs ? KeySpec.ECC_NIST_P256 : KeySpec.SYMMETRIC_DEFAULT,
      keyUsage: signs ? KeyUsage.SIGN_VERIFY : KeyUsage.ENCRYPT_DECRYPT,
      ...(signs ? {} : { enableKeyRotation: true }),
      pendingWindow: Duration.days(props.retain ? 30 : 7),
      removalPolicy: props.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      policy: new PolicyDocument({
        statements: [...this.#statements(props), ...(props.statements ?? [])],
      }),
    });
  }

  #statements({ use, names }: ServiceKeyProps): readonly PolicyStatement[] {
    const account = [new AccountRootPrincipal()];
    return [
      new PolicyStatement({
        sid: 'AccountAdministers',
        principals: account,
        actions: ADMINISTRATION,
        resources: ['*'],
      }),
      new PolicyStatement({
        sid: 'UseIsDelegatedToIam',
        principals: account,
        actions: [...USE[use]],
        resources: ['*'],
      }),
      new PolicyStatement({
        sid: 'ControlPlaneNeverDisables',
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: FORBIDDEN_TO_ROLES,
        resources: ['*'],
        conditions: { ArnLike: { 'aws:PrincipalArn': names.rolePattern } },
      }),
    ];
  }
}
