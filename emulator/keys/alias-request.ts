// SPDX-License-Identifier: Apache-2.0
// Alias names and targets: what the three alias operations check alike.
import { AwsError } from '../protocol/errors.ts';
import { text } from '../protocol/members.ts';
import type { Call } from '../protocol/operation.ts';
import { aliasArn } from '../settings.ts';
import type { AliasRecord } from '../store/aliases.ts';

/** An alias name as requests carry it. */
export const aliasNameText = text(1, 256);

/** AWS's default quota of aliases on one key. */
export const ALIASES_PER_KEY = 50;

/** @throws AwsError InvalidAliasNameException, NotAuthorizedException */
export function checkAliasName(name: string): void {
  if (!name.startsWith('alias/')) {
    throw new AwsError('ValidationException', `Invalid identifier ${name}`);
  }
  if (name.startsWith('alias/aws/')) {
    throw new AwsError('NotAuthorizedException');
  }
  if (!/^alias\/[a-zA-Z0-9/_-]+$/.test(name)) {
    throw new AwsError(
      'InvalidAliasNameException',
      'Alias contains invalid characters. Alias must only contain alphanumeric characters, forward slashes, underscores and dashes',
    );
  }
}

/** The alias as readers see it. @throws AwsError NotFoundException */
export function findAlias(call: Call, name: string): AliasRecord {
  const alias = call.emulator.store.aliases.find(name);
  if (alias !== undefined) return alias;
  const arn = aliasArn(call.emulator.place, name);
  throw new AwsError('NotFoundException', `Alias ${arn} is not found.`);
}
