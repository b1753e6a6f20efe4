// SPDX-License-Identifier: Apache-2.0
// Reads what the roles of a template allow, flattened to one action per line.
import type { Template } from 'aws-cdk-lib/assertions';

export interface AllowedAction {
  readonly action: string;
  readonly resources: readonly string[];
  readonly conditions: Readonly<Record<string, unknown>>;
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: Readonly<Record<string, unknown>>;
}

interface RoleProperties {
  readonly RoleName?: string;
  readonly Policies?: readonly { readonly PolicyDocument: { readonly Statement: Statement[] } }[];
}

const asList = <T>(value: T | readonly T[]): readonly T[] =>
  Array.isArray(value) ? value : [value as T];

function flatten(statement: Statement): AllowedAction[] {
  const resources = asList(statement.Resource).map((one) =>
    typeof one === 'string' ? one : JSON.stringify(one),
  );
  return asList(statement.Action).map((action) => ({
    action,
    resources,
    conditions: statement.Condition ?? {},
  }));
}

/** Allowed actions by role name. */
export function rolesOf(template: Template): ReadonlyMap<string, readonly AllowedAction[]> {
  const roles = new Map<string, readonly AllowedAction[]>();
  for (const [id, resource] of Object.entries(template.findResources('AWS::IAM::Role'))) {
    const properties = resource['Properties'] as RoleProperties;
    const statements = (properties.Policies ?? []).flatMap((one) => one.PolicyDocument.Statement);
    const allowed = statements.filter(({ Effect }) => Effect === 'Allow');
    roles.set(properties.RoleName ?? id, allowed.flatMap(flatten));
  }
  return roles;
}

/** Sorted names of the actions of one service; with `own`, those without use through another service. */
export function actionsOf(
  allowed: readonly AllowedAction[] | undefined,
  service: string,
): string[] {
  const names = (allowed ?? []).map(({ action }) => action);
  return [...new Set(names.filter((name) => name.startsWith(`${service}:`)))].sort();
}

/** Allowed actions that are not limited to use through another AWS service. */
export function direct(allowed: readonly AllowedAction[] | undefined): readonly AllowedAction[] {
  return (allowed ?? []).filter(
    ({ conditions }) => !JSON.stringify(conditions).includes('ViaService'),
  );
}
