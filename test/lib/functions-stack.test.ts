// SPDX-License-Identifier: Apache-2.0
import { App, Stack } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { environmentSchema, FUNCTION_NAMES } from '../../core/contract/environment.ts';
import { loadSettings } from '../../lib/config/load-settings.ts';
import { LambdaFunction } from '../../lib/constructs/lambda-function.ts';
import { Names } from '../../lib/names.ts';
import { context, ROOT, synthesize, synthesizeAnew } from './stub-app.ts';

const { functions } = synthesize('production').templates;

function beginOperation(environment: Record<string, string>): LambdaFunction {
  const settings = loadSettings((name) => context('production')[name]);
  return new LambdaFunction(new Stack(new App(), 'Stack'), 'BeginOperation', {
    name: 'begin-operation',
    settings,
    names: new Names(settings),
    codeFolder: ROOT,
    environment,
    grants: [],
  });
}

describe('environment of a function', () => {
  const complete = {
    STAGE: 'production',
    ACCOUNT_ID: '111122223333',
    TABLE_NAME: 'table',
    SETTLE_SECONDS: '300',
    BAKE_SECONDS: '900',
  };

  it('must be complete', () => {
    const { BAKE_SECONDS: _, ...missing } = complete;

    expect(() => beginOperation(missing)).toThrow(
      /environment of function begin-operation is not valid: BAKE_SECONDS/,
    );
  });

  it('must not hold what the function does not know', () => {
    expect(() => beginOperation({ ...complete, ISSUER: 'https://a.example' })).toThrow(/ISSUER/);
  });

  it('must hold values of the right form', () => {
    expect(() => beginOperation({ ...complete, SETTLE_SECONDS: 'soon' })).toThrow(/SETTLE_SECONDS/);
  });
});

describe.each(FUNCTION_NAMES)('function %s', (name) => {
  const FunctionName = `keyturn-production-${name}`;

  it('runs on Node 24 with its variables and its own log group', () => {
    functions.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      TracingConfig: { Mode: 'Active' },
      LoggingConfig: { LogGroup: Match.anyValue() },
      Environment: {
        Variables: Object.fromEntries(
          Object.keys(environmentSchema(name).shape).map((one) => [one, Match.anyValue()]),
        ),
      },
    });
    functions.hasResourceProperties('AWS::Logs::LogGroup', {
      LogGroupName: `/aws/lambda/${FunctionName}`,
      RetentionInDays: 731,
    });
  });
});

it('takes waits and reserved concurrency from the settings', () => {
  const { templates } = synthesizeAnew('local', { settleSeconds: '0', bakeSeconds: '1' });

  templates.functions.hasResourceProperties('AWS::Lambda::Function', {
    FunctionName: 'keyturn-local-begin-operation',
    Environment: {
      Variables: Match.objectLike({ SETTLE_SECONDS: '0', BAKE_SECONDS: '1', STAGE: 'local' }),
    },
  });
});
