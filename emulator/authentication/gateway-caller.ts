// SPDX-License-Identifier: Apache-2.0
// The caller as the gateway hands it over, in a header trusted only together with the gateway's secret.
import { MalformedPolicy } from '../authorization/policy-document.ts';
import type { Caller } from '../authorization/principal.ts';
import { AwsError } from '../protocol/errors.ts';
import { callerOf, DeclaredCaller } from './declared-caller.ts';

function refused(why: string): AwsError {
  return new AwsError('AccessDeniedException', `The gateway's caller cannot be used: ${why}`);
}

/** Reads the header. @throws AwsError AccessDeniedException for anything that is not a caller */
export function readGatewayCaller(header: string): Caller {
  try {
    const given: unknown = JSON.parse(Buffer.from(header, 'base64url').toString('utf8'));
    return callerOf(DeclaredCaller.parse(given));
  } catch (error) {
    if (error instanceof MalformedPolicy) throw refused(`a policy is malformed: ${error.message}`);
    throw refused('the header is not valid');
  }
}
