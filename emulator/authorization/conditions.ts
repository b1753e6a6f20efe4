// SPDX-License-Identifier: Apache-2.0
// Conditions of a statement against a request's context: all of them must hold.
import {
  findOperator,
  type Operator,
  parseOperator,
  type Variable,
} from './condition-operators.ts';
import type { Condition } from './policy-document.ts';

/** What a request brings: values by context key, keys in lower case. */
export type RequestContext = ReadonlyMap<string, readonly string[]>;

/** Values of policy variables such as `${aws:PrincipalArn}`: single-valued context keys. */
export function variablesOf(context: RequestContext): Variable {
  return (name) => {
    const values = context.get(name.toLowerCase());
    return values?.length === 1 ? values[0] : undefined;
  };
}

function test(operator: Operator, wanted: readonly string[], given: string, variable: Variable) {
  const matched = wanted.some((value) => operator.compare(value, given, variable));
  return operator.negated ? !matched : matched;
}

function holdsOne(condition: Condition, context: RequestContext): boolean {
  const { base, set, ifExists } = parseOperator(condition.operator);
  const given = context.get(condition.key);
  const present = given !== undefined && given.length > 0;
  if (base === 'Null') {
    return condition.values.some((value) => value.toLowerCase() === String(!present));
  }
  const operator = findOperator(base);
  if (operator === undefined) return false;
  if (!present)
    return set === 'ForAllValues' || ifExists || (operator.negated && set === undefined);
  const variable = variablesOf(context);
  const matches = (value: string) => test(operator, condition.values, value, variable);
  if (set === 'ForAllValues') return given.every(matches);
  if (set === 'ForAnyValue') return given.some(matches);
  return operator.negated ? given.every(matches) : given.some(matches);
}

/** True when every condition holds. */
export function conditionsHold(conditions: readonly Condition[], context: RequestContext): boolean {
  return conditions.every((condition) => holdsOne(condition, context));
}
