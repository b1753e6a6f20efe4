// SPDX-License-Identifier: Apache-2.0
// Who called, as CloudTrail names the kinds of principals.
// @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
import { createHash } from 'node:crypto';
import { type Caller, principalArn } from '../authorization/principal.ts';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** An id in IAM's form; the stand-in does not know the real one, so it follows from the ARN. */
function uniqueId(prefix: string, arn: string): string {
  const digest = createHash('sha256').update(arn).digest();
  return `${prefix}${[...digest.subarray(0, 17)].map((byte) => BASE32[byte % 32]).join('')}`;
}

function kindOf(caller: Caller) {
  const { arn, account: accountId } = caller;
  const session = /:assumed-role\/([^/]+)\/(.+)$/.exec(arn);
  if (session !== null) {
    const role = principalArn(caller);
    const principalId = uniqueId('AROA', role);
    const issuer = { type: 'Role', principalId, arn: role, accountId, userName: session[1] };
    return {
      type: 'AssumedRole',
      principalId: `${principalId}:${session[2]}`,
      arn,
      accountId,
      sessionContext: { sessionIssuer: issuer, attributes: { mfaAuthenticated: 'false' } },
    };
  }
  if (caller.isRoot) return { type: 'Root', principalId: accountId, arn, accountId };
  if (arn.includes(':role/')) {
    return { type: 'Role', principalId: uniqueId('AROA', arn), arn, accountId };
  }
  const userName = arn.slice(arn.lastIndexOf('/') + 1);
  return { type: 'IAMUser', principalId: uniqueId('AIDA', arn), arn, accountId, userName };
}

/** The service a call came through, in CloudTrail's words: without the Region of `kms:ViaService`. */
export function invokedBy({ viaService }: Caller): string | undefined {
  return viaService?.replace(/^([a-z0-9-]+)\.[a-z0-9-]+\.amazonaws\.com$/, '$1.amazonaws.com');
}

/** The `userIdentity` of an event. */
export function userIdentity(caller: Caller) {
  const identity = kindOf(caller);
  const service = invokedBy(caller);
  return service === undefined ? identity : { ...identity, invokedBy: service };
}
