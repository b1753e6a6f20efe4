// SPDX-License-Identifier: Apache-2.0
// The shape of every workflow function: parse the input, run the use case, answer ids only. Errors keep their literal
// name, which is what a state's Retry and Catch match.
import middy from '@middy/core';
import { z } from 'zod';
import { KeyturnError } from '#core/errors.ts';
import { logger } from './logging.ts';

/** Members that name one attempt of an operation. */
export const StepInputSchema = z.object({
  operationId: z.string().min(1).max(80),
  key: z.string().min(1).max(63),
  fence: z.int().positive(),
});

/** What a state's Catch wrote to `$.error`. */
export const FailureSchema = z
  .object({ Error: z.string().default('Unknown'), Cause: z.string().default('') })
  .transform(({ Error: error, Cause: cause }) => ({ error, cause }));

const errorLogging = {
  onError: ({ error }: { error: unknown }) => {
    // The cause chain holds SDK errors: names, request ids; neither inputs nor outputs.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : undefined;
    logger.error('step failed', { error: describe(error), cause: describe(cause) });
  },
};

function describe(error: unknown): { name: string; message: string } | undefined {
  return error instanceof Error ? { name: error.name, message: error.message } : undefined;
}

/** Wraps a use case as a workflow function. */
export function stepHandler<S extends z.ZodType, R>(
  schema: S,
  run: (input: z.infer<S>) => Promise<R>,
): (event: unknown, context?: unknown) => Promise<R> {
  const core = async (event: unknown): Promise<R> => {
    const parsed = schema.safeParse(event);
    if (!parsed.success) {
      throw new KeyturnError(
        'InternalError',
        `the workflow passed a wrong input: ${z.prettifyError(parsed.error)}`,
      );
    }
    try {
      return await run(parsed.data);
    } catch (error) {
      if (error instanceof KeyturnError) throw error;
      throw new KeyturnError('InternalError', 'the step failed unexpectedly; its log says why', {
        cause: error,
      });
    }
  };
  return middy(core).use(errorLogging) as unknown as (
    event: unknown,
    context?: unknown,
  ) => Promise<R>;
}
