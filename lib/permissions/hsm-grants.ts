// SPDX-License-Identifier: Apache-2.0
// What the functions of HSMs may do: who is asked looks alone, and who looks every few minutes makes and ends HSMs.
import { type Grant, NO_RESOURCE_LEVEL } from './grant.ts';
import type { Duties, GrantContext } from './grant-context.ts';
import { writeTable } from './table-grants.ts';
import { networkGrants } from './workflow-grants.ts';

export type HsmFunction = 'manage-hsms' | 'watch-hsms';

const LOOK: Grant = {
  actions: ['cloudhsm:DescribeBackups', 'cloudhsm:DescribeClusters'],
  resources: ['*'],
  wildcardReason: NO_RESOURCE_LEVEL,
};

export function hsmGrants({ names, table, cluster }: GrantContext): Pick<Duties, HsmFunction> {
  return {
    'manage-hsms': [...writeTable(table), LOOK],
    'watch-hsms': [
      ...writeTable(table),
      LOOK,
      {
        actions: ['cloudhsm:CreateHsm', 'cloudhsm:DeleteHsm'],
        resources: [names.arn('cloudhsm', 'cluster/*')],
        wildcardReason: 'the cluster exists only at run time, and is recorded in the table',
      },
      ...networkGrants(names, cluster),
    ],
  };
}
