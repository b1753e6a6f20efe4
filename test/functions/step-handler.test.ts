// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { KeyturnError } from '#core/errors.ts';

process.env['POWERTOOLS_LOG_LEVEL'] = 'SILENT';
const { FailureSchema, StepInputSchema, stepHandler } = await import(
  '#functions/shared/step-handler.ts'
);

const INPUT = { operationId: 'op_1', key: 'orders', fence: 1 };

describe('a step function', () => {
  it('answers what its use case answers', async () => {
    const handler = stepHandler(StepInputSchema, async ({ key }) => ({ key }));

    expect(await handler(INPUT, {})).toEqual({ key: 'orders' });
  });

  it('keeps the literal name of an error: a state matches it', async () => {
    const handler = stepHandler(z.unknown(), async () => {
      throw new KeyturnError('KeyNotYetVisible', 'not yet');
    });

    await expect(handler({}, {})).rejects.toMatchObject({ name: 'KeyNotYetVisible' });
  });

  it('hides what an unknown error says, and keeps it as the cause for the log', async () => {
    const handler = stepHandler(z.unknown(), async () => {
      throw new TypeError('canary-7f3a');
    });

    const failure = await handler({}, {}).catch((error: unknown) => error);

    expect(failure).toMatchObject({ name: 'InternalError', cause: expect.any(TypeError) });
    expect(String(failure)).not.toContain('canary-7f3a');
  });

  it.each([
    ['nothing', undefined],
    ['no fence', { operationId: 'op_1', key: 'orders' }],
    ['a fence of zero', { ...INPUT, fence: 0 }],
    ['a key of 64 characters', { ...INPUT, key: 'a'.repeat(64) }],
  ])('refuses an input of %s', async (_what, input) => {
    const handler = stepHandler(StepInputSchema, async () => ({}));

    await expect(handler(input, {})).rejects.toMatchObject({ name: 'InternalError' });
  });
});

describe('the failure that a Catch wrote', () => {
  it('is read as error and cause', () => {
    expect(FailureSchema.parse({ Error: 'X', Cause: 'y' })).toEqual({ error: 'X', cause: 'y' });
  });

  it('may lack its members', () => {
    expect(FailureSchema.parse({})).toEqual({ error: 'Unknown', cause: '' });
  });
});
