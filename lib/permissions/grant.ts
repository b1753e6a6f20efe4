// SPDX-License-Identifier: Apache-2.0
// One permission, and the record of why it is not narrower. A wildcard in a resource needs a reason here, beside the
// permission; synth refuses one without (`lib/rules/keyturn-checks.ts`, AwsSolutions-IAM5).
import { Stack, Validations } from 'aws-cdk-lib';
import { Effect, type IRole, PolicyDocument, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import type { Construct, IConstruct } from 'constructs';

type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** An Allow statement; or what a role must not do although another one allows it. */
export interface Grant {
  readonly effect?: 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Condition;
  /** Why a resource holds a wildcard; required exactly when one does. */
  readonly wildcardReason?: string;
}

function toStatement(grant: Grant): PolicyStatement {
  return new PolicyStatement({
    effect: grant.effect === 'Deny' ? Effect.DENY : Effect.ALLOW,
    actions: [...grant.actions],
    resources: [...grant.resources],
    ...(grant.conditions ? { conditions: { ...grant.conditions } } : {}),
  });
}

/** Policy document with one statement per grant. */
export function toPolicy(grants: readonly Grant[]): PolicyDocument {
  return new PolicyDocument({ statements: grants.map(toStatement) });
}

/**
 * Accepts, on the construct, each wildcard that a grant explains, and no other.
 * @throws Error when a grant holds a wildcard without a reason.
 */
export function acceptWildcards(scope: IConstruct, grants: readonly Grant[]): void {
  for (const { actions, resources, wildcardReason } of grants) {
    for (const resource of resources.filter((one) => one.includes('*'))) {
      if (!wildcardReason) {
        throw new Error(`${actions.join(', ')} on ${resource}: give the grant a wildcardReason`);
      }
      Validations.of(scope).acknowledge({
        id: `AwsSolutions-IAM5[Resource::${flat(Stack.of(scope).resolve(resource))}]`,
        reason: wildcardReason,
      });
    }
  }
}

/** A resolved ARN as the rules print it: `<LogicalId>` for a reference, the export's name for an import. */
function flat(resolved: unknown): string {
  if (typeof resolved === 'string') return resolved;
  const {
    Ref,
    'Fn::ImportValue': imported,
    'Fn::Join': join,
  } = resolved as {
    readonly Ref?: string;
    readonly 'Fn::ImportValue'?: string;
    readonly 'Fn::Join'?: readonly [string, readonly unknown[]];
  };
  if (join) return join[1].map(flat).join(join[0]);
  return imported ?? `<${Ref}>`;
}

/** The `*` that AWS itself demands. */
export const NO_RESOURCE_LEVEL = 'the action has no resource-level permission';

/** The role as one whose policy is complete: constructs that take it add no statements of their own. */
export function complete(scope: Construct, role: Role): IRole {
  return Role.fromRoleArn(scope, 'CompleteRole', role.roleArn, { mutable: false });
}
