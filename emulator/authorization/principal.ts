// SPDX-License-Identifier: Apache-2.0
// Who calls, and how a key policy names them.
import type { Matcher, PolicyDocument } from './policy-document.ts';
import { matchesWildcard } from './wildcard.ts';

/** The authenticated caller with the policies that bind it. */
export interface Caller {
  /** User, role, assumed-role session or root ARN. */
  readonly arn: string;
  readonly account: string;
  readonly isRoot: boolean;
  readonly identityPolicies: readonly PolicyDocument[];
  /** Undefined: no boundary. An empty list allows nothing. */
  readonly boundaryPolicies: readonly PolicyDocument[] | undefined;
  /** Undefined: no session policy. An empty list allows nothing. */
  readonly sessionPolicies: readonly PolicyDocument[] | undefined;
  readonly sourceIp: string | undefined;
  readonly secureTransport: boolean;
  readonly viaService: string | undefined;
  /** Of a session: the ARN of its role with its path; undefined where it is not known. */
  readonly roleArn?: string | undefined;
  /** Tags of the principal and its session. */
  readonly principalTags?: Readonly<Record<string, string>>;
  /** Organization of the principal's account, for `aws:PrincipalOrgID`. */
  readonly principalOrgId?: string | undefined;
}

/**
 * How a statement's principals cover a caller, the strongest first. A session or a user that is named itself is
 * not limited by what its boundary and session policies do not say; what names its role is.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export type Naming = 'itself' | 'principal' | 'account' | 'none';

/** Account root, with nothing that could bind it. */
export function rootOf(account: string): Caller {
  return {
    arn: `arn:aws:iam::${account}:root`,
    account,
    isRoot: true,
    identityPolicies: [],
    boundaryPolicies: undefined,
    sessionPolicies: undefined,
    sourceIp: undefined,
    secureTransport: false,
    viaService: undefined,
  };
}

/**
 * `aws:PrincipalArn`: for a session it is the ARN of its role. Without the gateway's word on it, the path of
 * the role is lost, for it is no part of a session's ARN.
 */
export function principalArn(caller: Caller): string {
  if (caller.roleArn !== undefined) return caller.roleArn;
  const session = /^arn:(aws[^:]*):sts::(\d+):assumed-role\/([^/]+)\//.exec(caller.arn);
  if (session === null) return caller.arn;
  return `arn:${session[1]}:iam::${session[2]}:role/${session[3]}`;
}

function namingOf(pattern: string, caller: Caller): Naming {
  if (pattern === '*') return 'principal';
  const account = /^(?:arn:aws[^:]*:iam::)?(\d{12})(?::root)?$/.exec(pattern)?.[1];
  if (account !== undefined) return account === caller.account ? 'account' : 'none';
  if (pattern === caller.arn && /:(assumed-role|user)\//.test(pattern)) return 'itself';
  const principal = principalArn(caller);
  if (pattern === principal || pattern === caller.arn) return 'principal';
  // Where the path of a role is not known, its name decides: it is unique in an account without the path.
  if (caller.roleArn !== undefined) return 'none';
  return pattern.replace(/:role\/.*\//, ':role/') === principal ? 'principal' : 'none';
}

const STRENGTH: readonly Naming[] = ['itself', 'principal', 'account', 'none'];

/** How the principals of an Allow or Deny statement cover the caller. */
export function naming(principals: Matcher, caller: Caller): Naming {
  const namings = new Set(principals.patterns.map((pattern) => namingOf(pattern, caller)));
  const strongest = STRENGTH.find((value) => namings.has(value)) ?? 'none';
  if (!principals.negated) return strongest;
  return strongest === 'none' ? 'principal' : 'none';
}

/** Whether an action pattern list covers an action; actions ignore case. */
export function coversAction(actions: Matcher, action: string): boolean {
  const wanted = action.toLowerCase();
  const covered = actions.patterns.some((pattern) =>
    matchesWildcard(pattern.toLowerCase(), wanted),
  );
  return covered !== actions.negated;
}
