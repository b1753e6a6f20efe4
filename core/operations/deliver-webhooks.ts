// SPDX-License-Identifier: Apache-2.0
// Use case: signed notices of one event to the consumers that asked for webhooks. What became of each is recorded with
// the consumer, so its view shows it; what failed is thrown in the end, so that the event is delivered again, and then
// only to those who have not had it. The answer `{"version": N}` of a consumer counts as its acknowledgement.
import type { KeyEventDetail } from '../contract/events.ts';
import type { NoticeName } from '../contract/notices.ts';
import { isError, KeyturnError } from '../errors.ts';
import type { ConsumerRecord, Delivery } from '../keys/consumers.ts';
import type { NoticeSender, NoticeSigner } from '../ports/notices.ts';
import { type AcknowledgeDeps, acknowledge } from './acknowledge-rotation.ts';
import { mutateKey } from './mutate-key.ts';

export interface DeliverDeps extends AcknowledgeDeps {
  readonly signer: NoticeSigner;
  readonly sender: NoticeSender;
}

export interface Notice {
  readonly name: NoticeName;
  readonly detail: KeyEventDetail;
}

/** Who is told: all webhooks of the key, of a reminder only those that lag; nobody twice. */
function addressees(consumers: readonly ConsumerRecord[], { name, detail }: Notice) {
  const lagging = Array.isArray(detail['lagging']) ? detail['lagging'] : [];
  return consumers.flatMap((consumer) => {
    const { mode, url } = consumer.acknowledgement;
    const { delivery } = consumer;
    if (mode !== 'webhook' || url === null) return [];
    if (name === 'rotation.acknowledgement-reminder' && !lagging.includes(consumer.name)) return [];
    const isTold = delivery?.eventId === detail.id && delivery.outcome === 'delivered';
    return isTold ? [] : [{ consumer, url }];
  });
}

async function record(
  deps: DeliverDeps,
  { detail }: Notice,
  name: string,
  delivery: Delivery,
): Promise<void> {
  await mutateKey(deps.ledger, detail.key, ({ consumers, operation }) => {
    const consumer = consumers.find((known) => known.name === name);
    // Removed meanwhile: there is no view left to show it in.
    if (!consumer) return { draft: null, result: undefined };
    const draft = {
      consumers: [{ ...consumer, delivery }],
      audit: {
        at: delivery.at,
        actor: 'notices',
        action: `consumer.notice-${delivery.outcome}`,
        decision: { effect: 'permit' as const, rule: 'consumers-are-told' },
        operationId: operation?.id ?? detail.operationId,
        detail: { consumer: name, eventId: delivery.eventId, answer: delivery.detail },
      },
    };
    return { draft, result: undefined };
  });
}

/** A consumer's answer is its word, as its call of the API would be; what it says of another version is not taken. */
async function takeWord(deps: DeliverDeps, { detail }: Notice, name: string, version: number) {
  if (detail.operationId === null || version !== detail['keyVersion']) return;
  try {
    await acknowledge(deps, {
      operationId: detail.operationId,
      consumer: name,
      version,
      by: `webhook/${name}`,
      decision: { effect: 'permit', rule: 'webhook-answers-for-its-consumer' },
    });
  } catch (error) {
    // The rotation was undone, or the consumer removed, while it answered.
    if (!isError(error, 'TransitionForbidden', 'ConsumerNotFound')) throw error;
  }
}

async function deliver(
  deps: DeliverDeps,
  notice: Notice,
  consumer: ConsumerRecord,
  url: string,
): Promise<boolean> {
  const at = deps.clock.now();
  const { name, detail } = notice;
  const body = JSON.stringify({ type: name, consumer: consumer.name, detail });
  const claims = {
    issuedAt: Math.floor(Date.parse(at) / 1000),
    eventId: detail.id,
    audience: url,
  };
  const outcome = async (): Promise<Delivery & { version: number | null }> => {
    const eventId = detail.id;
    try {
      const answer = await deps.sender.send(url, body, await deps.signer.sign(claims, body));
      const isTaken = answer.status >= 200 && answer.status < 300;
      const said = { eventId, at, detail: String(answer.status) };
      return isTaken
        ? { ...said, outcome: 'delivered', version: answer.version }
        : { ...said, outcome: 'failed', version: null };
    } catch (error) {
      if (!(error instanceof KeyturnError)) throw error;
      return { eventId, at, outcome: 'failed', detail: error.code, version: null };
    }
  };
  const { version, ...delivery } = await outcome();
  await record(deps, notice, consumer.name, delivery);
  if (version !== null) await takeWord(deps, notice, consumer.name, version);
  return delivery.outcome === 'delivered';
}

/** Tells everybody. @throws KeyturnError `DependencyUnavailable` when somebody could not be told */
export async function deliverWebhooks(deps: DeliverDeps, notice: Notice): Promise<number> {
  const snapshot = await deps.ledger.readKey(notice.detail.key);
  const told = addressees(snapshot?.consumers ?? [], notice);
  const outcomes = await Promise.all(
    told.map(({ consumer, url }) => deliver(deps, notice, consumer, url)),
  );
  const failed = told.filter((_one, index) => !outcomes[index]);
  if (failed.length === 0) return told.length;
  const names = failed.map(({ consumer }) => consumer.name).join(', ');
  throw new KeyturnError(
    'DependencyUnavailable',
    `${names} of ${notice.detail.key} could not be told of ${notice.detail.id}; it is tried again`,
  );
}
