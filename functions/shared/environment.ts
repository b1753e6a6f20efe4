// SPDX-License-Identifier: Apache-2.0
// Reads a function's environment once, by the schema that the construct wrote it with.
import type { z } from 'zod';
import { environmentSchema, type FunctionName } from '#core/contract/environment.ts';

export type EnvironmentOf<F extends FunctionName> = z.infer<
  ReturnType<typeof environmentSchema<F>>
>;

/** The parsed environment of a function. @throws ZodError naming what is missing */
export function environmentOf<F extends FunctionName>(name: F): EnvironmentOf<F> {
  return environmentSchema(name).parse(process.env) as EnvironmentOf<F>;
}
