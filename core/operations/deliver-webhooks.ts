// SPDX-License-Identifier: Apache-2.0
// Use case: signed notices of one event to the consumers that asked for webhooks. What became of each is recorded with
// the consumer, so its view shows it; what failed is thrown in the end, so that the event is delivered again, and then
// only to those who have not had it. The answer `{"version": N}` of a consumer counts as its acknowledgement.
import type { KeyEventDetail } from '../contract/events.ts';
import { type NoticeName, STOP_NOTICES } from '../contract/notices.ts';
import { isError, KeyturnError } from '../errors.ts';
import { type ConsumerRecord, type Delivery, noticeOf, withStop } from '../keys/consumers.ts';
import type { KeySnapshot } from '../ports/ledger.ts';
import type { NoticeSender, NoticeSigner } from '../ports/notices.ts';
import { type AcknowledgeDeps, acknowledge } from './acknowledge-rotation.ts';
import { mutateKey, ROWS_AT_ONCE } from './mutate-key.ts';

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

/** What became of a notice to one consumer, and the version that it acknowledged with its answer. */
interface Told {
  readonly consumer: string;
  readonly delivery: Delivery;
  readonly version: number | null;
  readonly hasPurged: boolean;
}

/** What a notice of a stop changes: told once, and purged once, however often it is told. */
function stopAfter(
  consumer: ConsumerRecord,
  snapshot: KeySnapshot,
  { name, detail: { operationId } }: Notice,
  { delivery: { at, outcome }, hasPurged }: Told,
): Pick<ConsumerRecord, 'stops'> {
  if (!STOP_NOTICES.includes(name) || operationId === null || outcome !== 'delivered') return {};
  const known = noticeOf(consumer, operationId);
  const purgedAt = known.purgedAt ?? (hasPurged ? at : null);
  return withStop(consumer, snapshot, { operationId, toldAt: known.toldAt ?? at, purgedAt });
}

async function record(deps: DeliverDeps, notice: Notice, told: readonly Told[]): Promise<void> {
  const { detail } = notice;
  const [first] = told;
  if (!first) return;
  const { at, outcome, eventId } = first.delivery;
  await mutateKey(deps.ledger, detail.key, (snapshot) => {
    const { consumers: known, operation } = snapshot;
    const consumers = told.flatMap((one) =>
      known
        .filter(({ name }) => name === one.consumer)
        .map((before) => ({
          ...before,
          delivery: one.delivery,
          ...stopAfter(before, snapshot, notice, one),
        })),
    );
    // Removed meanwhile: there is no view left to show it in.
    if (consumers.length === 0) return { draft: null, result: undefined };
    const draft = {
      consumers,
      audit: {
        at,
        actor: 'notices',
        action: `consumer.notice-${outcome}`,
        decision: { effect: 'permit' as const, rule: 'consumers-are-told' },
        operationId: operation?.id ?? detail.operationId,
        detail: {
          consumer: consumers.map(({ name }) => name).join(', '),
          eventId,
          answer: [...new Set(told.map(({ delivery }) => delivery.detail))].join(', '),
          purged: told.flatMap((one) => (one.hasPurged ? [one.consumer] : [])).join(', ') || null,
        },
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

/** Sends one notice. */
async function tell(
  deps: DeliverDeps,
  { name, detail }: Notice,
  consumer: string,
  url: string,
): Promise<Told> {
  const at = deps.clock.now();
  const body = JSON.stringify({ type: name, consumer, detail });
  const issuedAt = Math.floor(Date.parse(at) / 1000);
  const claims = { issuedAt, eventId: detail.id, audience: url };
  const said = (outcome: Delivery['outcome'], answer: string): Delivery => ({
    eventId: detail.id,
    at,
    outcome,
    detail: answer,
  });
  try {
    const answer = await deps.sender.send(url, body, await deps.signer.sign(claims, body));
    const isTaken = answer.status >= 200 && answer.status < 300;
    const delivery = said(isTaken ? 'delivered' : 'failed', String(answer.status));
    const hasPurged = isTaken && answer.hasPurged === true && STOP_NOTICES.includes(name);
    return { consumer, delivery, version: isTaken ? answer.version : null, hasPurged };
  } catch (error) {
    if (!(error instanceof KeyturnError)) throw error;
    const delivery = said('failed', error.code);
    return { consumer, delivery, version: null, hasPurged: false };
  }
}

/**
 * Records what came back, and what came back meanwhile with it: a hundred consumers that answer at once would lose each
 * other's races for the revision of the key.
 */
class Recorder {
  readonly #deps: DeliverDeps;
  readonly #notice: Notice;
  readonly #waiting: { readonly told: Told; readonly done: PromiseWithResolvers<void> }[] = [];
  #isRecording = false;

  constructor(deps: DeliverDeps, notice: Notice) {
    this.#deps = deps;
    this.#notice = notice;
  }

  /** Resolves once it is recorded. */
  add(told: Told): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#waiting.push({ told, done });
    if (!this.#isRecording) void this.#recordAll();
    return done.promise;
  }

  async #recordAll(): Promise<void> {
    this.#isRecording = true;
    while (this.#waiting.length > 0) {
      const some = this.#waiting.splice(0, ROWS_AT_ONCE);
      try {
        await this.#recordSome(some.map(({ told }) => told));
        for (const { done } of some) done.resolve();
      } catch (error) {
        for (const { done } of some) done.reject(error);
      }
    }
    this.#isRecording = false;
  }

  async #recordSome(some: readonly Told[]): Promise<void> {
    const byOutcome = Map.groupBy(some, ({ delivery }) => delivery.outcome);
    for (const told of byOutcome.values()) await record(this.#deps, this.#notice, told);
    for (const { consumer, version } of some)
      if (version !== null) await takeWord(this.#deps, this.#notice, consumer, version);
  }
}

/** Tells everybody. @throws KeyturnError `DependencyUnavailable` when somebody could not be told */
export async function deliverWebhooks(deps: DeliverDeps, notice: Notice): Promise<number> {
  const snapshot = await deps.ledger.readKey(notice.detail.key);
  const addressed = addressees(snapshot?.consumers ?? [], notice);
  const recorder = new Recorder(deps, notice);
  const all = await Promise.all(
    addressed.map(async ({ consumer: { name }, url }) => {
      const told = await tell(deps, notice, name, url);
      await recorder.add(told);
      return told;
    }),
  );
  const failed = all.filter(({ delivery }) => delivery.outcome !== 'delivered');
  if (failed.length === 0) return all.length;
  const names = failed.map(({ consumer }) => consumer).join(', ');
  throw new KeyturnError(
    'DependencyUnavailable',
    `${names} of ${notice.detail.key} could not be told of ${notice.detail.id}; it is tried again`,
  );
}
