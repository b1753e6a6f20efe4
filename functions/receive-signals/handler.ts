// SPDX-License-Identifier: Apache-2.0
// Events of others, from the bus. What is not a signal of this account in the published shape is counted and dropped:
// delivering it again would not make it one. What fails is thrown, so that EventBridge's retries and the queue of
// undelivered events take it.
import { z } from 'zod';
import { systemClock, ulidIds } from '#adapters/system/system.ts';
import { METRICS } from '#core/contract/metrics.ts';
import { parseSignal } from '#core/contract/signals.ts';
import { receiveSignal } from '#core/operations/receive-signal.ts';
import { CLASSES } from '#policies/classes.ts';
import { counter } from '../shared/counting.ts';
import { environmentOf } from '../shared/environment.ts';
import { logger } from '../shared/logging.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { directory, keyUseLog, ledger, startSlots, workflows } from '../shared/wiring.ts';

const environment = environmentOf('receive-signals');
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  slots: startSlots(environment.TABLE_NAME),
  log: keyUseLog(environment.TABLE_NAME),
  workflows: workflows({
    'rotate-key': environment.ROTATE_KEY_ARN,
    'rotate-data-key': environment.ROTATE_DATA_KEY_ARN,
  }),
  directory: directory(environment.STAGE),
  classes: CLASSES,
  clock: systemClock,
  ids: ulidIds,
  waits: { settleSeconds: environment.SETTLE_SECONDS, bakeSeconds: environment.BAKE_SECONDS },
};
const countRefused = counter(METRICS.refusedSignals);

function refused(why: string) {
  logger.warn('event refused', { why });
  countRefused(1);
  return { outcomes: {} };
}

export const handler = stepHandler(z.unknown(), async (event) => {
  const signal = parseSignal(event, environment.ACCOUNT_ID);
  if (!signal) return refused('not a signal in the published shape');
  const outcomes = await receiveSignal(deps, environment.STAGE, signal);
  logger.info('signal followed', { id: signal.id, type: signal.type, outcomes });
  return { outcomes };
});
