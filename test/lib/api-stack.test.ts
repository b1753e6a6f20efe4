// SPDX-License-Identifier: Apache-2.0
import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { isPageRoute, ROUTES } from '../../core/contract/routes.ts';
import { rolesOf } from './statements.ts';
import { ACCOUNT, REGION, synthesize } from './stub-app.ts';

const production = synthesize('production').templates.api;
const local = synthesize('local').templates.api;
const routes = Object.values(ROUTES);
const pageRoutes = Object.keys(ROUTES).filter(isPageRoute);
const publicRoutes = routes.filter(({ action }) => action === null);

/** How many methods of the template are authorized in which way. */
function methodsBy(template: Template): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { Properties } of Object.values(template.findResources('AWS::ApiGateway::Method'))) {
    const kind = String(Properties.AuthorizationType);
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

describe('both APIs', () => {
  it('answer every route: people by token, workloads by SigV4, public ones open to people only', () => {
    expect(methodsBy(production)).toEqual({
      NONE: publicRoutes.length,
      CUSTOM: routes.length - publicRoutes.length,
      // Pages have no use of SigV4.
      AWS_IAM: routes.length - pageRoutes.length,
    });
  });

  it('log who called what, never bodies', () => {
    production.resourceCountIs('AWS::ApiGateway::Stage', 2);
    production.allResourcesProperties('AWS::ApiGateway::Stage', {
      StageName: 'production',
      MethodSettings: [
        {
          HttpMethod: '*',
          ResourcePath: '/*',
          LoggingLevel: 'ERROR',
          DataTraceEnabled: false,
          ThrottlingRateLimit: 200,
          ThrottlingBurstLimit: 400,
        },
      ],
    });
    const stages = JSON.stringify(production.findResources('AWS::ApiGateway::Stage'));
    expect(stages).not.toMatch(/\$context\.(authorizer\.(?!principalId)|.*[bB]ody)/);
  });
});

it.each([
  ['production', production, 60],
  ['local', local, 0],
] as const)(
  'keeps a decision of %s for as long as its settings say',
  (_stage, template, seconds) => {
    template.hasResourceProperties('AWS::ApiGateway::Authorizer', {
      Type: 'TOKEN',
      AuthorizerResultTtlInSeconds: seconds,
      IdentitySource: 'method.request.header.Authorization',
    });
  },
);

it('closes the workload API to every other account', () => {
  production.hasResourceProperties('AWS::ApiGateway::RestApi', {
    Name: 'keyturn-production-workloads',
    Policy: {
      Statement: [
        {
          Effect: 'Deny',
          Principal: { AWS: '*' },
          Action: 'execute-api:Invoke',
          Resource: 'execute-api:/*',
          Condition: { StringNotEquals: { 'aws:PrincipalAccount': ACCOUNT } },
        },
      ],
    },
  });
});

describe('role of a workload', () => {
  const allowed = rolesOf(local).get('keyturn-local-workload-orders-api') ?? [];

  it('uses keys of its stage and manages none', () => {
    const onKeys = allowed.filter(({ action }) => action.startsWith('kms:'));

    expect(onKeys.map(({ action }) => action).sort()).toEqual([
      'kms:Decrypt',
      'kms:DescribeKey',
      'kms:Encrypt',
      'kms:GenerateDataKey',
      'kms:GenerateDataKeyWithoutPlaintext',
      'kms:GenerateMac',
      'kms:GetPublicKey',
      'kms:ReEncryptFrom',
      'kms:ReEncryptTo',
      'kms:Sign',
      'kms:Verify',
      'kms:VerifyMac',
    ]);
    for (const { resources, conditions } of onKeys) {
      expect(resources).toEqual([`arn:aws:kms:${REGION}:${ACCOUNT}:key/*`]);
      expect(conditions).toEqual({ StringEquals: { 'aws:ResourceTag/keyturn:stage': 'local' } });
    }
  });

  it('invokes reading and using routes and no other', () => {
    const invoked = allowed
      .filter(({ action }) => action === 'execute-api:Invoke')
      .flatMap(({ resources }) => resources)
      .map((resource) => /\/local\/(\w+\/v1[^"]*)"/.exec(resource)?.[1]);

    expect(invoked.sort()).toEqual([
      'GET/v1/calendar',
      'GET/v1/health',
      'GET/v1/jwks.json',
      'GET/v1/keys',
      'GET/v1/keys/*',
      'GET/v1/keys/*/usage',
      'GET/v1/keys/*/versions',
      'GET/v1/openapi.json',
      'GET/v1/status-list',
      'POST/v1/keys/*/data-keys',
      'POST/v1/keys/*/decrypt',
      'POST/v1/keys/*/encrypt',
      'POST/v1/rotations/*/acks',
      'PUT/v1/keys/*/consumers/*/purge',
    ]);
  });

  it('exists where the settings ask for it', () => {
    expect(JSON.stringify(production.toJSON())).not.toContain('workload-orders-api');
  });
});
