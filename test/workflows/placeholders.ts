// SPDX-License-Identifier: Apache-2.0
// What a workflow file may leave open: a function by its folder's name, or another state machine by its file's name.
import { FUNCTION_NAMES } from '#core/contract/environment.ts';
import { WORKFLOWS } from '#test/support/asl.ts';

export const pascalCase = (name: string) =>
  name.replace(/(^|-)(\w)/g, (_match, _dash, letter: string) => letter.toUpperCase());

export const PLACEHOLDERS: readonly string[] = [
  ...FUNCTION_NAMES.map((name) => `${pascalCase(name)}Fn`),
  ...WORKFLOWS.map((name) => `${pascalCase(name)}Arn`),
];
