// SPDX-License-Identifier: Apache-2.0
// The caller as the gateway hands it over, in a header trusted only together with the gateway's secret.
import { z } from 'zod';
import {
  MalformedPolicy,
  type PolicyDocument,
  parsePolicy,
} from '../authorization/policy-document.ts';
import type { Caller } from '../authorization/principal.ts';
import { AwsError } from '../protocol/errors.ts';

const Policies = z.array(z.unknown());

const GatewayCaller = z.object({
  principalArn: z.string().min(1),
  account: z.string().regex(/^\d{12}$/),
  identityPolicies: Policies,
  boundaryPolicies: Policies.nullish(),
  sessionPolicies: Policies.nullish(),
  isRoot: z.boolean(),
  sourceIp: z.string().nullish(),
  secureTransport: z.boolean().nullish(),
  viaService: z.string().nullish(),
  principalTags: z.record(z.string(), z.string()).nullish(),
});

function policy(document: unknown): PolicyDocument {
  return parsePolicy(typeof document === 'string' ? JSON.parse(document) : document, 'identity');
}

function refused(why: string): AwsError {
  return new AwsError('AccessDeniedException', `The gateway's caller cannot be used: ${why}`);
}

/** Reads the header. @throws AwsError AccessDeniedException for anything that is not a caller */
export function readGatewayCaller(header: string): Caller {
  try {
    const given = GatewayCaller.parse(
      JSON.parse(Buffer.from(header, 'base64url').toString('utf8')),
    );
    return {
      arn: given.principalArn,
      account: given.account,
      isRoot: given.isRoot,
      identityPolicies: given.identityPolicies.map(policy),
      boundaryPolicies: given.boundaryPolicies?.map(policy),
      sessionPolicies: given.sessionPolicies?.map(policy),
      sourceIp: given.sourceIp ?? undefined,
      secureTransport: given.secureTransport ?? true,
      viaService: given.viaService ?? undefined,
      principalTags: given.principalTags ?? {},
    };
  } catch (error) {
    if (error instanceof MalformedPolicy) throw refused(`a policy is malformed: ${error.message}`);
    throw refused('the header is not valid');
  }
}
