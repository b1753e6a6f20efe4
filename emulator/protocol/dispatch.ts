// SPDX-License-Identifier: Apache-2.0
// From `X-Amz-Target` to an operation and back: faults asked for, request reading, the handler.
import { setTimeout as pause } from 'node:timers/promises';
import type { Caller } from '../authorization/principal.ts';
import { eventsOf, type Origin } from '../cloudtrail/event.ts';
import { eventData, keysUsed } from '../cloudtrail/keys-used.ts';
import { countUses } from '../keys/last-use.ts';
import { cloudHsmOperations } from '../operations/cloudhsm/table.ts';
import { kmsOperations } from '../operations/kms/table.ts';
import type { Emulator } from '../settings.ts';
import { AwsError } from './errors.ts';
import type { Answer, Operation } from './operation.ts';
import { readRequest } from './shape.ts';

const SERVICES: ReadonlyMap<string, ReadonlyMap<string, Operation>> = new Map([
  ['TrentService', kmsOperations],
  ['BaldrApiService', cloudHsmOperations],
]);

function findOperation(target: string | undefined): Operation {
  const [service = '', name = ''] = (target ?? '').split('.');
  const found = SERVICES.get(service)?.get(name);
  if (found !== undefined) return found;
  throw new AwsError('UnknownOperationException');
}

/** A request whose caller is known. */
export interface Request {
  readonly caller: Caller;
  readonly origin: Origin;
  readonly target: string | undefined;
  readonly body: unknown;
}

/** What became of a call, for its CloudTrail event. */
interface Outcome {
  input: unknown;
  answer: Answer;
  error: AwsError | undefined;
}

/** Runs one call and writes it into the trail. @throws AwsError for everything that AWS refuses */
export async function dispatch(emulator: Emulator, request: Request): Promise<Answer> {
  const operation = findOperation(request.target);
  const service = request.target?.startsWith('Trent') ? 'kms' : 'cloudhsm';
  const at = emulator.clock();
  const outcome: Outcome = { input: undefined, answer: undefined, error: undefined };
  try {
    await perform(emulator, request, operation, outcome);
    countUses(emulator, request.caller, { at, requestId: request.origin.requestId });
    return outcome.answer;
  } catch (error) {
    outcome.error = error instanceof AwsError ? error : internalFailure(service, error);
    throw outcome.error;
  } finally {
    const { place, trail } = emulator;
    const { caller, origin } = request;
    const call = { place, caller, ...origin, service, operation: operation.name, at } as const;
    const noted = { keyIds: keysUsed(caller), data: eventData(caller) };
    for (const event of eventsOf({ ...call, ...outcome, ...noted })) trail.add(event);
  }
}

async function perform(
  emulator: Emulator,
  { caller, body }: Request,
  operation: Operation,
  outcome: Outcome,
): Promise<void> {
  const { faults, switches } = emulator;
  switches.throttling.admit(operation.name);
  const fate = faults.next(operation.name);
  const latency = fate.latencyMilliseconds + switches.latency.next(operation.name);
  if (latency > 0) await pause(latency);
  if (fate.failBefore !== undefined) throw injected(fate.failBefore);
  outcome.input = readRequest(operation.read, body);
  const now = emulator.clock();
  const visibleAt =
    now + Math.max(fate.visibilityDelayMilliseconds, switches.consistency.next(operation.name));
  const call = { emulator, caller, now, visibleAt };
  const answer = await emulator.hsm.gate.run(operation.isExclusive === true, () =>
    operation.handle(call, outcome.input),
  );
  if (fate.failAfter !== undefined) throw injected(fate.failAfter);
  outcome.answer = answer;
}

/** A full disk, a broken HSM or a defect: told here, while the caller learns only that it may try again. */
function internalFailure(service: 'kms' | 'cloudhsm', error: unknown): AwsError {
  process.stderr.write(`emulator: unexpected error: ${String(error)}\n`);
  return new AwsError(
    service === 'kms' ? 'KMSInternalException' : 'CloudHsmInternalFailureException',
    'The service could not carry out the request.',
  );
}

function injected(code: string): AwsError {
  const message = code === 'ThrottlingException' ? 'Rate exceeded' : 'Injected by a fault rule.';
  return new AwsError(code, message);
}
