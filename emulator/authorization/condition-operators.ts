// SPDX-License-Identifier: Apache-2.0
// Condition operators of the IAM policy language: how one policy value is compared with one request value.
// @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
import { BlockList, isIP } from 'node:net';
import { matchesArn, matchesWildcard, resolveVariable } from './wildcard.ts';

/** Resolves a policy variable from the request. */
export type Variable = (name: string) => string | undefined;

type Compare = (wanted: string, given: string, variable: Variable) => boolean;

/** A comparison and whether the operator is its negation. */
export interface Operator {
  readonly compare: Compare;
  readonly negated: boolean;
}

/** An operator with its set prefix and `IfExists` suffix taken apart. */
export interface ParsedOperator {
  readonly base: string;
  readonly set: 'ForAllValues' | 'ForAnyValue' | undefined;
  readonly ifExists: boolean;
}

function substitute(wanted: string, variable: Variable): string {
  if (!wanted.includes('${')) return wanted;
  return wanted.replace(
    /\$\{([^}]*)\}/g,
    (whole, name: string) => resolveVariable(name, variable) ?? whole,
  );
}

function instant(value: string): number {
  return /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value);
}

function inNetwork(network: string, address: string): boolean {
  const [base = '', prefix] = network.split('/');
  const family = isIP(base) === 6 ? 'ipv6' : 'ipv4';
  const bits = prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix);
  if (isIP(base) === 0 || isIP(address) !== isIP(base)) return false;
  if (!Number.isInteger(bits) || bits < 0 || bits > (family === 'ipv6' ? 128 : 32)) return false;
  const list = new BlockList();
  list.addSubnet(base, bits, family);
  return list.check(address, family);
}

const equals: Compare = (wanted, given, variable) => substitute(wanted, variable) === given;
const equalsIgnoringCase: Compare = (wanted, given, variable) =>
  substitute(wanted, variable).toLowerCase() === given.toLowerCase();
const numeric =
  (test: (given: number, wanted: number) => boolean): Compare =>
  (wanted, given) =>
    test(Number(given), Number(wanted));
const date =
  (test: (given: number, wanted: number) => boolean): Compare =>
  (wanted, given) =>
    test(instant(given), instant(wanted));

const is = (compare: Compare): Operator => ({ compare, negated: false });
const isNot = (compare: Compare): Operator => ({ compare, negated: true });

const OPERATORS = new Map<string, Operator>([
  ['StringEquals', is(equals)],
  ['StringNotEquals', isNot(equals)],
  ['StringEqualsIgnoreCase', is(equalsIgnoringCase)],
  ['StringNotEqualsIgnoreCase', isNot(equalsIgnoringCase)],
  ['StringLike', is(matchesWildcard)],
  ['StringNotLike', isNot(matchesWildcard)],
  ['ArnEquals', is(matchesArn)],
  ['ArnNotEquals', isNot(matchesArn)],
  ['ArnLike', is(matchesArn)],
  ['ArnNotLike', isNot(matchesArn)],
  ['Bool', is(equalsIgnoringCase)],
  ['BinaryEquals', is(equals)],
  ['IpAddress', is(inNetwork)],
  ['NotIpAddress', isNot(inNetwork)],
  ['NumericEquals', is(numeric((given, wanted) => given === wanted))],
  ['NumericNotEquals', isNot(numeric((given, wanted) => given === wanted))],
  ['NumericLessThan', is(numeric((given, wanted) => given < wanted))],
  ['NumericLessThanEquals', is(numeric((given, wanted) => given <= wanted))],
  ['NumericGreaterThan', is(numeric((given, wanted) => given > wanted))],
  ['NumericGreaterThanEquals', is(numeric((given, wanted) => given >= wanted))],
  ['DateEquals', is(date((given, wanted) => given === wanted))],
  ['DateNotEquals', isNot(date((given, wanted) => given === wanted))],
  ['DateLessThan', is(date((given, wanted) => given < wanted))],
  ['DateLessThanEquals', is(date((given, wanted) => given <= wanted))],
  ['DateGreaterThan', is(date((given, wanted) => given > wanted))],
  ['DateGreaterThanEquals', is(date((given, wanted) => given >= wanted))],
]);

/** Takes prefix and suffix off an operator's name. */
export function parseOperator(operator: string): ParsedOperator {
  const [, set, base = '', ifExists] =
    /^(?:(ForAllValues|ForAnyValue):)?(.*?)(IfExists)?$/.exec(operator) ?? [];
  return {
    base,
    set: set === 'ForAllValues' || set === 'ForAnyValue' ? set : undefined,
    ifExists: ifExists !== undefined,
  };
}

/** The operator of this name, without prefix and suffix; `Null` is not among them. */
export function findOperator(base: string): Operator | undefined {
  return OPERATORS.get(base);
}

/** True for every operator a policy may use. */
export function isKnownOperator(operator: string): boolean {
  const { base, set, ifExists } = parseOperator(operator);
  if (base === 'Null') return set === undefined && !ifExists;
  return OPERATORS.has(base);
}
