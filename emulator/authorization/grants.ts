// SPDX-License-Identifier: Apache-2.0
// What grants add to a decision: which grants of a key cover a request, and how they name the caller.
// Grants never deny, and an explicit deny in any policy beats them.
// @see https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { AwsError } from '../protocol/errors.ts';
import type { Call } from '../protocol/operation.ts';
import type { GrantConstraints, GrantRecord, Grants } from '../store/grants.ts';
import { type Caller, type Naming, naming } from './principal.ts';
import type { ContextEntries } from './request-context.ts';

const CONTEXT_PREFIX = 'kms:EncryptionContext:';
/** Operations that a constraint on the encryption context binds; others ignore it. */
const WITH_CONTEXT = new Set([
  'Decrypt',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'GenerateDataKeyWithoutPlaintext',
  'ReEncryptFrom',
  'ReEncryptTo',
]);

const ID_BYTES = 32;
const NONCE_BYTES = 16;

function tokenTag(grant: GrantRecord, nonce: Buffer): Buffer {
  return createHmac('sha256', Buffer.from(grant.secret, 'hex')).update(nonce).digest();
}

/** A new token of a grant: its id, a nonce, and a tag under the grant's secret. */
export function newGrantToken(grant: GrantRecord): string {
  const nonce = randomBytes(NONCE_BYTES);
  const id = Buffer.from(grant.grantId, 'hex');
  return Buffer.concat([id, nonce, tokenTag(grant, nonce)]).toString('base64url');
}

/** The grant of a token, which need not be visible yet. @throws AwsError InvalidGrantTokenException */
export function grantOfToken(grants: Grants, token: string): GrantRecord {
  const bytes = Buffer.from(token, 'base64url');
  const grant = grants.committed(bytes.subarray(0, ID_BYTES).toString('hex'));
  if (grant === undefined) throw new AwsError('InvalidGrantTokenException');
  const expected = tokenTag(grant, bytes.subarray(ID_BYTES, ID_BYTES + NONCE_BYTES));
  const given = bytes.subarray(ID_BYTES + NONCE_BYTES);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new AwsError('InvalidGrantTokenException');
  }
  return grant;
}

/** @throws AwsError InvalidGrantTokenException when the request brings a token of no grant */
export function requireKnownTokens(call: Call): void {
  for (const token of call.grantTokens ?? []) grantOfToken(call.emulator.store.grants, token);
}

function contextOf(entries: ContextEntries): ReadonlyMap<string, string> {
  const pairs = Object.entries(entries)
    .filter(([name]) => name.startsWith(CONTEXT_PREFIX))
    .map(([name, value]) => [name.slice(CONTEXT_PREFIX.length), String(value)] as const);
  return new Map(pairs);
}

function includesAll(
  context: ReadonlyMap<string, string>,
  pairs: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(pairs).every(([name, value]) => context.get(name) === value);
}

/** Whether a request with this encryption context satisfies a grant's constraints. */
export function constraintsHold(
  constraints: GrantConstraints,
  context: ReadonlyMap<string, string>,
): boolean {
  const { equals, subset } = constraints;
  if (subset !== undefined && !includesAll(context, subset)) return false;
  if (equals === undefined) return true;
  return includesAll(context, equals) && context.size === Object.keys(equals).length;
}

/** A grant made by virtue of a grant must not allow more than it: operations and constraints. */
function isNoWider(parent: GrantRecord, entries: ContextEntries): boolean {
  const operations = entries['kms:GrantOperations'];
  const wanted = Array.isArray(operations) ? operations : [];
  if (!wanted.every((operation) => parent.operations.includes(operation))) return false;
  const { equals, subset } = parent.constraints;
  if (equals === undefined && subset === undefined) return true;
  const types = entries['kms:GrantConstraintType'];
  const bound = Array.isArray(types) ? types : [];
  if (bound.length === 0) return false;
  if (equals !== undefined && !bound.includes('EncryptionContextEquals')) return false;
  return constraintsHold(parent.constraints, contextOf(entries));
}

/** Whether a grant allows this to its grantee. */
export function grantCovers(grant: GrantRecord, action: string, entries: ContextEntries): boolean {
  const operation = action.replace(/^kms:/, '');
  if (!grant.operations.includes(operation)) return false;
  // No call here is made on behalf of a resource.
  if (grant.constraints.sourceArn !== undefined) return false;
  if (operation === 'CreateGrant') return isNoWider(grant, entries);
  return !WITH_CONTEXT.has(operation) || constraintsHold(grant.constraints, contextOf(entries));
}

/** How a principal's ARN names the caller. */
export function namesCaller(principal: string, caller: Caller): Naming {
  return naming({ negated: false, patterns: [principal] }, caller);
}

/** How the grants of a key that cover the request name its caller; tokens count before visibility. */
export function grantNamings(
  call: Call,
  keyId: string,
  action: string,
  entries: ContextEntries,
): ReadonlySet<Naming> {
  const { grants } = call.emulator.store;
  const brought = (call.grantTokens ?? []).map((token) => grantOfToken(grants, token));
  const covering = [...grants.ofKey(keyId), ...brought.filter((grant) => grant.keyId === keyId)]
    .filter((grant) => grantCovers(grant, action, entries))
    .map(({ grantee }) => namesCaller(grantee, call.caller));
  return new Set(covering.filter((value) => value !== 'none'));
}
