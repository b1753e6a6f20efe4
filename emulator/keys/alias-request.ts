// SPDX-License-Identifier: Apache-2.0
// Alias names and targets: what the three alias operations check alike.
import { isForeign } from '../authorization/accounts.ts';
import { AwsError } from '../protocol/errors.ts';
import { text } from '../protocol/members.ts';
import type { Call } from '../protocol/operation.ts';
import { aliasArn } from '../settings.ts';
import type { AliasRecord } from '../store/aliases.ts';

/** An alias name as requests carry it. */
export const aliasNameText = text(1, 256, { pattern: /^[a-zA-Z0-9:/_-]+$/ });

/** AWS's default quota of aliases on one key. */
export const ALIASES_PER_KEY = 50;

/** @throws AwsError ValidationException, InvalidAliasNameException, NotAuthorizedException */
export function checkAliasName(name: string): void {
  if (!name.startsWith('alias/')) {
    throw new AwsError(
      'ValidationException',
      'Alias must start with the prefix "alias/". Please see ' +
        'https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
    );
  }
  if (name.startsWith('alias/aws/')) {
    throw new AwsError('NotAuthorizedException');
  }
  // The model's pattern lets colons pass, which ARNs have.
  if (name.includes(':')) {
    throw new AwsError('ValidationException', `${name} contains invalid characters for an alias`);
  }
  if (name === 'alias/') throw new AwsError('InvalidAliasNameException');
}

/** @throws AwsError ValidationException when the key of an alias is named by an alias, or by its ARN */
export function checkAliasTarget(keyId: string): void {
  if (!/^(arn:[^:]*:kms:[^:]*:[^:]*:)?alias\//.test(keyId)) return;
  throw new AwsError('ValidationException', 'Aliases must refer to keys. Not aliases');
}

/** The alias as readers see it. @throws AwsError NotFoundException */
export function findAlias(call: Call, name: string): AliasRecord {
  const alias = isForeign(call) ? undefined : call.emulator.store.aliases.find(name);
  if (alias !== undefined) return alias;
  const arn = aliasArn({ ...call.emulator.place, account: call.caller.account }, name);
  throw new AwsError('NotFoundException', `Alias ${arn} is not found.`);
}
