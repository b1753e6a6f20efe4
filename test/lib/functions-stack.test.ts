// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { environmentSchema, FUNCTION_NAMES } from '../../core/contract/environment.ts';
import { loadSettings } from '../../lib/config/load-settings.ts';
import { LambdaFunction } from '../../lib/constructs/lambda-function.ts';
import { Names } from '../../lib/names.ts';
import { context, ROOT, synthesize, synthesizeAnew } from './stub-app.ts';

const { functions } = synthesize('production').templates;

const COMPLETE = {
  STAGE: 'production',
  ACCOUNT_ID: '111122223333',
  TABLE_NAME: 'table',
  SETTLE_SECONDS: '300',
  BAKE_SECONDS: '900',
};

function beginOperation(
  environment: Record<string, string>,
  {
    stack = new Stack(new App(), 'Stack'),
    settings = loadSettings((name) => context('production')[name]),
  } = {},
): LambdaFunction {
  return new LambdaFunction(stack, 'BeginOperation', {
    name: 'begin-operation',
    settings,
    names: new Names(settings),
    // Any small folder: it is copied where the stack is synthesized.
    codeFolder: join(ROOT, 'workflows'),
    environment,
    grants: [],
  });
}

describe('environment of a function', () => {
  it('must be complete', () => {
    const { BAKE_SECONDS: _, ...missing } = COMPLETE;

    expect(() => beginOperation(missing)).toThrow(
      /environment of function begin-operation is not valid: BAKE_SECONDS/,
    );
  });

  it('must not hold what the function does not know', () => {
    expect(() => beginOperation({ ...COMPLETE, ISSUER: 'https://a.example' })).toThrow(/ISSUER/);
  });

  it('must hold values of the right form', () => {
    expect(() => beginOperation({ ...COMPLETE, SETTLE_SECONDS: 'soon' })).toThrow(/SETTLE_SECONDS/);
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

it('takes waits from the settings', () => {
  const { templates } = synthesizeAnew('local', { settleSeconds: '0', bakeSeconds: '1' });

  templates.functions.hasResourceProperties('AWS::Lambda::Function', {
    FunctionName: 'keyturn-local-begin-operation',
    Environment: {
      Variables: Match.objectLike({ SETTLE_SECONDS: '0', BAKE_SECONDS: '1', STAGE: 'local' }),
    },
  });
});

it.each([
  ['authorize-person', 20],
  ['contain-keys', 10],
])('keeps executions for %s in production, so that a revocation finds room', (name, kept) => {
  functions.hasResourceProperties('AWS::Lambda::Function', {
    FunctionName: `keyturn-production-${name}`,
    ReservedConcurrentExecutions: kept,
  });
});

it.each([
  [7, 7],
  [null, Match.absent()],
])('keeps %s executions where the settings say so', (kept, expected) => {
  const stack = new Stack(new App(), 'Stack');
  const settings = loadSettings((name) => context('production')[name]);
  const reservedConcurrency = { 'begin-operation': kept };
  const functions = { ...settings.functions, reservedConcurrency };

  beginOperation(COMPLETE, { stack, settings: { ...settings, functions } });

  Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', {
    ReservedConcurrentExecutions: expected,
  });
});
