// SPDX-License-Identifier: Apache-2.0
// In which lane of the rate budget an operation's calls go. Read from its row when a call is made, so that an execution
// that is already running, or of an older workflow, goes in the right one too.
import type { Trigger } from '../contract/vocabulary.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Lane } from '../ports/rate-budget.ts';

const ASKED_FOR: readonly Trigger[] = ['api', 'event', 'compromise'];

/** What the schedule or a change of policy asks for can wait; what people and events ask for goes before it. */
export async function laneOf(
  ledger: Pick<Ledger, 'readOperation'>,
  operationId: string,
): Promise<Lane> {
  const operation = await ledger.readOperation(operationId);
  return operation && ASKED_FOR.includes(operation.trigger) ? 'priority' : 'routine';
}
