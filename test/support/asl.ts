// SPDX-License-Identifier: Apache-2.0
// Types of the part of the Amazon States Language that our workflows use, and how to read the files.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds?: number;
  readonly BackoffRate?: number;
  readonly MaxAttempts?: number;
  readonly MaxDelaySeconds?: number;
  readonly JitterStrategy?: string;
}

export interface Catcher {
  readonly ErrorEquals: readonly string[];
  readonly ResultPath?: string;
  readonly Next: string;
}

export interface Comparison {
  readonly Variable?: string;
  readonly StringEquals?: string;
  readonly BooleanEquals?: boolean;
  readonly IsPresent?: boolean;
  readonly NumericLessThanPath?: string;
  /** Instead of the others. */
  readonly And?: readonly Comparison[];
}

export interface ChoiceRule extends Comparison {
  readonly Next: string;
}

export interface State {
  readonly Type: 'Task' | 'Choice' | 'Wait' | 'Pass' | 'Map' | 'Succeed' | 'Fail';
  readonly Comment?: string;
  readonly Resource?: string;
  readonly Parameters?: unknown;
  readonly Result?: unknown;
  readonly ResultSelector?: unknown;
  readonly ResultPath?: string | null;
  readonly TimeoutSeconds?: number;
  readonly TimeoutSecondsPath?: string;
  readonly SecondsPath?: string;
  readonly Seconds?: number;
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly Catcher[];
  readonly Choices?: readonly ChoiceRule[];
  readonly Default?: string;
  readonly ItemsPath?: string;
  readonly MaxConcurrency?: number;
  readonly ToleratedFailureCount?: number;
  readonly ItemProcessor?: Processor;
  readonly Error?: string;
  readonly Cause?: string;
  readonly Next?: string;
  readonly End?: true;
}

/** The states of a map's items; those of a distributed map are a child execution each. */
export interface Processor extends Machine {
  readonly ProcessorConfig?: { readonly Mode: string; readonly ExecutionType?: string };
}

export interface Machine {
  readonly Comment?: string;
  readonly StartAt: string;
  readonly TimeoutSeconds?: number;
  readonly States: Readonly<Record<string, State>>;
}

const FOLDER = join(import.meta.dirname, '..', '..', 'workflows');
const SUFFIX = '.asl.json';

/** Names of all workflows, without the suffix. */
export const WORKFLOWS: readonly string[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length))
  .sort();

/** The text of a workflow's file. */
export function readWorkflowText(name: string): string {
  return readFileSync(join(FOLDER, `${name}${SUFFIX}`), 'utf8');
}

export function readWorkflow(name: string): Machine {
  return JSON.parse(readWorkflowText(name)) as Machine;
}

/** Every state with its name, those inside maps included. */
export function allStates(machine: Machine): [string, State][] {
  return Object.entries(machine.States).flatMap(([name, state]) => [
    [name, state] as [string, State],
    ...(state.ItemProcessor ? allStates(state.ItemProcessor) : []),
  ]);
}
