// SPDX-License-Identifier: Apache-2.0
// What the functions of re-encryption and of retirement may do.
import { DUE_INDEX, LIST_INDEX } from '../../core/contract/table.ts';
import type { Duties, GrantContext } from './grant-context.ts';
import { evidenceGrants, sourceGrants } from './source-grants.ts';
import { writeTable } from './table-grants.ts';

export type ReencryptionFunction =
  | 'manage-reencryption'
  | 'manage-holds'
  | 'judge-retirement'
  | 'review-retirements'
  | 'track-reencryption'
  | 'reencrypt';

/** Who sees data holds no right to decide, and who decides sees no data. */
export function reencryptionGrants(context: GrantContext): Pick<Duties, ReencryptionFunction> {
  const { names, keys, table } = context;
  const rows = writeTable(table);
  const judging = [
    ...rows,
    keys.onKeys(['kms:GetKeyLastUsage']),
    ...evidenceGrants(context.evidence, { folder: 'retirement', region: table.region }),
  ];
  return {
    'manage-reencryption': [
      ...rows,
      {
        actions: ['states:StartExecution'],
        resources: [names.stateMachineArn('reencrypt'), names.stateMachineArn('approve')],
      },
    ],
    'manage-holds': rows,
    'judge-retirement': judging,
    // The same, asked by the clock.
    'review-retirements': judging,
    'track-reencryption': writeTable(table, DUE_INDEX.name),
    reencrypt: [
      ...writeTable(table, LIST_INDEX.name),
      keys.onKeys(['kms:ReEncryptFrom', 'kms:ReEncryptTo']),
      // S3 re-encrypts its objects itself, with the rights of who copies them.
      keys.onKeys(['kms:Decrypt', 'kms:GenerateDataKey'], {
        StringEquals: { 'kms:ViaService': `s3.${table.region}.amazonaws.com` },
      }),
      // Calls to owners' endpoints are signed as notices are.
      { actions: ['kms:Sign'], resources: [context.noticeKeyArn] },
      ...sourceGrants(context.sources, table.region),
    ],
  };
}
