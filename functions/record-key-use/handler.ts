// SPDX-License-Identifier: Apache-2.0
// Batches of CloudTrail's KMS events from the queue behind the rule. A message that is no event is nobody's use and
// cannot hold up the others; a failed batch comes again, and its counts are upper bounds for that reason.
import { z } from 'zod';
import { systemClock } from '#adapters/system/system.ts';
import { roleName } from '#core/contract/environment.ts';
import { parseKeyUse, parseUseFailure } from '#core/contract/key-use-events.ts';
import { METRICS } from '#core/contract/metrics.ts';
import { recordKeyUse } from '#core/operations/record-key-use.ts';
import { judgeBake } from '#core/operations/roll-back.ts';
import { CLASSES } from '#policies/classes.ts';
import { counter } from '../shared/counting.ts';
import { misuseDetector } from '../shared/detection.ts';
import { environmentOf } from '../shared/environment.ts';
import { logger } from '../shared/logging.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { keyUseLog, ledger, workflows } from '../shared/wiring.ts';

const environment = environmentOf('record-key-use');
const { STAGE } = environment;
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  log: keyUseLog(environment.TABLE_NAME),
  clock: systemClock,
  classes: CLASSES,
  workflows: workflows({ 'rotate-key': environment.ROTATE_KEY_ARN }),
  waits: { settleSeconds: environment.SETTLE_SECONDS, bakeSeconds: environment.BAKE_SECONDS },
  // What these do with a key is a check or a re-encryption, and keeps no version in use.
  ownRoles: [roleName(STAGE, 'verify-version'), `keyturn-${STAGE}-reencrypt`],
  dataPlaneRole: roleName(STAGE, 'use-key'),
};
const countContradicted = counter(METRICS.contradictedAcknowledgements);
const countLeaving = counter(METRICS.destructionUses);
const detect = misuseDetector(STAGE, environment.TABLE_NAME, environment.REVOKE_KEY_ARN);
const Batch = z.object({ Records: z.array(z.object({ body: z.string() })) });

function eventIn(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // Not JSON: nothing that EventBridge sends.
    return null;
  }
}

export const handler = stepHandler(Batch, async ({ Records }) => {
  const events = Records.map(({ body }) => eventIn(body));
  const uses = events.flatMap((event) => parseKeyUse(event, environment.ACCOUNT_ID));
  const failures = events.flatMap((event) => parseUseFailure(event, environment.ACCOUNT_ID) ?? []);
  const recorded = await recordKeyUse(deps, uses, failures);
  for (const key of recorded.failing) {
    if (await judgeBake(deps, key)) logger.warn('rotation goes back', { key });
  }
  if (recorded.contradicted.length > 0) {
    logger.warn('acknowledgement contradicted', { consumers: recorded.contradicted });
    countContradicted(recorded.contradicted.length);
  }
  if (recorded.leaving.length > 0) {
    logger.warn('used while it is being destroyed', { keys: recorded.leaving });
    countLeaving(recorded.leaving.length);
  }
  await detect(recorded.counted);
  return { batchItemFailures: [] };
});
