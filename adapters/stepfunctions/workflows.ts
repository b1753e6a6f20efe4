// SPDX-License-Identifier: Apache-2.0
// Starts executions. The name carries operation and attempt, so starting twice is starting once: Step Functions
// answers the same execution while it is open and ExecutionAlreadyExists for 90 days after (StartExecution API).
import { type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { WorkflowKind } from '#core/contract/vocabulary.ts';
import { KeyturnError } from '#core/errors.ts';
import { executionName } from '#core/keys/naming.ts';
import type { Workflows } from '#core/ports/platform.ts';

export class StepFunctionsWorkflows implements Workflows {
  readonly #client: SFNClient;
  readonly #machines: Partial<Record<WorkflowKind, string>>;

  constructor(client: SFNClient, machines: Partial<Record<WorkflowKind, string>>) {
    this.#client = client;
    this.#machines = machines;
  }

  async start(
    kind: WorkflowKind,
    operationId: string,
    attempt: number,
    input: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    const stateMachineArn = this.#machines[kind];
    if (!stateMachineArn)
      throw new KeyturnError('InternalError', `no state machine is known for ${kind}`);
    const request = {
      stateMachineArn,
      name: executionName(operationId, attempt),
      input: JSON.stringify({ operationId, attempt, ...input }),
    };
    try {
      await this.#client.send(new StartExecutionCommand(request));
    } catch (cause) {
      if (cause instanceof Error && cause.name === 'ExecutionAlreadyExists') return;
      throw new KeyturnError(
        'DependencyUnavailable',
        'the workflow could not be started; the sweep will start it',
        {
          details: { operationId },
          cause,
        },
      );
    }
  }
}
