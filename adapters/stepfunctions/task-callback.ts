// SPDX-License-Identifier: Apache-2.0
// Resumes states that wait for a task token.
import { SendTaskSuccessCommand, type SFNClient } from '@aws-sdk/client-sfn';
import { KeyturnError } from '#core/errors.ts';
import type { TaskCallback } from '#core/ports/hsm-site.ts';

/** TaskTimedOut also means that the task is closed already (SendTaskSuccess API); a repeated answer meets it. */
const CLOSED = new Set(['TaskTimedOut', 'TaskDoesNotExist']);

export class StepFunctionsTaskCallback implements TaskCallback {
  readonly #client: SFNClient;

  constructor(client: SFNClient) {
    this.#client = client;
  }

  async succeed(token: string, output: Readonly<Record<string, unknown>>): Promise<void> {
    const command = new SendTaskSuccessCommand({
      taskToken: token,
      output: JSON.stringify(output),
    });
    try {
      await this.#client.send(command);
    } catch (cause) {
      if (cause instanceof Error && CLOSED.has(cause.name)) return;
      throw new KeyturnError(
        'DependencyUnavailable',
        'the workflow could not be resumed; send the answer again',
        {
          cause,
        },
      );
    }
  }
}
