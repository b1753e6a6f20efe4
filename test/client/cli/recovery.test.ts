// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { example, startApi } from '../fake-api.ts';
import { keyturn, localStack, newFile } from '../run-cli.ts';

const PATH = '/v1/recoveries';
const ID = 'op_01JD2Q4Y8Z5V7K3M9N6P0R1S2T';
const ACCEPTED = {
  operationId: null,
  approvalId: 'apr_01JD2Q4Y8Z5V7K3M9N6P0R1S2T',
  digest: '3b'.repeat(32),
  expiresAt: '2026-11-23T10:00:00.000Z',
  reviewId: null,
};
const ARN = 'arn:aws:kms:eu-central-1:123456789012:key/3f2c5d1e-8a4b-4c6d-9e7f-0a1b2c3d4e5f';
const TASK = `delete-objects-${ID}`;
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

  it('says what came back, and where the task of deleting it is', async () => {
    const { survey } = example('Recovery') as { survey: object };
    const risen = [{ key: 'archive', version: 2, keyId: 'k', keyArn: ARN }];
    const recovery = example('Recovery', {
      survey: { ...survey, resurrected: risen, resurrectedCount: 1 },
      deletion: { task: TASK, state: 'open' },
    });
    const api = await startApi({ [`GET ${PATH}/${ID}`]: { body: recovery } });
    const { out } = await run(api.url, 'status', ID);

    expect(out).toContain('in the restored HSMs again, though destroyed: archive v2');
    expect(out).toContain(`task ${TASK} is open`);
    expect(out).toContain('next: keyturn key-store tasks keyturn-production');
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

describe('the task of deleting what came back', () => {
  const task = example('HsmAdminTask', {
    id: TASK,
    kind: 'delete-objects',
    state: 'open',
    objects: [ARN],
    certificateRequest: null,
  });
  const tasks = '/v1/key-stores/main/tasks';
  const serve = () =>
    startApi({
      [`GET ${tasks}`]: { body: { items: [task], nextCursor: null } },
      [`POST ${tasks}/${TASK}/completion`]: { body: { ...task, state: 'done' } },
    });

  it('shows the labels', async () => {
    const api = await serve();
    expect((await keyturn(['key-store', 'tasks', 'main'], around(api.url))).out).toContain(ARN);
  });

  it('is reported with the digest of a listing, judged by the labels of the task', async () => {
    const text = `other\n${ARN}\nthird\n`;
    const file = newFile('listing.txt', text);
    const api = await serve();
    const words = ['key-store', 'complete', 'main', TASK, '--hsm-listing', file];

    expect((await keyturn(words, around(api.url))).code).toBe(0);
    const sent = api.seen.find(({ method }) => method === 'POST');
    expect(JSON.parse(sent?.body ?? '')).toEqual({
      listing: {
        listingDigest: createHash('sha256').update(text).digest('hex'),
        objectsListed: 3,
        objectsFound: 1,
      },
    });
  });

  it.each([
    ['a task that is not there', 'delete-objects-op_none', newFile('b.txt', '')],
    ['a listing that is not there', TASK, '/nowhere/a.txt'],
  ])('sends nothing for %s', async (_what, id, file) => {
    const api = await serve();
    const words = ['key-store', 'complete', 'main', id, '--hsm-listing', file];

    expect((await keyturn(words, around(api.url))).code).toBe(2);
    expect(api.seen.filter(({ method }) => method === 'POST')).toEqual([]);
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
