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
  /** Tags of the principal and its session, as the gateway tells them. */
  readonly principalTags?: Readonly<Record<string, string>>;
}

/** How a statement's principals cover a caller, the strongest first. */
export type Naming = 'session' | 'principal' | 'account' | 'none';

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
 * `aws:PrincipalArn`: for a session it is the ARN of its role. The path of a role is not part of a
 * session's ARN and stays lost.
 */
export function principalArn(caller: Caller): string {
  const session = /^arn:(aws[^:]*):sts::(\d+):assumed-role\/([^/]+)\//.exec(caller.arn);
  if (session === null) return caller.arn;
  return `arn:${session[1]}:iam::${session[2]}:role/${session[3]}`;
}

function namingOf(pattern: string, caller: Caller): Naming {
  if (pattern === '*') return 'principal';
  const account = /^(?:arn:aws[^:]*:iam::)?(\d{12})(?::root)?$/.exec(pattern)?.[1];
  if (account !== undefined) return account === caller.account ? 'account' : 'none';
  if (pattern === caller.arn && caller.arn.includes(':assumed-role/')) return 'session';
  // A session's ARN does not show its role's path; role names are unique in an account without it.
  const withoutPath = pattern.replace(/:role\/.*\//, ':role/');
  return withoutPath === principalArn(caller) || pattern === caller.arn ? 'principal' : 'none';
}

const STRENGTH: readonly Naming[] = ['session', 'principal', 'account', 'none'];

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
