// SPDX-License-Identifier: Apache-2.0
// What each function may do: one line of duty per function, the whole of it. No function both decides on and
// carries out the same dangerous act; nothing here holds a wildcard action.
import type { FunctionName } from '../../core/contract/environment.ts';
import { USE_FAILURE_SOURCE, USE_FAILURE_TYPE } from '../../core/contract/key-use-events.ts';
import { DUE_INDEX, LIST_INDEX, OWNER_INDEX } from '../../core/contract/table.ts';
import type { Names } from '../names.ts';
import {
  type ApprovalFunction,
  approvalGrants,
  type EscrowFunction,
  escrowGrants,
} from './approval-grants.ts';
import { type ContainmentFunction, containmentGrants } from './containment-grants.ts';
import { type DestructionFunction, destructionGrants } from './destruction-grants.ts';
import { type DrillFunction, drillGrants } from './drill-grants.ts';
import { type Grant, NO_RESOURCE_LEVEL } from './grant.ts';
import { type Duties, type GrantContext, rotationMachines, tokenGrant } from './grant-context.ts';
import { type HsmFunction, hsmGrants } from './hsm-grants.ts';
import { type NoticeFunction, noticeGrants } from './notice-grants.ts';
import {
  hsmAdminMachines,
  passwordGrants,
  type RecoveryFunction,
  recoveryGrants,
} from './recovery-grants.ts';
import { type ReencryptionFunction, reencryptionGrants } from './reencryption-grants.ts';
import { evidenceGrants, readEvidence } from './source-grants.ts';
import { getFromTable, readStream, readTable, writeTable } from './table-grants.ts';

/** Grants by function. */
export function functionGrants(context: GrantContext): Duties {
  return {
    ...apiGrants(context),
    ...stepGrants(context),
    ...reencryptionGrants(context),
    ...approvalGrants(context),
    ...escrowGrants(context),
    ...noticeGrants(context),
    ...containmentGrants(context),
    ...recoveryGrants(context),
    ...destructionGrants(context),
    ...hsmGrants(context),
    ...drillGrants(context),
    ...sweepAndStoreGrants(context),
  };
}

type ApiFunction =
  | 'authorize-person'
  | 'serve-contract'
  | 'read-keys'
  | 'read-calendar'
  | 'read-usage'
  | 'release-keys'
  | 'manage-adoptions'
  | 'plan-changes'
  | 'change-keys'
  | 'manage-consumers'
  | 'acknowledge-rotation'
  | 'watch-rotation'
  | 'use-key'
  | 'manage-key-stores';

function apiGrants({
  names,
  keys,
  table,
  tokenKeyArn,
  noticeKeyArn,
}: GrantContext): Pick<Duties, ApiFunction> {
  const provisioning = names.stateMachineArn('provision-key-store');
  return {
    'authorize-person': [],
    'serve-contract': [
      ...readTable(table),
      { actions: ['kms:GetPublicKey'], resources: [noticeKeyArn] },
    ],
    'read-keys': readTable(table, LIST_INDEX.name),
    'read-usage': readTable(table),
    'read-calendar': readTable(table, DUE_INDEX.name),
    'release-keys': [
      ...writeTable(table),
      {
        actions: ['states:StartExecution'],
        resources: [names.stateMachineArn('update-access'), names.stateMachineArn('approve')],
      },
    ],
    'manage-adoptions': [
      ...writeTable(table),
      ...keys.inspect(),
      { actions: ['states:StartExecution'], resources: [names.stateMachineArn('adopt-key')] },
    ],
    'plan-changes': readTable(table),
    'change-keys': [
      ...writeTable(table),
      {
        actions: ['states:StartExecution'],
        resources: [names.stateMachineArn('generate-key'), ...rotationMachines(names)],
      },
    ],
    'acknowledge-rotation': [
      ...writeTable(table),
      {
        actions: ['states:StartExecution'],
        resources: [...rotationMachines(names), names.stateMachineArn('approve')],
      },
    ],
    'watch-rotation': [
      ...writeTable(table),
      { actions: ['states:StartExecution'], resources: rotationMachines(names) },
    ],
    'manage-consumers': [
      ...writeTable(table),
      { actions: ['states:StartExecution'], resources: [names.stateMachineArn('update-access')] },
    ],
    'use-key': [
      ...getFromTable(table),
      keys.onKeys(['kms:Encrypt', 'kms:Decrypt']),
      // Tells of its failures, and of nothing else.
      {
        actions: ['events:PutEvents'],
        resources: [names.arn('events', 'event-bus/keyturn')],
        conditions: {
          StringEquals: {
            'events:source': USE_FAILURE_SOURCE,
            'events:detail-type': USE_FAILURE_TYPE,
          },
        },
      },
    ],
    'manage-key-stores': [
      ...writeTable(table),
      { actions: ['states:StartExecution'], resources: [provisioning] },
      // As CDK's own grantTaskResponse: the token belongs to an execution of these machines.
      { actions: ['states:SendTaskSuccess'], resources: hsmAdminMachines(names) },
      tokenGrant('kms:Decrypt', tokenKeyArn),
    ],
  };
}

type StepFunction =
  | 'begin-operation'
  | 'create-version'
  | 'adopt-version'
  | 'make-data-key'
  | 'verify-version'
  | 'place-alias'
  | 'apply-policy'
  | 'complete-operation'
  | 'compensate-operation'
  | 'park-operation';

