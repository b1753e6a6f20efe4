// SPDX-License-Identifier: Apache-2.0
// The envelope client over the real data plane in memory, with a status list that is really signed: what is kept, for how
// long, and what ends it.
import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  ContextMismatchError,
  EnvelopeClient,
  type EnvelopeOptions,
  KeyStoppedError,
} from '#client/sdk/envelope/index.ts';
import { ArgumentError } from '#client/sdk/index.ts';
import { DataPlane, type StatusEntry } from '#test/support/data-plane.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { aWorld, type World } from '#test/support/world.ts';

const CONTEXT = { order: '4711' };
const TEXT = randomBytes(10_000);

describe('the envelope client', () => {
  let world: World;
  let now: number;
  let plane: DataPlane;

  const client = (options: Partial<EnvelopeOptions> = {}) =>
    new EnvelopeClient({ client: plane.client, key: 'orders', now: () => now, ...options });
  const stopped = (patch: Partial<StatusEntry> = {}): StatusEntry => ({
    key: 'orders',
    version: null,
    state: 'revoking',
    since: '2026-11-22T10:00:00.000Z',
    reason: 'key-compromise',
    ...patch,
  });

  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    now = 1_795_305_600_000;
    plane = new DataPlane(world, () => now);
  });

  it('opens what it sealed, for the context that it was sealed for, under old versions too', async () => {
    const envelope = client();
    const message = await envelope.encrypt(TEXT, CONTEXT);
    await world.admitRotation();
    const other = client();

    expect(Buffer.from(await other.decrypt(message, CONTEXT)).equals(TEXT)).toBe(true);
    await expect(other.decrypt(message, { order: '4712' })).rejects.toBeInstanceOf(
      ContextMismatchError,
    );
    const bent = Buffer.from(message);
    bent[bent.length - 1] = (bent.at(-1) ?? 0) ^ 1;
    await expect(other.decrypt(bent, CONTEXT)).rejects.toThrow();
  });

  it('does not open a message of another key', async () => {
    const message = await client().encrypt(TEXT, CONTEXT);

    await expect(client({ key: 'others' }).decrypt(message, CONTEXT)).rejects.toThrow(
      /unencryptedDataKey/,
    );
    expect(plane.calls.decrypt).toBe(0);
  });

  it('asks for one data key for many messages, and for one list in its time', async () => {
    const envelope = client();
    const messages = await Promise.all([0, 1].map(() => envelope.encrypt(TEXT, CONTEXT)));
    for (let count = 0; count < 20; count += 1)
      messages.push(await envelope.encrypt(TEXT, CONTEXT));
    const asked = plane.calls.encrypt;
    for (const message of messages) await envelope.decrypt(message, CONTEXT);

    // Two at the same time find no data key yet.
    expect(asked).toBeLessThanOrEqual(2);
    expect(plane.calls.decrypt).toBeLessThanOrEqual(2);
    expect(plane.calls.list).toBe(1);
    now += 10_000;
    await envelope.encrypt(TEXT, CONTEXT);
    expect(plane.calls.list).toBe(2);
  });

  it.each([
    ['messages', { maxMessages: 2 }],
    ['bytes', { maxBytes: 2 * TEXT.byteLength }],
  ])('takes another data key behind the limit of %s', async (_what, cache) => {
    const envelope = client({ cache });
    for (let count = 0; count < 6; count += 1) await envelope.encrypt(TEXT, CONTEXT);

    expect(plane.calls.encrypt).toBeGreaterThanOrEqual(3);
  });

  it('takes another data key behind the limit of age', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const envelope = client({ cache: { maxAgeSeconds: 60 } });
      await envelope.encrypt(TEXT, CONTEXT);
      vi.setSystemTime(Date.now() + 59_000);
      await envelope.encrypt(TEXT, CONTEXT);
      expect(plane.calls.encrypt).toBe(1);
      vi.setSystemTime(Date.now() + 2000);
      await envelope.encrypt(TEXT, CONTEXT);
      expect(plane.calls.encrypt).toBe(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    { maxAgeSeconds: 0 },
    { maxAgeSeconds: 301 },
    { maxMessages: 0 },
    { maxMessages: 2 ** 32 },
    { maxBytes: 0 },
    { entries: 1.5 },
  ])('refuses limits out of their range: %j', (cache) => {
    expect(() => client({ cache })).toThrow(ArgumentError);
  });

  it('ends with the list: nothing is asked, nothing is kept', async () => {
    const envelope = client();
    const message = await envelope.encrypt(TEXT, CONTEXT);
    await envelope.decrypt(message, CONTEXT);
    plane.entries = [stopped()];
    now += 10_000;
    const before = { ...plane.calls };

    await expect(envelope.decrypt(message, CONTEXT)).rejects.toMatchObject({
      name: 'KeyStoppedError',
      code: 'KeyNotUsable',
      state: 'revoking',
    });
    await expect(envelope.encrypt(TEXT, CONTEXT)).rejects.toBeInstanceOf(KeyStoppedError);
    expect({ ...plane.calls, list: 0 }).toEqual({ ...before, list: 0 });

    // Lifted again: the data key was forgotten, so the data plane is asked.
    plane.entries = [];
    now += 10_000;
    await envelope.decrypt(message, CONTEXT);
    expect(plane.calls.decrypt).toBe(before.decrypt + 1);
  });

  it('ends with the key that wraps it', async () => {
    const envelope = client({ parent: 'master' });
    await envelope.encrypt(TEXT, CONTEXT);
    plane.entries = [stopped({ key: 'master' })];
    now += 10_000;

    await expect(envelope.encrypt(TEXT, CONTEXT)).rejects.toBeInstanceOf(KeyStoppedError);
  });

  it('keeps nothing while a version is being stopped, and asks anew once it is', async () => {
    const envelope = client();
    const message = await envelope.encrypt(TEXT, CONTEXT);
    plane.entries = [stopped({ version: 7 })];
    now += 10_000;
    for (let count = 0; count < 3; count += 1) await envelope.decrypt(message, CONTEXT);
    expect(plane.calls.decrypt).toBe(3);

    plane.entries = [stopped({ version: 7, state: 'revoked' })];
    now += 10_000;
    for (let count = 0; count < 3; count += 1) await envelope.decrypt(message, CONTEXT);
    expect(plane.calls.decrypt).toBe(4);
  });

  it('forgets at once when it is told', async () => {
    const envelope = client();
    const message = await envelope.encrypt(TEXT, CONTEXT);
    await envelope.decrypt(message, CONTEXT);
    plane.entries = [stopped()];
    envelope.purge();

    await expect(envelope.decrypt(message, CONTEXT)).rejects.toBeInstanceOf(KeyStoppedError);
  });

  it('goes on without the list for as long as the last one holds, then keeps nothing', async () => {
    const envelope = client();
    const message = await envelope.encrypt(TEXT, CONTEXT);
    await envelope.decrypt(message, CONTEXT);
    plane.isListDown = true;
    now += 290_000;
    await envelope.decrypt(message, CONTEXT);
    expect(plane.calls.decrypt).toBe(1);

    now += 11_000;
    for (let count = 0; count < 2; count += 1) await envelope.decrypt(message, CONTEXT);
    expect(plane.calls.decrypt).toBe(3);
  });

  it('says why nothing is kept, and goes on whatever is made of it', async () => {
    plane.isListDown = true;
    const told = vi.fn(() => {
      throw new Error('the log is full');
    });

    await client({ onListFailure: told }).encrypt(TEXT, CONTEXT);

    expect(told).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ message: 'out of reach' }),
    );
  });

  it('says why a list is not believed', async () => {
    plane.replayed = { ...plane.list(), signature: '' };
    const told = vi.fn();

    await client({ onListFailure: told }).encrypt(TEXT, CONTEXT);

    expect(told).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({
        name: 'StatusListError',
        message: 'the list is not used: its signature does not hold',
      }),
    );
  });

  it('believes no older list than it has seen', async () => {
    const envelope = client();
    plane.entries = [stopped()];
    await expect(envelope.encrypt(TEXT, CONTEXT)).rejects.toBeInstanceOf(KeyStoppedError);
    plane.entries = [];
    now -= 60_000;
    const old = plane.list();
    now += 70_000;
    plane.replayed = old;

    await expect(envelope.encrypt(TEXT, CONTEXT)).rejects.toBeInstanceOf(KeyStoppedError);
  });
});
