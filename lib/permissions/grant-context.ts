// SPDX-License-Identifier: Apache-2.0
// What permissions refer to, and the grants that functions of several duties share.
import type { FunctionName } from '../../core/contract/environment.ts';
import type { MailSetting } from '../config/notice-settings.ts';
import type { Settings } from '../config/settings.ts';
import type { Names } from '../names.ts';
import type { Grant } from './grant.ts';
import type { KeyGrants } from './key-grants.ts';
import type { SourceSetting } from './source-grants.ts';
import type { TableArns } from './table-grants.ts';

/** Grants by function. */
export type Duties = Readonly<Record<FunctionName, readonly Grant[]>>;

/** What the permissions refer to. */
export interface GrantContext {
  readonly names: Names;
  readonly keys: KeyGrants;
  readonly table: TableArns;
  readonly tokenKeyArn: string;
  readonly keyStoreSecretArn: string;
  /** Signs webhooks, and calls to sources behind one. */
  readonly noticeKeyArn: string;
  /** Signs shares. */
  readonly escrowKeyArn: string;
  readonly evidence: { readonly bucketArn: string; readonly keyArn: string };
  readonly sources: readonly SourceSetting[];
  /** Aliases of others that the stage may move. */
  readonly movableAliases: readonly string[];
  /** Roles that no mass brake is put on, beside Keyturn's own. */
  readonly protectedRoles: readonly string[];
  readonly mail: MailSetting;
  readonly hasSlack: boolean;
  /** Network of the clusters. */
  readonly cluster: Settings['cluster'];
}

/** State machines of rotations, by tier. */
export const rotationMachines = (names: Names) => [
  names.stateMachineArn('rotate-key'),
  names.stateMachineArn('rotate-data-key'),
];

/** Task tokens are sealed with their task as context; what else lies under the key stays closed. */
export function tokenGrant(action: 'kms:Encrypt' | 'kms:Decrypt', tokenKeyArn: string): Grant {
  return {
    actions: [action],
    resources: [tokenKeyArn],
    conditions: { Null: { 'kms:EncryptionContext:keyturn:task': 'false' } },
  };
}
