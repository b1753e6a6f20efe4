// SPDX-License-Identifier: Apache-2.0
// Reads a key policy that somebody else wrote: whom it lets do what, as far as a document alone can say, and what of
// it Keyturn's own template would not say again.
import { RIGHTS, type Right } from '../contract/vocabulary.ts';
import type { AccessGrant } from './records.ts';

/** A statement that a policy of ours would not hold, and why. */
export interface LostStatement {
  readonly sid: string;
  readonly why: string;
}

export interface ForeignPolicy {
  /** IAM of the account decides who may use it: the policy does not name them all. */
  readonly isDelegated: boolean;
  /** Roles that it names itself, with the rights that Keyturn knows. */
  readonly access: readonly AccessGrant[];
  readonly lost: readonly LostStatement[];
}

/** A right is what each of these alone comes to. */
const RIGHT_ACTIONS: Readonly<Record<Right, readonly string[]>> = {
  encrypt: ['kms:Encrypt', 'kms:GenerateDataKey'],
  decrypt: ['kms:Decrypt'],
};
/** Actions, and the usual patterns of them, that a right says again; a pattern of both needs both rights. */
const SAID_AGAIN: Readonly<Record<string, readonly Right[]>> = {
  'kms:encrypt': ['encrypt'],
  'kms:generatedatakey': ['encrypt'],
  'kms:generatedatakey*': ['encrypt'],
  'kms:generatedatakeywithoutplaintext': ['encrypt'],
  'kms:reencryptto': ['encrypt'],
  'kms:decrypt': ['decrypt'],
  'kms:reencryptfrom': ['decrypt'],
  'kms:reencrypt*': ['encrypt', 'decrypt'],
  // A role that the policy names may look the key up, whatever its rights.
  'kms:describekey': [],
};
const ROLE = /^arn:aws(-[a-z]+)*:iam::\d{12}:role\/[\w+=,.@-]{1,64}$/;

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;

function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

/** True when an action pattern of a policy covers the action. */
function covers(pattern: string, action: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 'i').test(action);
}

interface Statement {
  readonly sid: string;
  readonly isAllow: boolean;
  readonly principals: readonly string[];
  /** Principals of other kinds than AWS, such as services. */
  readonly others: readonly string[];
  readonly actions: readonly string[];
  readonly isConditional: boolean;
  /** `NotAction` or `NotPrincipal`. */
  readonly isNegated: boolean;
}

function statementOf(value: Json, index: number): Statement {
  const { Principal } = value;
  const named = isObject(Principal) ? Principal : { AWS: Principal };
  const { AWS, ...others } = named;
  return {
    sid: typeof value['Sid'] === 'string' ? value['Sid'] : `#${index + 1}`,
    isAllow: value['Effect'] === 'Allow',
    principals: texts(AWS),
    others: Object.values(others).flatMap(texts),
    actions: texts(value['Action']),
    isConditional: isObject(value['Condition']) && Object.keys(value['Condition']).length > 0,
    isNegated: 'NotAction' in value || 'NotPrincipal' in value,
  };
}

function statementsOf(document: string): Statement[] {
  const parsed: unknown = JSON.parse(document);
  if (!isObject(parsed)) return [];
  const { Statement: all } = parsed;
  return (Array.isArray(all) ? all : [all]).filter(isObject).map(statementOf);
}

function rightsOf({ actions }: Statement): Right[] {
  const allows = (action: string) => actions.some((pattern) => covers(pattern, action));
  return RIGHTS.filter((right) => RIGHT_ACTIONS[right].some(allows));
}

/** Actions of a statement that the rights of its roles do not say again. */
function unsaid(statement: Statement): string[] {
  const rights = rightsOf(statement);
  return statement.actions.filter((action) => {
    const needed = SAID_AGAIN[action.toLowerCase()];
    return !needed?.every((right) => rights.includes(right));
  });
}

function isAccount(principal: string, account: string): boolean {
  return principal === account || principal.endsWith(`::${account}:root`);
}

/** Why a statement would be lost; null when a policy of ours says the same. */
function lossOf(statement: Statement, account: string): string | null {
  if (statement.isNegated) return 'it says who or what it does not mean';
  if (!statement.isAllow) return 'it denies';
  if (statement.others.length > 0) return `it names ${statement.others.join(', ')}`;
  if (statement.isConditional) return 'it holds under conditions only';
  const foreign = statement.principals.filter((one) => !isAccount(one, account) && !ROLE.test(one));
  if (foreign.length > 0) return `it names ${foreign.join(', ')}`;
  const roles = statement.principals.filter((one) => ROLE.test(one));
  const beyond = roles.length > 0 ? unsaid(statement) : [];
  return beyond.length > 0 ? `it lets ${roles.join(', ')} do ${beyond.join(', ')}` : null;
}

function grantsOf(statements: readonly Statement[]): AccessGrant[] {
  const rights = new Map<string, Set<Right>>();
  for (const statement of statements.filter((one) => one.isAllow && !one.isConditional))
    for (const principal of statement.principals.filter((one) => ROLE.test(one))) {
      const known = rights.get(principal) ?? new Set<Right>();
      for (const right of rightsOf(statement)) known.add(right);
      rights.set(principal, known);
    }
  return [...rights]
    .filter(([, known]) => known.size > 0)
    .map(([principal, known]) => ({ principal, rights: RIGHTS.filter((one) => known.has(one)) }));
}

/** What a policy says. The vault takes no document that is not JSON. */
export function readForeignPolicy(document: string, account: string): ForeignPolicy {
  const statements = statementsOf(document);
  return {
    isDelegated: statements.some(
      (one) =>
        one.isAllow &&
        !one.isConditional &&
        one.principals.some((principal) => isAccount(principal, account)) &&
        rightsOf(one).length === RIGHTS.length,
    ),
    access: grantsOf(statements),
    lost: statements.flatMap((one) => {
      const why = lossOf(one, account);
      return why ? [{ sid: one.sid, why }] : [];
    }),
  };
}
