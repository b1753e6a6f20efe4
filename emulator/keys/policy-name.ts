// SPDX-License-Identifier: Apache-2.0
// The only key policy there is has the name `default`, and naming it is optional.
import { AwsError } from '../protocol/errors.ts';

/** @throws AwsError NotFoundException */
export function requireDefaultPolicyName(name: string | undefined): void {
  if (name === undefined || name === 'default') return;
  throw new AwsError('NotFoundException', 'No such policy exists');
}
