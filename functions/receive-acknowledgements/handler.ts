// SPDX-License-Identifier: Apache-2.0
// Acknowledgements that consumers put onto the bus. What is none of the published shape, or comes from another account
// than the consumer's, is counted and dropped; what fails is thrown, so that EventBridge delivers it again.
import { z } from 'zod';
import { systemClock } from '#adapters/system/system.ts';
import { parseAcknowledgement } from '#core/contract/acknowledgement-events.ts';
import { METRICS } from '#core/contract/metrics.ts';
import { receiveAcknowledgement } from '#core/operations/receive-acknowledgement.ts';
import { counter } from '../shared/counting.ts';
import { environmentOf } from '../shared/environment.ts';
import { logger } from '../shared/logging.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { ledger, workflows } from '../shared/wiring.ts';

const environment = environmentOf('receive-acknowledgements');
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  clock: systemClock,
  workflows: workflows({
    'rotate-key': environment.ROTATE_KEY_ARN,
    'rotate-data-key': environment.ROTATE_DATA_KEY_ARN,
  }),
  waits: { settleSeconds: environment.SETTLE_SECONDS, bakeSeconds: environment.BAKE_SECONDS },
};
const countRefused = counter(METRICS.refusedSignals);

export const handler = stepHandler(z.unknown(), async (event) => {
  const signal = parseAcknowledgement(event);
  const outcome = signal ? await receiveAcknowledgement(deps, signal) : 'refused';
  if (outcome === 'refused') {
    logger.warn('acknowledgement refused', { id: signal?.id, account: signal?.account });
    countRefused(1);
  }
  return { outcome };
});
