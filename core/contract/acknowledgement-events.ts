// SPDX-License-Identifier: Apache-2.0
// Acknowledgement by event: what a consumer of mode `event` puts onto the bus `keyturn` when it is ready for a version.
// EventBridge itself writes `account`, so the account of the sender is proven, and nothing finer: whoever may put events
// there acknowledges for the consumers of that account (`docs/events.md`).
import { z } from 'zod';
import { KeyName } from './api.ts';

export const ACKNOWLEDGEMENT_TYPE = 'consumer.acknowledged';

const AcknowledgementEvent = z.object({
  id: z.string().min(1).max(128),
  source: z.string().min(1).max(256),
  account: z.string().regex(/^\d{12}$/),
  'detail-type': z.literal(ACKNOWLEDGEMENT_TYPE),
  detail: z.strictObject({
    version: z.literal(1),
    operationId: z.string().regex(/^op_[0-9A-HJKMNP-TV-Z]{26}$/),
    consumer: KeyName,
    keyVersion: z.int().positive(),
  }),
});

/** A consumer's word, with the account that it came from. */
export interface AcknowledgementSignal {
  readonly id: string;
  readonly account: string;
  readonly operationId: string;
  readonly consumer: string;
  readonly keyVersion: number;
}

/** Reads one, strictly; null for everything else. */
export function parseAcknowledgement(event: unknown): AcknowledgementSignal | null {
  const parsed = AcknowledgementEvent.safeParse(event);
  if (!parsed.success) return null;
  const { id, account, detail } = parsed.data;
  const { operationId, consumer, keyVersion } = detail;
  return { id, account, operationId, consumer, keyVersion };
}
