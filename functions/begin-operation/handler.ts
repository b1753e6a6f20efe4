// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { systemClock } from '#adapters/system/system.ts';
import { beginOperation } from '#core/operations/begin-operation.ts';
import { environmentOf } from '../shared/environment.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { ledger } from '../shared/wiring.ts';

const environment = environmentOf('begin-operation');
const deps = { ledger: ledger(environment.TABLE_NAME), clock: systemClock };
const waits = { settleSeconds: environment.SETTLE_SECONDS, bakeSeconds: environment.BAKE_SECONDS };
const Input = z.object({ operationId: z.string(), attempt: z.int().positive() });

export const handler = stepHandler(Input, (input) => beginOperation(deps, input, waits));
