// SPDX-License-Identifier: Apache-2.0
// Fed by the stream of the table, with audit rows only. What could not be published is reported, so that Lambda hands
// it over again from there on (partial batch response); what cannot be an event is counted, for an alarm.
import { z } from 'zod';
import { fromImage } from '#adapters/dynamodb/stream.ts';
import { EventBridgeBus } from '#adapters/eventbridge/event-bus.ts';
import { METRICS } from '#core/contract/metrics.ts';
import { publishEvents } from '#core/operations/publish-events.ts';
import { counter } from '../shared/counting.ts';
import { environmentOf } from '../shared/environment.ts';
import { logger } from '../shared/logging.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { eventBridge } from '../shared/wiring.ts';

const environment = environmentOf('publish-events');
const bus = new EventBridgeBus(eventBridge(), environment.EVENT_BUS_NAME);

const countUntold = counter(METRICS.untoldRecords);

const Batch = z.object({
  Records: z.array(
    z.object({
      dynamodb: z.object({
        SequenceNumber: z.string(),
        NewImage: z.record(z.string(), z.unknown()).optional(),
      }),
    }),
  ),
});

export const handler = stepHandler(Batch, async ({ Records }) => {
  const { failed, untold } = await publishEvents(
    bus,
    Records.map(({ dynamodb }) => ({
      position: dynamodb.SequenceNumber,
      record: fromImage(dynamodb.NewImage),
    })),
  );
  if (untold.length > 0) {
    logger.error('records of which no event can be made', { untold });
    countUntold(untold.length);
  }
  return { batchItemFailures: failed === null ? [] : [{ itemIdentifier: failed }] };
});
