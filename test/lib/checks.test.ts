// SPDX-License-Identifier: Apache-2.0
import { App, Stack } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { STAGES } from '../../core/contract/vocabulary.ts';
import { acceptWildcards } from '../../lib/permissions/grant.ts';
import { KeyturnChecks } from '../../lib/rules/keyturn-checks.ts';
import { synthesize } from './stub-app.ts';

function findings(actions: readonly string[], resource: string): readonly string[] {
  const stack = new Stack(new App(), 'Stack');
  new Role(stack, 'Role', {
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    inlinePolicies: {
      one: new PolicyDocument({
        statements: [new PolicyStatement({ actions: [...actions], resources: [resource] })],
      }),
    },
  });
  return new KeyturnChecks().validateScope(stack).violations.map(({ ruleName }) => ruleName);
}

describe('rule pack', () => {
  it.each([
    ['kms:*', 'arn:aws:kms:eu-west-1:111122223333:key/a', 'Keyturn-NamedActions[kms:*]'],
    [
      'kms:ReEncrypt*',
      'arn:aws:kms:eu-west-1:111122223333:key/a',
      'Keyturn-NamedActions[kms:ReEncrypt*]',
    ],
    [
      'states:*',
      'arn:aws:states:eu-west-1:111122223333:stateMachine:a',
      'Keyturn-NamedActions[states:*]',
    ],
    ['kms:Decrypt', '*', 'Keyturn-NamedResources[kms:Decrypt]'],
  ])('refuses %s on %s', (action, resource, finding) => {
    expect(findings([action], resource)).toEqual([finding]);
  });

  it('accepts * where AWS has no resource level', () => {
    expect(findings(['kms:CreateKey', 'kms:ListKeys'], '*')).toEqual([]);
  });

  it('wants a reason beside every wildcard', () => {
    const grant = { actions: ['kms:Decrypt'], resources: ['arn:aws:kms:eu-west-1:1:key/*'] };

    expect(() => acceptWildcards(new Stack(new App(), 'Stack'), [grant])).toThrow(
      'kms:Decrypt on arn:aws:kms:eu-west-1:1:key/*: give the grant a wildcardReason',
    );
  });
});

describe.each(STAGES)('stage %s', (stage) => {
  it('passes AwsSolutions and our own rules', () => {
    const { app } = synthesize(stage);
    const reports = [new AwsSolutionsChecks(app), new KeyturnChecks()].map((pack) =>
      pack.validateScope(app),
    );

    const errors = reports.flatMap(({ violations }) => violations.map(({ ruleName }) => ruleName));

    expect(errors).toEqual([]);
  });
});
