// SPDX-License-Identifier: Apache-2.0
// The one door of every KMS operation: builds the question, asks the evaluator, refuses as AWS words it.
import { AwsError } from '../protocol/errors.ts';
import type { Call } from '../protocol/operation.ts';
import { aliasArn, keyArn } from '../settings.ts';
import type { GrantRecord } from '../store/grants.ts';
import type { KeyRecord } from '../store/key-row.ts';
import { isBarredAcrossAccounts } from './accounts.ts';
import { type Decision, decide, decideRetirement } from './evaluate.ts';
import { grantNamings, namesCaller, requireKnownTokens } from './grants.ts';
import { type PolicyDocument, parsePolicyText } from './policy-document.ts';
import type { Caller } from './principal.ts';
import { type ContextEntries, requestContext } from './request-context.ts';

// Parsing a policy costs more than an encryption; policies repeat, so the last ones are kept parsed.
const PARSED_LIMIT = 1024;
const parsed = new Map<string, PolicyDocument>();

function keyPolicy(text: string): PolicyDocument {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const policy = parsePolicyText(text, 'key');
  if (parsed.size >= PARSED_LIMIT) parsed.clear();
  parsed.set(text, policy);
  return policy;
}

/** AWS's sentence about a refusal. */
export function refusalOf(
  { arn }: Caller,
  { action, resource }: { readonly action: string; readonly resource: string },
  decision: Exclude<Decision, { readonly allowed: true }>,
): string {
  const why = decision.explicit
    ? `with an explicit deny in ${decision.by.startsWith('i') ? 'an' : 'a'} ${decision.by}`
    : `because no ${decision.by} allows the ${action} action`;
  return `User: ${arn} is not authorized to perform: ${action} on resource: ${resource} ${why}`;
}

function refuse(call: Call, action: string, resource: string, decision: Decision): void {
  if (decision.allowed) return;
  const message = refusalOf(call.caller, { action, resource }, decision);
  throw new AwsError('AccessDeniedException', message);
}

function accessRequest(call: Call, action: string, key: KeyRecord, entries: ContextEntries) {
  return {
    caller: call.caller,
    action,
    resource: keyArn(call.emulator.place, key.keyId),
    context: requestContext(call, key, entries),
    key: {
      policy: keyPolicy(key.policy),
      account: call.emulator.place.account,
      granted: () => grantNamings(call, key.keyId, action, entries),
    },
  };
}

/** Whether the caller may do this to the key under the given policy text; used by the lockout check too. */
export function mayUseKey(
  call: Call,
  action: string,
  key: KeyRecord,
  entries: ContextEntries = {},
): Decision {
  if (isBarredAcrossAccounts(call, action)) {
    return { allowed: false, explicit: false, by: 'resource-based policy' };
  }
  return decide(accessRequest(call, action, key, entries));
}

/** @throws AwsError AccessDeniedException unless the caller may do this to the key */
export function authorizeKey(
  call: Call,
  action: string,
  key: KeyRecord,
  entries: ContextEntries = {},
): void {
  requireKnownTokens(call);
  const resource = keyArn(call.emulator.place, key.keyId);
  refuse(call, action, resource, mayUseKey(call, action, key, entries));
}

/** @throws AwsError AccessDeniedException unless the caller may retire the grant */
export function authorizeRetirement(call: Call, key: KeyRecord, grant: GrantRecord): void {
  const action = 'kms:RetireGrant';
  const request = accessRequest(call, action, key, {});
  const { caller } = call;
  const principals = [
    ...(grant.retiring === undefined ? [] : [grant.retiring]),
    ...(grant.operations.includes('RetireGrant') ? [grant.grantee] : []),
    ...(caller.isRoot ? [grant.issuer] : []),
  ];
  const namings = new Set(principals.map((principal) => namesCaller(principal, caller)));
  const named = (['itself', 'principal', 'account'] as const).find((value) => namings.has(value));
  refuse(call, action, request.resource, decideRetirement(request, named ?? 'none'));
}

/** @throws AwsError AccessDeniedException unless identity policies allow an operation without a resource */
export function authorizeAccount(
  call: Call,
  action: string,
  entries: ContextEntries = {},
  resource = '*',
): void {
  const context = requestContext(call, undefined, entries);
  refuse(
    call,
    action,
    resource,
    decide({ caller: call.caller, action, resource, context, key: undefined }),
  );
}

/** @throws AwsError AccessDeniedException unless identity policies allow this on the alias */
export function authorizeAlias(call: Call, action: string, alias: string): void {
  authorizeAccount(call, action, {}, aliasArn(call.emulator.place, alias));
}
