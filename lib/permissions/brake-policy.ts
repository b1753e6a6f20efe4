// SPDX-License-Identifier: Apache-2.0
// The policy of the mass brake, prepared with the deployment: what it denies to a role that it is put on, and what the one
// function may do that puts it there.
import { Effect, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { FUNCTION_NAMES } from '../../core/contract/environment.ts';
import { type Names, WORKFLOW_NAMES } from '../names.ts';
import type { Grant } from './grant.ts';

/**
 * All cryptographic operations of KMS (KMS developer guide, "Cryptographic operations"), and CreateGrant, by which a role
 * could let another one do what it may not do itself any more.
 */
export const BRAKED_ACTIONS = [
  'kms:CreateGrant',
  'kms:Decrypt',
  'kms:DeriveSharedSecret',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyPair',
  'kms:GenerateDataKeyPairWithoutPlaintext',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:GenerateMac',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
  'kms:Sign',
  'kms:Verify',
  'kms:VerifyMac',
] as const;

/** Denies them on the keys of the stage; what a role does with other keys of the account is not Keyturn's to stop. */
export function brakePolicy(names: Names): PolicyDocument {
  return new PolicyDocument({
    statements: [
      new PolicyStatement({
        effect: Effect.DENY,
        actions: [...BRAKED_ACTIONS],
        resources: [names.arn('kms', 'key/*')],
        conditions: { StringEquals: { 'aws:ResourceTag/keyturn:stage': names.stage } },
      }),
    ],
  });
}

/** Keyturn's own roles, and those of the settings: whatever its code says, IAM lets the function change none of them. */
function keptRoles(names: Names, protectedRoles: readonly string[]): readonly string[] {
  return [
    ...FUNCTION_NAMES.map((name) => names.roleArn(names.role(name))),
    ...WORKFLOW_NAMES.map((name) => names.roleArn(names.of(`workflow-${name}`))),
    names.roleArn(names.of('scheduler')),
    ...protectedRoles,
  ];
}

/** What puts the policy on roles, and takes it off, may do to them. */
export function brakeGrants(names: Names, protectedRoles: readonly string[]): readonly Grant[] {
  const actions = ['iam:AttachRolePolicy', 'iam:DetachRolePolicy'];
  return [
    {
      actions,
      resources: [names.roleArn('*')],
      conditions: { ArnEquals: { 'iam:PolicyARN': names.brakePolicyArn } },
      wildcardReason: 'roles of consumers are known at run time: a condition names the one policy',
    },
    { effect: 'Deny', actions, resources: keptRoles(names, protectedRoles) },
    { actions: ['iam:ListEntitiesForPolicy'], resources: [names.brakePolicyArn] },
  ];
}
