// SPDX-License-Identifier: Apache-2.0
// Fed by a rule on the bus `keyturn`: tells consumers by signed webhook. What fails is thrown: Lambda tries again, and
// what fails for good waits in a queue with an alarm.
import { z } from 'zod';
import { BudgetedSigner } from '#adapters/budget/budgeted-signer.ts';
import { KmsNoticeSigner } from '#adapters/kms/notice-signer.ts';
import { systemClock } from '#adapters/system/system.ts';
import { reachOf } from '#adapters/webhooks/address-rules.ts';
import { WebhookSender } from '#adapters/webhooks/webhook-sender.ts';
import { keyEventSchema } from '#core/contract/events.ts';
import { NOTICE_EVENTS } from '#core/contract/notices.ts';
import { deliverWebhooks } from '#core/operations/deliver-webhooks.ts';
import { environmentOf } from '../shared/environment.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { kmsClient, ledger, workerBudget, workflows } from '../shared/wiring.ts';

const environment = environmentOf('deliver-webhooks');
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  clock: systemClock,
  workflows: workflows({
    'rotate-key': environment.ROTATE_KEY_ARN,
    'rotate-data-key': environment.ROTATE_DATA_KEY_ARN,
  }),
  waits: { settleSeconds: environment.SETTLE_SECONDS, bakeSeconds: environment.BAKE_SECONDS },
  // One signature for each consumer, of a quota that all elliptic-curve keys of the account share.
  signer: new BudgetedSigner(
    new KmsNoticeSigner(kmsClient(), environment.NOTICE_KEY_ARN),
    workerBudget(environment.TABLE_NAME, environment.KMS_BUDGET),
  ),
  sender: new WebhookSender(reachOf(environment.STAGE)),
};
const Event = z.object({ 'detail-type': z.enum(NOTICE_EVENTS), detail: z.unknown() });

export const handler = stepHandler(Event, async ({ 'detail-type': name, detail }) => ({
  told: await deliverWebhooks(deps, { name, detail: keyEventSchema(name).parse(detail) }),
}));
