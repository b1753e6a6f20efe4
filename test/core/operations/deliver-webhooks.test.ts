// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { type KeyEventDetail, keyEventSchema, toEvent } from '#core/contract/events.ts';
import type { NoticeName } from '#core/contract/notices.ts';
import { KeyturnError } from '#core/errors.ts';
import { stopOf } from '#core/keys/consumers.ts';
import { readRotation } from '#core/operations/acknowledge-rotation.ts';
import { later } from '#core/operations/admit-operation.ts';
import { containKey } from '#core/operations/contain-key.ts';
import { deliverWebhooks } from '#core/operations/deliver-webhooks.ts';
import { mutateKey } from '#core/operations/mutate-key.ts';
import type { NoticeAnswer, NoticeClaims } from '#core/ports/notices.ts';
import { registered } from '#test/support/consumers.ts';
import { Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, PERMIT, type World } from '#test/support/world.ts';

const hook = (name: string) => ({
  mode: 'webhook' as const,
  waitSeconds: null,
  url: `https://${name}.example.com/hook`,
});
const role = (name: string) => `arn:aws:iam::444455556666:role/${name}`;

describe('deliverWebhooks', () => {
  let world: World;
  let id: string;
  let sent: { url: string; body: string; claims: NoticeClaims }[];
  let answers: Record<string, NoticeAnswer | KeyturnError>;
  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    world.waits = { settleSeconds: 5, bakeSeconds: 0 };
    const simulation = new Simulation(world);
    await registered(simulation, 'billing', { acknowledgement: hook('billing') });
    await registered(simulation, 'reports', {
      principal: role('reports'),
      acknowledgement: hook('reports'),
    });
    await registered(simulation, 'shop', { principal: role('shop') });
    id = await world.admitRotation();
    await simulation.runStarted();
    sent = [];
    answers = {};
  });

  const deps = () => ({
    ...world.deps,
    signer: {
      sign: async (claims: NoticeClaims, body: string) => JSON.stringify({ claims, body }),
    },
    sender: {
      send: async (url: string, body: string, signature: string) => {
        const { claims, body: signed } = JSON.parse(signature);
        expect(signed).toBe(body);
        sent.push({ url, body, claims });
        const answer = answers[url] ?? { status: 204, version: null };
        if (answer instanceof KeyturnError) throw answer;
        return answer;
      },
    },
  });
  const eventOf = async (action: string): Promise<KeyEventDetail> => {
    const { records } = await world.store.readAudit('key/orders', 0, 1000);
    const record = records.findLast((one) => one.action === action);
    const event = record && toEvent({ ...record });
    if (!event) throw new Error(`no event of ${action}`);
    return keyEventSchema(event.name).parse(event.detail);
  };
  const staged = async () => ({
    name: 'key.version.staged' as NoticeName,
    detail: await eventOf('version.staged'),
  });
  const consumerOf = async (name: string) =>
    (await world.snapshot()).consumers.find((consumer) => consumer.name === name);

  it('tells every consumer that asked for webhooks, signed for its address and this event', async () => {
    const notice = await staged();

    expect(await deliverWebhooks(deps(), notice)).toBe(2);

    expect(sent.map(({ url }) => url).sort()).toEqual([hook('billing').url, hook('reports').url]);
    expect(JSON.parse(sent[0]?.body ?? '')).toEqual({
      type: 'key.version.staged',
      consumer: 'billing',
      detail: notice.detail,
    });
    expect(sent[0]?.claims).toEqual({
      issuedAt: Math.floor(Date.parse(world.clock.now()) / 1000),
      eventId: notice.detail.id,
      audience: hook('billing').url,
    });
    expect((await consumerOf('billing'))?.delivery).toMatchObject({
      eventId: notice.detail.id,
      outcome: 'delivered',
      detail: '204',
    });
  });

  it('takes the answer with the version as the acknowledgement, and goes on with the last one', async () => {
    answers[hook('billing').url] = { status: 200, version: 2 };
    answers[hook('reports').url] = { status: 200, version: 1 };

    await deliverWebhooks(deps(), await staged());

    expect(await consumerOf('billing')).toMatchObject({ acknowledgedVersion: 2 });
    expect(await consumerOf('reports')).toMatchObject({ acknowledgedVersion: null });
    const { records } = await world.store.readAudit('key/orders', 0, 1000);
    expect(records.find(({ action }) => action === 'consumer.acknowledged')).toMatchObject({
      actor: 'webhook/billing',
      operationId: id,
    });
  });

  it('fails for those it could not tell, shows it, and tells only those when it comes again', async () => {
    answers[hook('billing').url] = { status: 503, version: null };
    answers[hook('reports').url] = new KeyturnError('DependencyUnavailable', 'no answer');
    const notice = await staged();
    await expect(deliverWebhooks(deps(), notice)).rejects.toMatchObject({
      name: 'DependencyUnavailable',
      message: expect.stringContaining('billing, reports'),
    });
    expect((await consumerOf('billing'))?.delivery).toMatchObject({
      outcome: 'failed',
      detail: '503',
    });
    expect((await consumerOf('reports'))?.delivery).toMatchObject({
      outcome: 'failed',
      detail: 'DependencyUnavailable',
    });
    answers = { [hook('reports').url]: { status: 500, version: null } };
    await deliverWebhooks(deps(), notice).catch(() => undefined);
    sent = [];
    answers = {};

    await deliverWebhooks(deps(), notice);

    expect(sent.map(({ url }) => url)).toEqual([hook('reports').url]);
  });

  describe('of a stop', () => {
    const stop = async (kind: 'suspension' | 'revocation') => {
      const { operationId } = await containKey(world.deps, {
        key: 'orders',
        version: null,
        kind,
        mode: 'hard',
        reason: 'leaked',
        occurredAt: null,
        isEmergency: false,
        by: ALICE.id,
        decision: PERMIT,
        claim: { scope: `stop/${kind}`, bodyHash: 'body' },
      });
      const isHold = kind === 'suspension';
      return {
        operationId,
        notice: {
          name: (isHold ? 'key.suspending' : 'key.revoking') as NoticeName,
          detail: await eventOf(isHold ? 'key.suspending' : 'key.revoking'),
        },
      };
    };
    const stopAt = async (name: string, seconds: number) => {
      const snapshot = await world.snapshot();
      const consumer = snapshot.consumers.find((one) => one.name === name);
      return consumer && stopOf(consumer, snapshot, later(world.clock.now(), seconds));
    };

    it('takes the word that caches are empty, once, and shows who has not given it', async () => {
      const { operationId, notice } = await stop('suspension');
      answers[hook('billing').url] = { status: 200, version: null, hasPurged: true };
      answers[hook('reports').url] = { status: 503, version: null, hasPurged: true };
      const at = world.clock.now();
      await expect(deliverWebhooks(deps(), notice)).rejects.toThrow('reports of orders');

      const purged = { operationId, toldAt: at, purgedAt: at, isLagging: false };
      expect(await stopAt('billing', 1000)).toEqual(purged);
      expect(await stopAt('reports', 299)).toEqual({
        operationId,
        toldAt: null,
        purgedAt: null,
        isLagging: false,
      });
      expect(await stopAt('reports', 300)).toMatchObject({ isLagging: true });
      expect(await stopAt('shop', 300)).toMatchObject({ toldAt: null, isLagging: true });

      world.clock.advance(60);
      answers = {};
      await deliverWebhooks(deps(), { ...notice, name: 'key.suspended' });
      expect(await stopAt('billing', 1000)).toEqual(purged);
      expect(await stopAt('reports', 0)).toMatchObject({
        toldAt: world.clock.now(),
        purgedAt: null,
      });
    });

    it('asks anew when a stronger one replaces it', async () => {
      const { notice } = await stop('suspension');
      answers[hook('billing').url] = { status: 200, version: null, hasPurged: true };
      await deliverWebhooks(deps(), notice);
      const { operationId } = await stop('revocation');
      expect(await stopAt('billing', 300)).toEqual({
        operationId,
        toldAt: null,
        purgedAt: null,
        isLagging: true,
      });
    });

    it('is no word in the answer to another notice', async () => {
      answers[hook('billing').url] = { status: 200, version: null, hasPurged: true };
      await deliverWebhooks(deps(), await staged());
      expect((await consumerOf('billing'))?.stops).toBeUndefined();
      expect(await stopAt('billing', 0)).toBeNull();
    });
  });

  it('tells a hundred at once, and records all of them in a few changes of the key', async () => {
    const { consumers } = await world.snapshot();
    const [billing] = consumers;
    if (!billing) throw new Error('no consumer');
    const many = Array.from({ length: 100 }, (_, index) => {
      const name = `many-${index}`;
      return { ...billing, name, principal: role(name), acknowledgement: hook(name) };
    });
    for (let from = 0; from < many.length; from += 50)
      await mutateKey(world.store, 'orders', () => ({
        draft: {
          consumers: many.slice(from, from + 50),
          audit: {
            at: world.clock.now(),
            actor: 'test',
            action: 'consumer.added',
            decision: PERMIT,
            operationId: null,
            detail: {},
          },
        },
        result: undefined,
      }));
    const before = (await world.key()).revision;
    answers[hook('many-7').url] = { status: 503, version: null };

    await expect(deliverWebhooks(deps(), await staged())).rejects.toThrow('many-7 of orders');

    expect(sent).toHaveLength(102);
    const told = (await world.snapshot()).consumers.filter(({ delivery }) => delivery !== null);
    expect(told).toHaveLength(102);
    expect((await world.key()).revision - before).toBeLessThanOrEqual(6);
    expect(await consumerOf('many-7')).toMatchObject({ delivery: { outcome: 'failed' } });
  });

  it('reminds only those that lag', async () => {
    answers[hook('billing').url] = { status: 200, version: 2 };
    await deliverWebhooks(deps(), await staged());
    sent = [];
    world.clock.advance(16);
    await new Simulation(world).sweep();

    await deliverWebhooks(deps(), {
      name: 'rotation.acknowledgement-reminder',
      detail: await eventOf('acknowledgement.reminded'),
    });

    expect(sent.map(({ url }) => url)).toEqual([hook('reports').url]);
  });

  it('takes no word for a rotation that was undone meanwhile', async () => {
    const notice = await staged();
    world.clock.advance(31);
    await new Simulation(world).sweep();
    expect((await readRotation(world.store, id)).state).toBe('compensated');
    answers[hook('billing').url] = { status: 200, version: 2 };

    await deliverWebhooks(deps(), notice);

    expect(await consumerOf('billing')).toMatchObject({ acknowledgedVersion: null });
  });
});
