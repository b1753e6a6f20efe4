// SPDX-License-Identifier: Apache-2.0
// Data keys wrapped at two sites, each a data plane with HSM keys of its own in memory: what opens when one is lost, and
// what does not open because one of them refuses.
import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  EnvelopeClient,
  type EnvelopeOptions,
  KeyStoppedError,
} from '#client/sdk/envelope/index.ts';
import { AnswerError, ArgumentError, ProblemError, UnreachableError } from '#client/sdk/index.ts';
import { DataPlane, type StatusEntry } from '#test/support/data-plane.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { aWorld } from '#test/support/world.ts';

const CONTEXT = { order: '4711' };
const TEXT = randomBytes(1000);
const STOPPED: StatusEntry = {
  key: 'orders',
  version: null,
  state: 'revoking',
  since: '2026-11-22T10:00:00.000Z',
  reason: 'key-compromise',
};

function problem(status: number, code: string): ProblemError {
  const body = { type: 'about:blank', title: code, status, detail: code, code, retryable: false };
  const answer = { text: '', requestId: null, retryAfterSeconds: null };
  return new ProblemError(body as ConstructorParameters<typeof ProblemError>[0], answer);
}
const unreachable = (code = 'ECONNREFUSED') =>
  new UnreachableError('https://api.test', Object.assign(new Error(code), { code }));

describe('an envelope client of two sites', () => {
  let now: number;
  let here: DataPlane;
  let there: DataPlane;

  beforeEach(async () => {
    now = 1_795_305_600_000;
    here = new DataPlane(await withActiveKey(await aWorld()), () => now);
    there = new DataPlane(await withActiveKey(await aWorld()), () => now);
  });

  const home = () => ({ client: here.client, key: 'orders', site: 'eu-west-1' });
  const away = () => ({ client: there.client, key: 'orders', site: 'eu-central-1' });
  const client = (options: Partial<EnvelopeOptions> = {}) =>
    new EnvelopeClient({ ...home(), others: [away()], now: () => now, ...options });
  const opened = async (envelope: EnvelopeClient, message: Uint8Array) =>
    Buffer.from(await envelope.decrypt(message, CONTEXT)).equals(TEXT);

  it('wraps each data key at both, and opens at the first', async () => {
    const message = await client().encrypt(TEXT, CONTEXT);

    expect(await opened(client(), message)).toBe(true);
    expect([here.calls, there.calls]).toMatchObject([
      { encrypt: 1, decrypt: 1 },
      { encrypt: 1, decrypt: 0 },
    ]);
  });

  it.each([
    ['nobody answers', unreachable()],
    ['it answers that it is broken', problem(503, 'ServiceUnavailable')],
    ['something else answers', new AnswerError('not the API')],
  ])('opens at the other when %s', async (_what, failure) => {
    const message = await client().encrypt(TEXT, CONTEXT);
    here.failure = failure;

    expect(await opened(client(), message)).toBe(true);
    expect(there.calls.decrypt).toBe(1);
  });

  it('opens by a client that knows the other site alone, and by none of a third', async () => {
    const message = await client().encrypt(TEXT, CONTEXT);
    const alone = new EnvelopeClient({ ...away(), now: () => now });
    const third = new EnvelopeClient({ ...away(), site: 'us-east-1', now: () => now });

    expect(await opened(alone, message)).toBe(true);
    await expect(third.decrypt(message, CONTEXT)).rejects.toThrow(/unencryptedDataKey/);
  });

  it('asks one that did not answer last, until half a minute has passed', async () => {
    const envelope = client();
    const message = await envelope.encrypt(TEXT, CONTEXT);
    here.failure = unreachable();
    // Behind the end of its list nothing is kept, so each message is asked for.
    now += 301_000;
    await envelope.decrypt(message, CONTEXT);
    await envelope.decrypt(message, CONTEXT);
    expect([here.calls.decrypt, there.calls.decrypt]).toEqual([1, 2]);

    here.failure = null;
    now += 30_000;
    await envelope.decrypt(message, CONTEXT);
    expect(here.calls.decrypt).toBe(2);
  });

  it('waits for one that is silent no longer than asked, while another can answer', async () => {
    const message = await client().encrypt(TEXT, CONTEXT);
    const silent = {
      ...here.client,
      decrypt: (_name: string, _body: unknown, options?: { signal?: AbortSignal }) =>
        new Promise((_resolve, reject) =>
          options?.signal?.addEventListener('abort', () => reject(options.signal?.reason)),
        ),
    } as EnvelopeOptions['client'];
    const envelope = client({ client: silent, patienceSeconds: 1 });

    expect(await opened(envelope, message)).toBe(true);
  });

  it.each([
    ['refuses', () => problem(409, 'KeyNotUsable')],
    ['is throttled', () => problem(429, 'Throttled')],
    ['is not the one that is trusted', () => unreachable('CERT_HAS_EXPIRED')],
  ])('does not go round a site that %s', async (_what, failure) => {
    const message = await client().encrypt(TEXT, CONTEXT);
    here.failure = failure();

    await expect(client().decrypt(message, CONTEXT)).rejects.toThrow(here.failure.message);
    expect(there.calls.decrypt).toBe(0);
  });

  it.each(['here', 'there'] as const)('ends when the key is stopped %s', async (where) => {
    const envelope = client();
    const message = await envelope.encrypt(TEXT, CONTEXT);
    (where === 'here' ? here : there).entries = [STOPPED];
    now += 10_000;

    await expect(envelope.decrypt(message, CONTEXT)).rejects.toBeInstanceOf(KeyStoppedError);
    await expect(envelope.encrypt(TEXT, CONTEXT)).rejects.toBeInstanceOf(KeyStoppedError);
  });

  it('writes nothing that only one could open', async () => {
    there.failure = unreachable();

    await expect(client().encrypt(TEXT, CONTEXT)).rejects.toBe(there.failure);
  });

  it('fails with what the last one said when none can be reached', async () => {
    const message = await client().encrypt(TEXT, CONTEXT);
    here.failure = unreachable();
    there.failure = problem(502, 'BadGateway');

    await expect(client().decrypt(message, CONTEXT)).rejects.toThrow('BadGateway');
  });

  it.each([
    ['no name', { site: undefined }],
    ['the name of another', { site: 'eu-central-1' }],
    ['a name that is none', { site: 'EU West' }],
  ])('refuses a site with %s', (_what, patch) => {
    const { site: _site, ...unnamed } = home();
    const named = patch.site === undefined ? unnamed : { ...unnamed, site: patch.site };
    expect(() => new EnvelopeClient({ ...named, others: [away()] })).toThrow(ArgumentError);
  });
});
