// SPDX-License-Identifier: Apache-2.0
import { systemClock } from '#adapters/system/system.ts';
import { completeOperation } from '#core/operations/end-operation.ts';
import { environmentOf } from '../shared/environment.ts';
import { StepInputSchema, stepHandler } from '../shared/step-handler.ts';
import { ledger } from '../shared/wiring.ts';

const environment = environmentOf('complete-operation');
const deps = { ledger: ledger(environment.TABLE_NAME), clock: systemClock };

export const handler = stepHandler(StepInputSchema, (input) => completeOperation(deps, input));
