// SPDX-License-Identifier: Apache-2.0
// The option `--access ROLE_ARN=RIGHTS` of the commands that say who may use a key.
import { RIGHTS } from '#core/contract/vocabulary.ts';
import type { RequestOf } from '../../sdk/index.ts';
import { UsageError } from '../failures.ts';

export type AccessEntry = NonNullable<RequestOf<'createKey'>['access']>[number];

/** Reads `ROLE_ARN=encrypt,decrypt`; a role name may itself hold `=`, so the last one counts. */
export function parseAccess(text: string, before: readonly AccessEntry[] = []): AccessEntry[] {
  const split = text.lastIndexOf('=');
  const rights = text.slice(split + 1).split(',');
  const known = RIGHTS.filter((right) => rights.includes(right));
  if (split < 1 || known.length !== rights.length)
    throw new UsageError(
      `--access "${text}" is not ROLE_ARN=RIGHTS`,
      `RIGHTS is a comma-separated list of: ${RIGHTS.join(', ')}`,
    );
  return [...before, { principal: text.slice(0, split), rights: known }];
}
