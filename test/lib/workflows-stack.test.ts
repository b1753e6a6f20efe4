// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Function as Lambda } from 'aws-cdk-lib/aws-lambda';
import { describe, expect, it } from 'vitest';
import { FUNCTION_NAMES } from '../../core/contract/environment.ts';
import { FUNCTION_SIZES } from '../../lib/config/function-sizes.ts';
import { loadSettings } from '../../lib/config/load-settings.ts';
import { placeholdersOf, Workflow } from '../../lib/constructs/workflow.ts';
import { Names, pascalCase, WORKFLOW_NAMES } from '../../lib/names.ts';
import { rolesOf } from './statements.ts';
import { context, ROOT, synthesize } from './stub-app.ts';

const { templates } = synthesize('production');
const roles = rolesOf(templates.workflows);

function workflowOf(definition: string, placeholders: readonly string[]): Workflow {
  const file = join(mkdtempSync(join(tmpdir(), 'keyturn-asl-')), 'rotate-key.asl.json');
  writeFileSync(file, definition);
  const stack = new Stack(new App(), 'Stack');
  const arn = 'arn:aws:lambda:eu-west-1:111122223333:function:one';
  const lambda: IFunction = Lambda.fromFunctionArn(stack, 'One', arn);
  const settings = loadSettings((name) => context('production')[name]);
  return new Workflow(stack, 'RotateKey', {
    name: 'rotate-key',
    file,
    settings,
    names: new Names(settings),
    functions: Object.fromEntries(placeholders.map((one) => [one, lambda])),
    values: {},
    grants: [],
  });
}

const definition = (name: string) =>
  readFileSync(join(ROOT, 'workflows', `${name}.asl.json`), 'utf8');

describe('workflow construct', () => {
  const one = JSON.stringify({
    StartAt: 'A',
    States: { A: { Resource: `$${'{CreateVersionFn}'}` } },
  });

  it('refuses a placeholder that nothing binds', () => {
    expect(() => workflowOf(one, [])).toThrow(/\$\{CreateVersionFn\} has no value/);
  });

  it('refuses a binding that the file does not use', () => {
    expect(() => workflowOf(one, ['CreateVersionFn', 'PlaceAliasFn'])).toThrow(
      /PlaceAliasFn is bound but not in the file/,
    );
  });

  it('refuses a file that is not JSON', () => {
    expect(() => workflowOf('{', [])).toThrow(SyntaxError);
  });

  it('takes a file whose placeholders are all bound', () => {
    expect(workflowOf(one, ['CreateVersionFn']).stateMachine).toBeDefined();
  });
});

describe.each(WORKFLOW_NAMES)('state machine %s', (name) => {
  it('may invoke exactly the functions its file names', () => {
    const wanted = placeholdersOf(definition(name)).filter((one) => one.endsWith('Fn'));

    const invoked = (roles.get(`keyturn-production-workflow-${name}`) ?? [])
      .filter(({ action }) => action === 'lambda:InvokeFunction')
      .flatMap(({ resources }) => resources)
      .map((resource) =>
        FUNCTION_NAMES.find((one) => resource.includes(`${pascalCase(one)}Function`)),
      );

    expect(invoked.map((one) => `${pascalCase(one ?? '')}Fn`).sort()).toEqual([...wanted].sort());
  });

  it('logs every event and no execution data', () => {
    templates.workflows.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      StateMachineName: `keyturn-production-${name}`,
      LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
      TracingConfiguration: { Enabled: true },
    });
  });

  it('waits for each function longer than the function may run', () => {
    const tooShort = tasksOf(JSON.parse(definition(name))).filter(({ fn, seconds }) => {
      const found = FUNCTION_NAMES.find((one) => `\${${pascalCase(one)}Fn}` === fn);
      return found !== undefined && seconds <= FUNCTION_SIZES[found].timeoutSeconds;
    });

    expect(tooShort).toEqual([]);
  });
});

it('lets a workflow start no other but those it hands on to, and children of its own maps', () => {
  const started = [...roles].map(([name, allowed]) => [
    name.replace('keyturn-production-workflow-', ''),
    allowed
      .filter(({ action }) => action === 'states:StartExecution')
      .flatMap(({ resources }) => resources)
      .map((arn) => arn.split('keyturn-production-').at(-1))
      .sort(),
  ]);

  expect(Object.fromEntries(started.filter(([, arns]) => arns?.length))).toEqual({
    'rotation-sweep': [
      'adopt-key',
      'generate-key',
      'reencrypt',
      'resume-key',
      'revoke-key',
      'rotate-data-key',
      'rotate-key',
      'update-access',
    ],
    'rotate-data-key': ['rotate-data-key', 'undo-operation'],
    'rotate-key': ['rotate-key', 'undo-operation'],
    reencrypt: ['reencrypt'],
    // A key that was stopped or given back may have work at once: nothing but the sweep finds what.
    'resume-key': ['rotation-sweep'],
    'revoke-key': ['rotation-sweep'],
  });
});

interface States {
  readonly [name: string]: {
    readonly Parameters?: { readonly FunctionName?: string };
    readonly TimeoutSeconds?: number;
    readonly TimeoutSecondsPath?: string;
    readonly ItemProcessor?: { readonly States: States };
  };
}

function tasksOf({ States }: { readonly States: States }): { fn: string; seconds: number }[] {
  return Object.values(States).flatMap((state) => {
    const inner = state.ItemProcessor ? tasksOf(state.ItemProcessor) : [];
    // A wait for a token ends when the next thing is due; its function may still run then, and does no harm.
    const fn = state.TimeoutSecondsPath ? undefined : state.Parameters?.FunctionName;
    return fn === undefined ? inner : [...inner, { fn, seconds: state.TimeoutSeconds ?? 0 }];
  });
}
