// SPDX-License-Identifier: Apache-2.0
// Keeps which executions were started; a name that was started before is not started again, as in Step Functions.
import type { WorkflowKind } from '#core/contract/vocabulary.ts';
import { executionName } from '#core/keys/naming.ts';
import type { Workflows } from '#core/ports/platform.ts';

export interface StartedExecution {
  readonly kind: WorkflowKind;
  readonly operationId: string;
  readonly attempt: number;
  readonly input: Readonly<Record<string, unknown>>;
}

export class MemoryWorkflows implements Workflows {
  readonly #started = new Map<string, StartedExecution>();

  get started(): readonly StartedExecution[] {
    return [...this.#started.values()];
  }

  async start(
    kind: WorkflowKind,
    operationId: string,
    attempt: number,
    input: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    const name = executionName(operationId, attempt);
    if (this.#started.has(name)) return;
    this.#started.set(name, { kind, operationId, attempt, input });
  }
}
