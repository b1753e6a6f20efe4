// SPDX-License-Identifier: Apache-2.0
// What the functions of approvals and of escrow may do.
import { DUE_INDEX, LIST_INDEX, OWNER_INDEX } from '../../core/contract/table.ts';
import type { Grant } from './grant.ts';
import { type Duties, type GrantContext, rotationMachines, tokenGrant } from './grant-context.ts';
import { readTable, writeTable } from './table-grants.ts';

export type ApprovalFunction =
  | 'read-approvals'
  | 'cast-vote'
  | 'manage-policy'
  | 'open-ballot'
  | 'manage-elevations'
  | 'manage-pauses'
  | 'manage-signers'
  | 'manage-incidents'
  | 'tend-approval'
  | 'execute-approved';

/** Who takes votes starts nothing but the execution that waits for them, and who executes takes no votes. */
export function approvalGrants(context: GrantContext): Pick<Duties, ApprovalFunction> {
  const { names, table, tokenKeyArn } = context;
  const approve = names.stateMachineArn('approve');
  const answer: Grant = { actions: ['states:SendTaskSuccess'], resources: [approve] };
  return {
    'read-approvals': readTable(table, LIST_INDEX.name),
    'cast-vote': [...writeTable(table), answer, tokenGrant('kms:Decrypt', tokenKeyArn)],
    // Asks, lists and revokes; what is granted, `execute-approved` writes.
    'manage-elevations': [
      ...writeTable(table),
      { actions: ['states:StartExecution'], resources: [approve] },
    ],
    // One row; and when KMS deletes what, by the index.
    'manage-pauses': writeTable(table, DUE_INDEX.name),
    // Asks, lists and removes; what is let in, `execute-approved` writes.
    'manage-signers': [
      ...writeTable(table),
      { actions: ['states:StartExecution'], resources: [approve] },
    ],
    // Reads keys and their audit records; it writes rows of incidents, and starts nothing.
    'manage-incidents': writeTable(table),
    'manage-policy': [
      ...writeTable(table),
      { actions: ['states:StartExecution'], resources: [approve] },
    ],
    // Answers at once for what was decided before it waited.
    'open-ballot': [...writeTable(table), answer, tokenGrant('kms:Encrypt', tokenKeyArn)],
    // It looks at caches of stopped keys too: it finds both by one index, and can neither stop a key nor open one.
    'tend-approval': [
      ...writeTable(table, DUE_INDEX.name),
      { actions: ['states:StartExecution'], resources: [approve] },
    ],
    'execute-approved': [
      ...writeTable(table, LIST_INDEX.name, OWNER_INDEX.name),
      {
        actions: ['states:StartExecution'],
        resources: [
          ...rotationMachines(names),
          names.stateMachineArn('update-access'),
          names.stateMachineArn('destroy-key'),
          names.stateMachineArn('revoke-key'),
          names.stateMachineArn('contain-scope'),
          names.stateMachineArn('resume-key'),
          names.stateMachineArn('recover-key-store'),
        ],
      },
    ],
  };
}

export type EscrowFunction = 'manage-escrow' | 'recover-escrow';

/** Who makes one-time keys cannot open what is sealed to them, and who opens it takes nothing in. */
export function escrowGrants(context: GrantContext): Pick<Duties, EscrowFunction> {
  const { names, keys, table, tokenKeyArn, escrowKeyArn } = context;
  const ofSessions = (action: 'kms:Encrypt' | 'kms:Decrypt'): Grant => ({
    actions: [action],
    resources: [tokenKeyArn],
    conditions: { Null: { 'kms:EncryptionContext:keyturn:escrow-session': 'false' } },
  });
  return {
    'manage-escrow': [
      ...writeTable(table),
      ofSessions('kms:Encrypt'),
      { actions: ['kms:GetPublicKey'], resources: [escrowKeyArn] },
      { actions: ['states:StartExecution'], resources: [names.stateMachineArn('approve')] },
    ],
    'recover-escrow': [
      ...writeTable(table),
      ofSessions('kms:Decrypt'),
      { actions: ['kms:GetPublicKey', 'kms:Sign'], resources: [escrowKeyArn] },
      keys.onKeys(['kms:GetParametersForImport', 'kms:ImportKeyMaterial']),
    ],
  };
}
