// SPDX-License-Identifier: Apache-2.0
// Policy documents: text or JSON in, checked statements out. Everything that the evaluator relies on is
// checked here, so evaluation cannot fail.
import { isKnownOperator } from './condition-operators.ts';

/** One condition: operator as written, context key in lower case, policy values. */
export interface Condition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

/** A list of patterns and whether it is the `Not...` form. */
export interface Matcher {
  readonly negated: boolean;
  readonly patterns: readonly string[];
}

/** One statement. `principals` is absent in identity policies; only AWS principals and `*` are kept. */
export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly principals: Matcher | undefined;
  readonly actions: Matcher;
  readonly resources: Matcher;
  readonly conditions: readonly Condition[];
}

/** A checked policy. */
export interface PolicyDocument {
  readonly statements: readonly Statement[];
}

/** A document that is not a policy; the message says why. */
export class MalformedPolicy extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MalformedPolicy';
  }
}

type Json = Record<string, unknown>;

const DOCUMENT_MEMBERS = new Set(['Version', 'Id', 'Statement']);
const STATEMENT_MEMBERS = new Set([
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
]);
const PRINCIPAL_TYPES = new Set(['AWS', 'Service', 'Federated', 'CanonicalUser']);

/**
 * How principals of a type are written. Wildcards inside an ARN and groups are none; whether a principal exists is not asked.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 */
const PRINCIPAL_FORMS: ReadonlyMap<string, RegExp> = new Map([
  [
    'AWS',
    /^(\*|\d{12}|arn:aws[a-z-]*:iam::\d{12}:(root|(user|role)\/([\x21-\x7e]+\/)?[\w+=,.@-]+)|arn:aws[a-z-]*:sts::\d{12}:(assumed-role\/[\w+=,.@-]+|federated-user)\/[\w+=,.@:-]+)$/,
  ],
  ['Service', /^(\*|[a-z0-9][a-z0-9.-]*\.(amazonaws\.com(\.cn)?|amazon\.com))$/],
]);

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function onlyMembers(value: Json, known: ReadonlySet<string>): void {
  const unknown = Object.keys(value).find((name) => !known.has(name));
  if (unknown !== undefined) throw new MalformedPolicy(`Unknown field ${unknown}`);
}

function strings(value: unknown, what: string): string[] {
  const items = Array.isArray(value) ? value : [value];
  if (items.length === 0 || !items.every((item) => typeof item === 'string' && item !== '')) {
    throw new MalformedPolicy(`${what} must be a string or a list of strings`);
  }
  return items;
}

function matcher(statement: Json, name: string): Matcher {
  const [plain, negated] = [statement[name], statement[`Not${name}`]];
  if ((plain === undefined) === (negated === undefined)) {
    throw new MalformedPolicy(`A statement needs exactly one of ${name} and Not${name}`);
  }
  return {
    negated: plain === undefined,
    patterns: strings(plain ?? negated, name),
  };
}

function isPrincipal(type: string, name: string): boolean {
  const form = PRINCIPAL_FORMS.get(type);
  return form === undefined || form.test(name);
}

function principalPatterns(value: unknown): string[] {
  if (value === '*') return ['*'];
  if (!isObject(value)) throw new MalformedPolicy('Principal must be * or an object');
  onlyMembers(value, PRINCIPAL_TYPES);
  if (Object.keys(value).length === 0) throw new MalformedPolicy('Principal must not be empty');
  for (const [type, names] of Object.entries(value)) {
    if (strings(names, `Principal ${type}`).every((name) => isPrincipal(type, name))) continue;
    throw new MalformedPolicy('Policy contains a statement with one or more invalid principals.');
  }
  return value['AWS'] === undefined ? [] : strings(value['AWS'], 'Principal AWS');
}

function principals(statement: Json): Matcher {
  const [plain, negated] = [statement['Principal'], statement['NotPrincipal']];
  if ((plain === undefined) === (negated === undefined)) {
    throw new MalformedPolicy('A statement needs exactly one of Principal and NotPrincipal');
  }
  return { negated: plain === undefined, patterns: principalPatterns(plain ?? negated) };
}

function conditionValues(value: unknown): string[] {
  const items = Array.isArray(value) ? value : [value];
  return items.map((item) => {
    if (typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean') {
      return String(item);
    }
    throw new MalformedPolicy('Condition values must be strings');
  });
}

function conditions(value: unknown): Condition[] {
  if (value === undefined) return [];
  if (!isObject(value)) throw new MalformedPolicy('Condition must be an object');
  return Object.entries(value).flatMap(([operator, tests]) => {
    if (!isKnownOperator(operator)) throw new MalformedPolicy(`Unknown operator ${operator}`);
    if (!isObject(tests)) throw new MalformedPolicy(`${operator} must be an object`);
    return Object.entries(tests).map(([key, values]) => ({
      operator,
      key: key.toLowerCase(),
      values: conditionValues(values),
    }));
  });
}

// Variables came with the version of 2012; before, and without a version, `${` is only text.
function withoutVariables(texts: readonly string[]): string[] {
  return texts.map((text) => text.replaceAll('${', `\${$}{`));
}

function literal(statement: Statement): Statement {
  const { resources } = statement;
  return {
    ...statement,
    resources: { ...resources, patterns: withoutVariables(resources.patterns) },
    conditions: statement.conditions.map((condition) => ({
      ...condition,
      values: withoutVariables(condition.values),
    })),
  };
}

function parseStatement(value: unknown, kind: 'key' | 'identity'): Statement {
  if (!isObject(value)) throw new MalformedPolicy('Statement must be an object');
  onlyMembers(value, STATEMENT_MEMBERS);
  const effect = value['Effect'];
  if (effect !== 'Allow' && effect !== 'Deny') {
    throw new MalformedPolicy('Effect must be Allow or Deny');
  }
  const actions = matcher(value, 'Action');
  if (!actions.patterns.every((action) => action === '*' || action.includes(':'))) {
    throw new MalformedPolicy('Actions must be prefixed with a vendor, e.g. kms:Encrypt');
  }
  return {
    effect,
    principals: kind === 'key' ? principals(value) : undefined,
    actions,
    resources: matcher(value, 'Resource'),
    conditions: conditions(value['Condition']),
  };
}

/** Parses a policy given as JSON. @throws MalformedPolicy */
export function parsePolicy(document: unknown, kind: 'key' | 'identity'): PolicyDocument {
  if (!isObject(document)) throw new MalformedPolicy('The policy must be a JSON object');
  onlyMembers(document, DOCUMENT_MEMBERS);
  const version = document['Version'];
  if (version !== undefined && version !== '2012-10-17' && version !== '2008-10-17') {
    throw new MalformedPolicy('Version must be 2012-10-17 or 2008-10-17');
  }
  const statement = document['Statement'];
  if (statement === undefined) throw new MalformedPolicy('The policy has no Statement');
  const statements = Array.isArray(statement) ? statement : [statement];
  if (statements.length === 0 && kind === 'key') {
    throw new MalformedPolicy('The policy has no Statement');
  }
  const parsed = statements.map((item) => parseStatement(item, kind));
  return { statements: version === '2012-10-17' ? parsed : parsed.map(literal) };
}

/** Parses a policy given as text. @throws MalformedPolicy */
export function parsePolicyText(policy: string, kind: 'key' | 'identity'): PolicyDocument {
  let document: unknown;
  try {
    document = JSON.parse(policy);
  } catch {
    throw new MalformedPolicy('The policy is not valid JSON');
  }
  return parsePolicy(document, kind);
}
