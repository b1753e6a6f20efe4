// SPDX-License-Identifier: Apache-2.0
// From `X-Amz-Target` to an operation and back: faults asked for, request reading, the handler.
import { setTimeout as pause } from 'node:timers/promises';
import type { Caller } from '../authorization/principal.ts';
import { cloudHsmOperations } from '../operations/cloudhsm/table.ts';
import { isUnsupportedCloudHsmOperation } from '../operations/cloudhsm/unsupported.ts';
import { kmsOperations } from '../operations/kms/table.ts';
import { isUnsupportedKmsOperation } from '../operations/kms/unsupported.ts';
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
  if (service === 'TrentService' && isUnsupportedKmsOperation(name)) {
    throw new AwsError('UnsupportedOperationException', `${name} is not supported.`);
  }
  if (service === 'BaldrApiService' && isUnsupportedCloudHsmOperation(name)) {
    throw new AwsError('CloudHsmInvalidRequestException', `${name} is not supported.`);
  }
  throw new AwsError('UnknownOperationException');
}

/** Runs one call. @throws AwsError for everything that AWS refuses */
export async function dispatch(
  emulator: Emulator,
  caller: Caller,
  target: string | undefined,
  body: unknown,
): Promise<Answer> {
  const operation = findOperation(target);
  const fate = emulator.faults.next(operation.name);
  if (fate.latencyMilliseconds > 0) await pause(fate.latencyMilliseconds);
  if (fate.failBefore !== undefined) throw injected(fate.failBefore);
  const input = readRequest(operation.read, body);
  const now = emulator.clock();
  const visibleAt = now + fate.visibilityDelayMilliseconds;
  const answer = await operation.handle({ emulator, caller, now, visibleAt }, input);
  if (fate.failAfter !== undefined) throw injected(fate.failAfter);
  return answer;
}

function injected(code: string): AwsError {
  const message = code === 'ThrottlingException' ? 'Rate exceeded' : 'Injected by a fault rule.';
  return new AwsError(code, message);
}
