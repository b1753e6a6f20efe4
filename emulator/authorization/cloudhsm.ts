// SPDX-License-Identifier: Apache-2.0
// Who may call CloudHSM: identity policies decide, on the cluster or backup that a call names.
// @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_cloudhsm.html
import { AwsError } from '../protocol/errors.ts';
import type { Call, Operation } from '../protocol/operation.ts';
import { isForeign } from './accounts.ts';
import { refusalOf } from './authorize.ts';
import { decide } from './evaluate.ts';
import { type ContextEntries, requestContext } from './request-context.ts';

/** The member that names what the operation is about; undefined: policies name `*`. */
const RESOURCE_MEMBERS: Readonly<Record<string, string | undefined>> = {
  CopyBackupToRegion: 'BackupId',
  CreateCluster: undefined,
  CreateHsm: 'ClusterId',
  DeleteBackup: 'BackupId',
  DeleteCluster: 'ClusterId',
  DeleteHsm: 'ClusterId',
  DeleteResourcePolicy: 'ResourceArn',
  DescribeBackups: undefined,
  DescribeClusters: undefined,
  GetResourcePolicy: 'ResourceArn',
  InitializeCluster: 'ClusterId',
  ListTags: 'ResourceId',
  ModifyBackupAttributes: 'BackupId',
  ModifyCluster: 'ClusterId',
  PutResourcePolicy: 'ResourceArn',
  RestoreBackup: 'BackupId',
  TagResource: 'ResourceId',
  UntagResource: 'ResourceId',
};

interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** Members that say what a call is about; the readers of the operations have checked their types. */
interface Input {
  readonly TagList?: readonly Tag[];
  readonly TagKeyList?: readonly string[];
  readonly [member: string]: unknown;
}

function arnOf(call: Call, name: string): string {
  if (name.startsWith('arn:')) return name;
  const { region, account } = call.emulator.place;
  const type = name.startsWith('backup-') ? 'backup' : 'cluster';
  return `arn:aws:cloudhsm:${region}:${account}:${type}/${name}`;
}

function prefixed(prefix: string, pairs: readonly (readonly [string, string])[]): ContextEntries {
  return Object.fromEntries(pairs.map(([name, value]) => [`${prefix}/${name}`, value]));
}

function tagsOf({ emulator }: Call, arn: string): ContextEntries {
  const { clusters, backups } = emulator.store;
  const id = arn.slice(arn.lastIndexOf('/') + 1);
  const tagged = id.startsWith('backup-')
    ? backups.all().find(({ backupId }) => backupId === id)
    : clusters.find(id);
  return prefixed('aws:ResourceTag', Object.entries(tagged?.tags ?? {}));
}

function requestTags({ TagList: tags = [], TagKeyList: names = [] }: Input): ContextEntries {
  const keys = [...tags.map(({ Key }) => Key), ...names];
  const pairs = tags.map(({ Key, Value }) => [Key, Value] as const);
  return {
    ...prefixed('aws:RequestTag', pairs),
    ...(keys.length === 0 ? {} : { 'aws:TagKeys': keys }),
  };
}

/** @throws AwsError CloudHsmAccessDeniedException */
function requireAllowed(call: Call, action: string, resource: string, entries: ContextEntries) {
  const context = requestContext(call, undefined, { ...tagsOf(call, resource), ...entries });
  const decision = decide({ caller: call.caller, action, resource, context, key: undefined });
  if (decision.allowed) return;
  throw new AwsError(
    'CloudHsmAccessDeniedException',
    refusalOf(call.caller, { action, resource }, decision),
  );
}

function authorizeCluster(call: Call, name: string, input: Input): void {
  const member = RESOURCE_MEMBERS[name];
  const named = member === undefined ? undefined : input[member];
  const resource = typeof named === 'string' ? arnOf(call, named) : '*';
  requireAllowed(call, `cloudhsm:${name}`, resource, requestTags(input));
  // Tags of what is made need the right to tag it too; its id is not known yet.
  const isTagged = name !== 'TagResource' && (input.TagList ?? []).length > 0;
  if (isTagged) {
    const { region, account } = call.emulator.place;
    const type = name === 'CreateCluster' ? 'cluster' : 'backup';
    const made = `arn:aws:cloudhsm:${region}:${account}:${type}/*`;
    requireAllowed(call, 'cloudhsm:TagResource', made, requestTags(input));
  }
  if (!isForeign(call)) return;
  const { account } = call.emulator.place;
  throw new AwsError(
    'CloudHsmAccessDeniedException',
    `Only account ${account} has clusters and backups here, and they are not shared with account ${call.caller.account}.`,
  );
}

/** The operation, carried out only for callers who may. @throws Error for an operation nobody has placed here */
export function authorized(item: Operation): Operation {
  if (!Object.hasOwn(RESOURCE_MEMBERS, item.name)) {
    throw new Error(`no resource is declared for authorizing cloudhsm:${item.name}`);
  }
  return {
    ...item,
    handle: (call, input) => {
      authorizeCluster(call, item.name, input as Input);
      return item.handle(call, input);
    },
  };
}
