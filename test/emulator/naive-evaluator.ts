// SPDX-License-Identifier: Apache-2.0
// The decision of KMS written down a second time, straight from AWS's description and without any of the
// stand-in's evaluator, for documents whose conditions are StringEquals, StringNotEquals and Null.

/** A statement as JSON. */
export interface NaiveStatement {
  readonly Effect: string;
  readonly Action?: string | string[];
  readonly NotAction?: string | string[];
  readonly Resource?: string | string[];
  readonly NotResource?: string | string[];
  readonly Principal?: '*' | { readonly AWS: string | string[] };
  readonly NotPrincipal?: '*' | { readonly AWS: string | string[] };
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | string[]>>>>;
}

/** Who asks, with policies as JSON. */
export interface NaiveCaller {
  readonly arn: string;
  readonly role: string;
  readonly account: string;
  readonly isRoot: boolean;
  readonly identity: readonly NaiveStatement[];
  readonly boundary: readonly NaiveStatement[] | undefined;
  readonly session: readonly NaiveStatement[] | undefined;
}

/** The whole question. */
export interface NaiveRequest {
  readonly caller: NaiveCaller;
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, readonly string[]>>;
  readonly key:
    | { readonly account: string; readonly policy: readonly NaiveStatement[] }
    | undefined;
  /** A grant of the key lets the caller's role do this. */
  readonly isGranted: boolean;
}

const listOf = (value: string | string[] | undefined) =>
  value === undefined ? [] : [value].flat();

function like(pattern: string, value: string): boolean {
  if (pattern === '') return value === '';
  if (pattern[0] === '*') {
    return like(pattern.slice(1), value) || (value !== '' && like(pattern, value.slice(1)));
  }
  const isSame = pattern[0] === '?' || pattern[0] === value[0];
  return value !== '' && isSame && like(pattern.slice(1), value.slice(1));
}

function conditionHolds(
  operator: string,
  wanted: readonly string[],
  given: readonly string[] | undefined,
) {
  if (operator === 'Null') return wanted.includes(String(given === undefined));
  const isEqual = given?.some((value) => wanted.includes(value)) ?? false;
  return operator === 'StringEquals' ? isEqual : !isEqual;
}

function applies(statement: NaiveStatement, { action, resource, context }: NaiveRequest): boolean {
  const acts = (list?: string | string[]) =>
    listOf(list).some((pattern) => like(pattern.toLowerCase(), action.toLowerCase()));
  const lies = (list?: string | string[]) =>
    listOf(list).some((pattern) => like(pattern, resource));
  const isAction =
    statement.Action === undefined ? !acts(statement.NotAction) : acts(statement.Action);
  const isResource =
    statement.Resource === undefined ? !lies(statement.NotResource) : lies(statement.Resource);
  const hold = Object.entries(statement.Condition ?? {}).every(([operator, tests]) =>
    Object.entries(tests).every(([key, wanted]) =>
      conditionHolds(operator, listOf(wanted), context[key]),
    ),
  );
  return isAction && isResource && hold;
}

const says = (effect: string, statements: readonly NaiveStatement[], request: NaiveRequest) =>
  statements.some((statement) => statement.Effect === effect && applies(statement, request));

/** The ways in which the applying key policy statements of an effect mean the caller. */
function meant(effect: string, request: NaiveRequest) {
  const { caller, key } = request;
  const ways = { itself: false, role: false, account: false };
  for (const statement of key?.policy ?? []) {
    if (statement.Effect !== effect || !applies(statement, request)) continue;
    const given = statement.Principal ?? statement.NotPrincipal;
    const names = given === '*' ? ['*'] : listOf(given?.AWS);
    const isAccount = names.some(
      (name) => name === caller.account || name === `arn:aws:iam::${caller.account}:root`,
    );
    const isRole = names.includes('*') || names.includes(caller.role);
    const isItself = names.includes(caller.arn) && !caller.isRoot;
    if (statement.NotPrincipal !== undefined) ways.role ||= !(isAccount || isRole || isItself);
    else {
      ways.itself ||= isItself;
      // A statement that names the principal in several ways gives what the strongest gives.
      ways.role ||= isRole && !isItself;
      ways.account ||= isAccount && !isRole && !isItself;
    }
  }
  return ways;
}

/** True when KMS would carry out the request. */
export function isAllowed(request: NaiveRequest): boolean {
  const { caller, key } = request;
  const limits = [caller.boundary, caller.session].filter((limit) => limit !== undefined);
  const denying = meant('Deny', request);
  if (denying.itself || denying.role || denying.account) return false;
  if ([caller.identity, ...limits].some((policy) => says('Deny', policy, request))) return false;
  const isLimited = limits.some((limit) => !says('Allow', limit, request));
  const byIdentity = caller.isRoot || (says('Allow', caller.identity, request) && !isLimited);
  if (key === undefined) return byIdentity;
  const allowing = meant('Allow', request);
  if (key.account !== caller.account) {
    const isNamed = allowing.itself || allowing.role || allowing.account || request.isGranted;
    return isNamed && byIdentity;
  }
  if (allowing.itself) return true;
  if ((allowing.role || request.isGranted) && !isLimited) return true;
  return allowing.account && byIdentity;
}
