// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { example, startApi } from '../fake-api.ts';
import { keyturn, localStack } from '../run-cli.ts';

const PATH = '/v1/recoveries';
const ID = 'op_01JD2Q4Y8Z5V7K3M9N6P0R1S2T';
const ACCEPTED = {
  operationId: null,
  approvalId: 'apr_01JD2Q4Y8Z5V7K3M9N6P0R1S2T',
  digest: '3b'.repeat(32),
  expiresAt: '2026-11-23T10:00:00.000Z',
  reviewId: null,
};
const around = (url: string) => ({ stack: localStack(url), env: { KEYTURN_TOKEN: 't' } });
const run = (url: string, ...args: string[]) => keyturn(['recovery', ...args], around(url));

describe('recovery start', () => {
  it('asks for approvals, of a backup that is named, and says that it waits', async () => {
    const api = await startApi({ [`POST ${PATH}`]: { status: 202, body: ACCEPTED } });
    const more = ['--reason', 'emptied', '--backup', 'backup-aaaaaaaaaaa'];
    const ran = await run(api.url, 'start', 'key-store.restore', ...more);

    expect(ran).toMatchObject({ code: 8, out: `${ACCEPTED.approvalId}\n` });
    const sent = api.seen.find(({ method }) => method === 'POST');
    expect(JSON.parse(sent?.body ?? '')).toEqual({
      kind: 'key-store.restore',
      reason: 'emptied',
      backupId: 'backup-aaaaaaaaaaa',
    });
  });

  it('disconnects alone in an emergency, names the review and follows it to the end', async () => {
    const done = { operationId: ID, approvalId: null, digest: null, expiresAt: null };
    const accepted = { ...done, reviewId: ACCEPTED.approvalId };
    const alone = { kind: 'key-store.disconnect', approvalId: null, isReviewOpen: true };
    const api = await startApi({
      [`POST ${PATH}`]: { status: 202, body: accepted },
      [`GET ${PATH}/${ID}`]: { body: example('Recovery', alone) },
    });
    const args = ['start', 'key-store.disconnect', '--emergency', '--reason', 'hostile hands'];
    const json = await run(api.url, ...args, '--output', 'json');
    expect(json.code).toBe(0);
    expect(JSON.parse(json.out)).toEqual(accepted);
    const sent = api.seen.find(({ method }) => method === 'POST');
    expect(JSON.parse(sent?.body ?? '')).toEqual({
      kind: 'key-store.disconnect',
      reason: 'hostile hands',
      emergency: true,
    });

    const followed = await run(api.url, ...args, '--wait');
    expect(followed.code).toBe(0);
    expect(followed.err).toContain(ACCEPTED.approvalId);
    expect(followed.out).toMatch(/approved by +nobody: usr_alice acted alone/);
    expect(followed.out).toMatch(/review +open/);
  });

  it('needs a reason', async () => {
    const api = await startApi({});
    expect((await run(api.url, 'start', 'key-store.restore')).code).toBe(2);
    expect(api.seen).toEqual([]);
  });
});

describe('recovery status', () => {
  it('names what is missing and how long each phase took', async () => {
    const api = await startApi({ [`GET ${PATH}/${ID}`]: { body: example('Recovery') } });
    const ran = await run(api.url, 'status', ID);

    expect(ran.code).toBe(0);
    expect(ran.out).toMatch(/1 of 2 open, 1 missing/);
    expect(ran.out).toMatch(/orders v3 .*made after the backup/);
    expect(ran.out).toMatch(/diagnose .*1\.0 s/);
    const json = await run(api.url, 'status', ID, '--output', 'json');
    expect(JSON.parse(json.out)).toEqual(example('Recovery'));
  });

  it('fails for one that parked', async () => {
    const parked = example('Recovery', { state: 'parked', cause: 'no backup' });
    const api = await startApi({ [`GET ${PATH}/${ID}`]: { body: parked } });

    expect((await run(api.url, 'status', ID)).code).toBe(1);
    expect(await run(api.url, 'status', ID, '--wait')).toMatchObject({
      code: 1,
      out: expect.stringContaining('no backup'),
    });
  });
});

describe('recovery list and resume', () => {
  it('list shows all, resume goes on with one', async () => {
    const api = await startApi({
      [`GET ${PATH}`]: { body: { items: [example('Recovery')], nextCursor: null } },
      [`POST ${PATH}/${ID}/resumption`]: { body: example('Recovery') },
    });

    expect((await run(api.url, 'list')).out).toContain(ID);
    expect((await run(api.url, 'resume', ID)).code).toBe(0);
  });
});
