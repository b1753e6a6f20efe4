// SPDX-License-Identifier: Apache-2.0
// The members in which a caller is declared, by the gateway's header and by a file of principals alike.
import { z } from 'zod';
import { type PolicyDocument, parsePolicy } from '../authorization/policy-document.ts';
import type { Caller } from '../authorization/principal.ts';

const Policies = z.array(z.unknown());

/** What binds a principal and what conditions may ask about it. */
export const declaredMembers = {
  /** ARN of a session's role, with its path, which the session's own ARN does not carry. */
  roleArn: z
    .string()
    .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/)
    .nullish(),
  boundaryPolicies: Policies.nullish(),
  sessionPolicies: Policies.nullish(),
  viaService: z.string().nullish(),
  principalTags: z.record(z.string(), z.string()).nullish(),
  /** Organization of the principal's account. */
  principalOrgId: z.string().nullish(),
};

/** The same with what every caller has. */
export const DeclaredCaller = z.object({
  principalArn: z.string().min(1),
  account: z.string().regex(/^\d{12}$/),
  isRoot: z.boolean(),
  identityPolicies: Policies,
  sourceIp: z.string().nullish(),
  secureTransport: z.boolean().nullish(),
  ...declaredMembers,
});

function policy(document: unknown): PolicyDocument {
  return parsePolicy(typeof document === 'string' ? JSON.parse(document) : document, 'identity');
}

/** The caller declared. @throws MalformedPolicy, or SyntaxError for a policy that is text but not JSON */
export function callerOf(declared: z.output<typeof DeclaredCaller>): Caller {
  return {
    arn: declared.principalArn,
    account: declared.account,
    isRoot: declared.isRoot,
    roleArn: declared.roleArn ?? undefined,
    identityPolicies: declared.identityPolicies.map(policy),
    boundaryPolicies: declared.boundaryPolicies?.map(policy),
    sessionPolicies: declared.sessionPolicies?.map(policy),
    sourceIp: declared.sourceIp ?? undefined,
    secureTransport: declared.secureTransport ?? true,
    viaService: declared.viaService ?? undefined,
    principalTags: declared.principalTags ?? {},
    principalOrgId: declared.principalOrgId ?? undefined,
  };
}
