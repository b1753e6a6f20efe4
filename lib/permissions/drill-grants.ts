// SPDX-License-Identifier: Apache-2.0
// What the functions of drills may do. Who is asked for a drill asks CloudHSM for nothing; who carries it out can end
// clusters and HSMs that have the tag of a drill of its stage, and no others.
import { LIST_INDEX } from '../../core/contract/table.ts';
import type { Duties, GrantContext } from './grant-context.ts';
import { sendMail } from './notice-grants.ts';
import { AT_RUN_TIME, restoreGrants } from './recovery-grants.ts';
import { writeTable } from './table-grants.ts';

export type DrillFunction = 'manage-drills' | 'watch-drills';

export function drillGrants(context: GrantContext): Pick<Duties, DrillFunction> {
  const { names, table } = context;
  const clusters = [names.arn('cloudhsm', 'cluster/*')];
  const backups = [names.arn('cloudhsm', 'backup/*')];
  return {
    // Lists all keys, to hold them against what an HSM has.
    'manage-drills': writeTable(table, LIST_INDEX.name),
    'watch-drills': [
      ...writeTable(table),
      ...sendMail(context),
      ...restoreGrants(context),
      {
        actions: ['cloudhsm:DeleteCluster', 'cloudhsm:DeleteHsm'],
        resources: clusters,
        conditions: { StringLike: { 'aws:ResourceTag/keyturn:drill': `keyturn-${names.stage}/*` } },
        wildcardReason: AT_RUN_TIME,
      },
      {
        actions: ['cloudhsm:DeleteBackup'],
        resources: backups,
        wildcardReason: AT_RUN_TIME,
      },
    ],
  };
}
