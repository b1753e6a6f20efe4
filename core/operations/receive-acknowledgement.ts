// SPDX-License-Identifier: Apache-2.0
// Use case: a consumer acknowledges by an event. It is taken for consumers of that mode alone, and only from the account
// of their principal; a word that use contradicts later is taken back like every other.
import type { AcknowledgementSignal } from '../contract/acknowledgement-events.ts';
import { isError } from '../errors.ts';
import { type AcknowledgeDeps, acknowledge } from './acknowledge-rotation.ts';

/** `refused`: nobody of that name answers by event, or another account sent it; `late`: there is nothing to acknowledge. */
export type AcknowledgementOutcome = 'acknowledged' | 'refused' | 'late';

const accountOf = (arn: string) => arn.split(':')[4] ?? '';

/** @throws KeyturnError what a later delivery may mend */
export async function receiveAcknowledgement(
  deps: AcknowledgeDeps,
  signal: AcknowledgementSignal,
): Promise<AcknowledgementOutcome> {
  const { operationId, consumer: name, keyVersion: version, account } = signal;
  const operation = await deps.ledger.readOperation(operationId);
  const snapshot = operation && (await deps.ledger.readKey(operation.key));
  const consumer = snapshot?.consumers.find((known) => known.name === name);
  const isTaken =
    consumer?.acknowledgement.mode === 'event' && accountOf(consumer.principal) === account;
  if (!isTaken) return 'refused';
  try {
    await acknowledge(deps, {
      operationId,
      consumer: name,
      version,
      by: consumer.principal,
      decision: { effect: 'permit', rule: 'event-of-the-consumers-account' },
    });
    return 'acknowledged';
  } catch (error) {
    const isLate = isError(
      error,
      'OperationNotFound',
      'ConsumerNotFound',
      'TransitionForbidden',
      'ValidationFailed',
    );
    if (isLate) return 'late';
    throw error;
  }
}