function stepGrants(context: GrantContext): Pick<Duties, StepFunction> {
  const { keys, table, escrowKeyArn } = context;
  const rows = writeTable(table);
  const adoptions = { folder: 'adoption', region: table.region } as const;
  return {
    'begin-operation': rows,
    'create-version': [
      ...rows,
      ...keys.create(),
      ...keys.find(),
      { actions: ['kms:Sign'], resources: [escrowKeyArn] },
    ],
    'adopt-version': [...rows, ...keys.adopt(), ...evidenceGrants(context.evidence, adoptions)],
    'make-data-key': [...rows, keys.dataKeys()],
    // Finds the keys whose canaries it opens after a recovery.
    'verify-version': [
      ...writeTable(table, LIST_INDEX.name),
      keys.canary(),
      keys.proofs(),
      keys.onKeys(['kms:GetKeyPolicy']),
    ],
    'place-alias': [...rows, ...keys.alias(), ...keys.moveLegacy(context.movableAliases)],
    'apply-policy': [
      ...rows,
      keys.onKeys(['kms:PutKeyPolicy', 'kms:GetKeyPolicy']),
      // Lifts a suspension.
      keys.onKeys(['kms:EnableKey']),
      // Gives an adopted key its own policy back.
      ...readEvidence(context.evidence, adoptions),
    ],
    'complete-operation': [...rows, ...keys.untag()],
    'compensate-operation': [
      ...rows,
      keys.onKeys(['kms:DescribeKey']),
      keys.remove({
        NumericGreaterThanEquals: { 'kms:ScheduleKeyDeletionPendingWindowInDays': '7' },
      }),
      ...keys.giveBack(),
    ],
    'park-operation': rows,
  };
}

type OtherFunction = Exclude<
  FunctionName,
  | ApiFunction
  | StepFunction
  | ReencryptionFunction
  | ApprovalFunction
  | EscrowFunction
  | NoticeFunction
  | ContainmentFunction
  | RecoveryFunction
  | DestructionFunction
  | HsmFunction
  | DrillFunction
>;

function sweepAndStoreGrants(context: GrantContext): Pick<Duties, OtherFunction> {
  const { names, keys, table, tokenKeyArn } = context;
  const rows = writeTable(table);
  return {
    'find-due-rotations': writeTable(table, DUE_INDEX.name),
    'record-key-use': [
      ...writeTable(table),
      {
        actions: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
        resources: [names.arn('sqs', names.of('key-use'))],
      },
      // A new version that fails its consumers goes back at once; what is detected may suspend a key, which others carry out.
      {
        actions: ['states:StartExecution'],
        resources: [names.stateMachineArn('rotate-key'), names.stateMachineArn('revoke-key')],
      },
    ],
    'publish-events': [
      ...readStream(table),
      { actions: ['events:PutEvents'], resources: [names.arn('events', 'event-bus/keyturn')] },
      {
        actions: ['sqs:SendMessage'],
        resources: [names.arn('sqs', names.of('events-unpublished'))],
      },
    ],
    'deliver-webhooks': [
      ...rows,
      { actions: ['kms:Sign'], resources: [context.noticeKeyArn] },
      { actions: ['states:StartExecution'], resources: rotationMachines(names) },
      {
        actions: ['sqs:SendMessage'],
        resources: [names.arn('sqs', names.of('webhooks-undelivered'))],
      },
    ],
    'review-policies': writeTable(table, LIST_INDEX.name),
    'receive-acknowledgements': [
      ...rows,
      { actions: ['states:StartExecution'], resources: rotationMachines(names) },
    ],
    'receive-signals': [
      ...writeTable(table, OWNER_INDEX.name),
      { actions: ['states:StartExecution'], resources: rotationMachines(names) },
    ],
    'sweep-orphans': [
      ...rows,
      ...keys.find(),
      keys.remove({ StringEquals: { 'aws:ResourceTag/keyturn:recorded': 'false' } }),
    ],
    'request-hsm-admin': [
      ...rows,
      tokenGrant('kms:Encrypt', tokenKeyArn),
      // Resumes a state that is tried again when its task is done.
      {
        actions: ['states:SendTaskSuccess'],
        resources: hsmAdminMachines(names),
      },
    ],
    'create-key-store': [...rows, ...keyStoreGrants(context, names)],
    'record-key-store': rows,
  };
}

/** KMS makes its service-linked role with the first key store of an account (KMS guide, authorize-key-store). */
function keyStoreGrants(context: GrantContext, names: Names): readonly Grant[] {
  return [
    ...passwordGrants(context),
    {
      actions: [
        'cloudhsm:DescribeClusters',
        'kms:CreateCustomKeyStore',
        'kms:DescribeCustomKeyStores',
      ],
      resources: ['*'],
      wildcardReason: NO_RESOURCE_LEVEL,
    },
    {
      actions: ['iam:CreateServiceLinkedRole'],
      resources: [
        names.serviceRoleArn('cks.kms', 'AWSServiceRoleForKeyManagementServiceCustomKeyStores'),
      ],
      conditions: { StringEquals: { 'iam:AWSServiceName': 'cks.kms.amazonaws.com' } },
    },
  ];
}
