// SPDX-License-Identifier: Apache-2.0
// The decision KMS takes: an explicit deny anywhere wins; else the key policy allows the principal it names,
// or delegates to the account, whose identity policies must allow too, or a grant does the same; boundary and
// session policies cap.
// @see https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
import { conditionsHold, type RequestContext, variablesOf } from './conditions.ts';
import type { PolicyDocument, Statement } from './policy-document.ts';
import { type Caller, coversAction, type Naming, naming } from './principal.ts';
import { matchesWildcard } from './wildcard.ts';

/** What is asked. */
export interface AccessRequest {
  readonly caller: Caller;
  /** e.g. `kms:Encrypt`. */
  readonly action: string;
  /** An ARN, or `*` for operations without a resource. */
  readonly resource: string;
  readonly context: RequestContext;
  /** Policy of the key and the account that owns it; undefined where there is no key. */
  readonly key:
    | {
        readonly policy: PolicyDocument;
        readonly account: string;
        /** How grants of the key that cover this request name the caller; asked only when needed. */
        readonly granted?: () => ReadonlySet<Naming>;
      }
    | undefined;
}

/** Kinds of policies, as error messages call them. */
export type PolicyKind =
  | 'identity-based policy'
  | 'resource-based policy'
  | 'permissions boundary'
  | 'session policy';

/** The outcome; `by` is the policy that denied or did not allow. */
export type Decision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly explicit: boolean; readonly by: PolicyKind };

const ALLOWED: Decision = { allowed: true };
const denied = (by: PolicyKind, explicit: boolean): Decision => ({ allowed: false, explicit, by });

function covers(statement: Statement, request: AccessRequest): boolean {
  const variable = variablesOf(request.context);
  const named = statement.resources.patterns.some((pattern) =>
    matchesWildcard(pattern, request.resource, variable),
  );
  return (
    named !== statement.resources.negated &&
    coversAction(statement.actions, request.action) &&
    conditionsHold(statement.conditions, request.context)
  );
}

function says(
  policies: readonly PolicyDocument[],
  effect: 'Allow' | 'Deny',
  request: AccessRequest,
) {
  return policies.some(({ statements }) =>
    statements.some((statement) => statement.effect === effect && covers(statement, request)),
  );
}

/** The strongest way in which the key policy's statements of this effect cover the caller. */
function keyPolicySays(effect: 'Allow' | 'Deny', request: AccessRequest): ReadonlySet<Naming> {
  const statements = request.key?.policy.statements ?? [];
  const namings = statements
    .filter((statement) => statement.effect === effect && statement.principals !== undefined)
    .filter((statement) => covers(statement, request))
    .map(({ principals }) =>
      principals === undefined ? 'none' : naming(principals, request.caller),
    );
  return new Set(namings.filter((value) => value !== 'none'));
}

function explicitDeny(request: AccessRequest): Decision | undefined {
  const { caller } = request;
  if (keyPolicySays('Deny', request).size > 0) return denied('resource-based policy', true);
  if (says(caller.identityPolicies, 'Deny', request)) return denied('identity-based policy', true);
  if (says(caller.boundaryPolicies ?? [], 'Deny', request)) {
    return denied('permissions boundary', true);
  }
  if (says(caller.sessionPolicies ?? [], 'Deny', request)) return denied('session policy', true);
  return undefined;
}

/** Boundary and session policies: they grant nothing, but where they exist they must allow. */
function capped(request: AccessRequest): Decision {
  const { boundaryPolicies, sessionPolicies } = request.caller;
  if (boundaryPolicies !== undefined && !says(boundaryPolicies, 'Allow', request)) {
    return denied('permissions boundary', false);
  }
  if (sessionPolicies !== undefined && !says(sessionPolicies, 'Allow', request)) {
    return denied('session policy', false);
  }
  return ALLOWED;
}

function identityDecides(request: AccessRequest): Decision {
  if (request.caller.isRoot) return ALLOWED;
  if (!says(request.caller.identityPolicies, 'Allow', request)) {
    return denied('identity-based policy', false);
  }
  return capped(request);
}

/**
 * Decides about the retirement of a grant that names the caller in this way ('account': its root, for whom
 * identity policies decide). The grant itself permits; policies can only deny.
 */
export function decideRetirement(request: AccessRequest, named: Naming): Decision {
  const deny = explicitDeny(request);
  if (deny !== undefined) return deny;
  if (named === 'none') return denied('resource-based policy', false);
  return named === 'account' ? identityDecides(request) : ALLOWED;
}

/** Decides one request. Pure: the same request gives the same answer. */
export function decide(request: AccessRequest): Decision {
  const deny = explicitDeny(request);
  if (deny !== undefined) return deny;
  if (request.key === undefined) return identityDecides(request);
  const byPolicy = decideByNaming(request, keyPolicySays('Allow', request));
  if (byPolicy.allowed || request.key.granted === undefined) return byPolicy;
  const byGrant = decideByNaming(request, request.key.granted());
  return byGrant.allowed ? byGrant : byPolicy;
}

/** Access by the key policy or by a grant, both of which name principals in the same ways. */
function decideByNaming(request: AccessRequest, namings: ReadonlySet<Naming>): Decision {
  if (namings.size === 0) return denied('resource-based policy', false);
  // Another account's principal needs its own account's permission as well, however it is named.
  if (request.key?.account !== request.caller.account) return identityDecides(request);
  if (namings.has('itself')) return ALLOWED;
  if (namings.has('principal') && capped(request).allowed) return ALLOWED;
  return namings.has('account') ? identityDecides(request) : capped(request);
}
