// SPDX-License-Identifier: Apache-2.0
// The stacks of one stage, in the order in which they need each other, and the rules that check them at synth.
import { join } from 'node:path';
import { type App, type Stack, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { FUNCTION_NAMES } from '../core/contract/environment.ts';
import { bundleHandlers } from './bundling/bundle-handlers.ts';
import type { Settings } from './config/settings.ts';
import { Names } from './names.ts';
import { KeyturnChecks } from './rules/keyturn-checks.ts';
import { ApiStack } from './stacks/api-stack.ts';
import { EventsStack } from './stacks/events-stack.ts';
import { FunctionsStack } from './stacks/functions-stack.ts';
import { KeyUseStack } from './stacks/key-use-stack.ts';
import { ObservabilityStack } from './stacks/observability-stack.ts';
import { SchedulesStack } from './stacks/schedules-stack.ts';
import { SignalsStack } from './stacks/signals-stack.ts';
import { StateStack } from './stacks/state-stack.ts';
import { WorkflowsStack } from './stacks/workflows-stack.ts';

/** Where handlers, workflows and bundles lie. */
export interface Sources {
  readonly functions: string;
  readonly workflows: string;
  readonly bundles: string;
}

/** The folders of a clone; two synths at one time need a bundle folder each. */
export function sourcesOf(
  root: string,
  bundles: string = join(root, 'dist', 'functions'),
): Sources {
  return {
    functions: join(root, 'functions'),
    workflows: join(root, 'workflows'),
    bundles,
  };
}

/** Stacks by part, for tests. */
export type KeyturnStacks = Readonly<Record<StackPart, Stack>>;
type StackPart =
  | 'state'
  | 'functions'
  | 'workflows'
  | 'schedules'
  | 'signals'
  | 'key-use'
  | 'events'
  | 'api'
  | 'observability';

/** Adds the stacks of a stage to the app. */
export function addStacks(app: App, settings: Settings, sources: Sources): KeyturnStacks {
  const names = new Names(settings);
  const shared = (part: StackPart, description: string) => ({
    settings,
    names,
    stackName: names.of(part),
    description: `Keyturn ${settings.stage}: ${description}`,
    env: { account: settings.account, region: settings.region },
    terminationProtection: settings.retention.retainState && part === 'state',
  });
  const state = new StateStack(app, names.of('state'), shared('state', 'table, evidence, keys'));
  const functionsStack = new FunctionsStack(app, names.of('functions'), {
    ...shared('functions', 'functions and their roles'),
    state,
    bundles: bundleHandlers({
      names: FUNCTION_NAMES,
      sourceFolder: sources.functions,
      outputFolder: sources.bundles,
    }),
  });
  const { functions } = functionsStack;
  const workflows = new WorkflowsStack(app, names.of('workflows'), {
    ...shared('workflows', 'state machines'),
    functions,
    workflowFolder: sources.workflows,
  });
  const schedules = new SchedulesStack(app, names.of('schedules'), shared('schedules', 'sweep'));
  // The target is named, not referred to: say the order.
  schedules.addStackDependency(workflows);
  const signals = new SignalsStack(app, names.of('signals'), {
    ...shared('signals', 'events of others'),
    functions,
  });
  const keyUse = new KeyUseStack(app, names.of('key-use'), {
    ...shared('key-use', 'record of key use'),
    functions,
  });
  const api = new ApiStack(app, names.of('api'), { ...shared('api', 'REST APIs'), functions });
  const events = new EventsStack(app, names.of('events'), {
    ...shared('events', 'events, webhooks and notices'),
    functions,
    state,
    apiId: api.peopleApiId,
  });
  const observability = new ObservabilityStack(app, names.of('observability'), {
    ...shared('observability', 'alarms'),
    deadLetters: schedules.deadLetters,
    undeliveredSignals: signals.deadLetters,
    uncountedKeyUse: keyUse.deadLetters,
    untold: events.deadLetters,
  });
  // Not `keyturn:stage`: that tag marks managed keys, on which functions have rights.
  Tags.of(app).add('keyturn:deployment', settings.stage);
  return {
    state,
    functions: functionsStack,
    workflows,
    schedules,
    signals,
    'key-use': keyUse,
    events,
    api,
    observability,
  };
}

/** Fails the synth on what AwsSolutions or our own rules refuse. */
export function addChecks(app: App): void {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new KeyturnChecks());
}
