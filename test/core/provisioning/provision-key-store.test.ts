// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryClock } from '#adapters/memory/clock.ts';
import { MemoryLedger } from '#adapters/memory/ledger.ts';
import { verifyChain } from '#core/audit/chain.ts';
import { keyStoreStream } from '#core/provisioning/key-store-change.ts';
import {
  admitKeyStore,
  completeTask,
  recordProgress,
  requestTask,
  trustAnchorOf,
} from '#core/provisioning/provision-key-store.ts';
import { PERMIT } from '#test/support/world.ts';

const PEM = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----';

describe('provisioning a key store', () => {
  let ledger: MemoryLedger;
  let deps: { ledger: MemoryLedger; clock: MemoryClock };
  beforeEach(() => {
    ledger = new MemoryLedger();
    deps = { ledger, clock: new MemoryClock() };
  });
  const admit = (operationId = 'op_1', claim = { scope: operationId, bodyHash: 'body' }) =>
    admitKeyStore(deps, {
      name: 'main',
      operationId,
      requestedBy: 'usr_alice',
      decision: PERMIT,
      claim,
    });
  const progress = (patch = {}) =>
    recordProgress(deps, { operationId: 'op_1', keyStore: 'main', step: 'Connected', ...patch });
  const task = (kind: 'sign-certificate' | 'activate-cluster', sealedToken = 'sealed-1') =>
    requestTask(deps, {
      operationId: 'op_1',
      keyStore: 'main',
      kind,
      sealedToken,
      certificateRequest: kind === 'sign-certificate' ? 'csr' : null,
    });
  const complete = (patch = {}) =>
    completeTask(deps, {
      keyStore: 'main',
      id: 'sign-certificate-op_1',
      by: 'usr_alice',
      decision: PERMIT,
      signedCertificate: PEM,
      trustAnchor: PEM,
      ...patch,
    });

  it('is admitted once, and the same request answers the same operation', async () => {
    const claim = { scope: 'scope', bodyHash: 'body' };

    expect(await admit('op_1', claim)).toBe('op_1');
    expect(await admit('op_2', claim)).toBe('op_1');
    expect(await ledger.readKeyStore('main')).toMatchObject({
      state: 'running',
      operationId: 'op_1',
    });
  });

  it('is refused while another operation provisions it', async () => {
    await admit();

    await expect(admit('op_2')).rejects.toMatchObject({
      name: 'OperationInProgress',
      details: { operationId: 'op_1' },
    });
  });

  it('is refused when it is provisioned already', async () => {
    await admit();
    await progress({ outcome: 'done', keyStoreId: 'cks-1' });

    await expect(admit('op_2')).rejects.toMatchObject({ name: 'KeyAlreadyExists' });
  });

  it('may be asked for again after it stopped', async () => {
    await admit();
    await progress({ step: 'Stopped', outcome: 'parked', cause: 'X: y' });
    await admit('op_2');

    expect(await ledger.readKeyStore('main')).toMatchObject({
      state: 'running',
      operationId: 'op_2',
      cause: null,
      endedAt: null,
    });
  });

  it('keeps the cluster of an attempt that stopped', async () => {
    await admit();
    await progress({ step: 'CreateCluster', clusterId: 'cluster-1' });
    await progress({ step: 'Stopped', outcome: 'parked', cause: 'X: y' });
    await admit('op_2');

    expect(await ledger.readKeyStore('main')).toMatchObject({ clusterId: 'cluster-1' });
  });

  it('keeps what each step found out', async () => {
    await admit();
    await progress({ step: 'CreateCluster', clusterId: 'cluster-1' });
    await progress({ outcome: 'done', keyStoreId: 'cks-1' });

    expect(await ledger.readKeyStore('main')).toMatchObject({
      state: 'done',
      clusterId: 'cluster-1',
      keyStoreId: 'cks-1',
      endedAt: '2026-01-01T00:00:00.000Z',
    });
  });

  it('records the end once', async () => {
    await admit();
    await progress({ outcome: 'done', keyStoreId: 'cks-1' });
    const before = await ledger.readKeyStore('main');
    await progress({ outcome: 'done', keyStoreId: 'cks-1' });

    expect(await ledger.readKeyStore('main')).toEqual(before);
  });

  it('takes nothing from an operation that was replaced', async () => {
    await admit();
    await progress({ step: 'Stopped', outcome: 'parked' });
    await admit('op_2');

    await expect(progress()).rejects.toMatchObject({ name: 'LeaseLost' });
    await expect(task('activate-cluster')).rejects.toMatchObject({ name: 'LeaseLost' });
  });

  it('opens a task for the administrator, with the sealed token', async () => {
    await admit();
    await task('sign-certificate');

    expect(await ledger.readTasks('main')).toEqual([
      expect.objectContaining({
        id: 'sign-certificate-op_1',
        state: 'open',
        sealedToken: 'sealed-1',
        certificateRequest: 'csr',
      }),
    ]);
  });

  it('replaces the token when the state is tried again', async () => {
    await admit();
    await task('sign-certificate');
    await task('sign-certificate', 'sealed-2');

    const tasks = await ledger.readTasks('main');
    expect(tasks.map((open) => open.sealedToken)).toEqual(['sealed-2']);
  });

  it('keeps a task that is done, with its answer, when the state is tried again', async () => {
    await admit();
    await task('sign-certificate');
    const done = await complete();
    const before = await ledger.readKeyStore('main');

    expect(await task('sign-certificate', 'sealed-2')).toEqual(done);
    expect(await ledger.readTasks('main')).toEqual([done]);
    expect(await ledger.readKeyStore('main')).toEqual(before);
  });

  it('asks anew in the next attempt, and takes the trust anchor given last', async () => {
    await admit();
    await task('sign-certificate');
    await complete();
    await progress({ step: 'Stopped', outcome: 'parked' });
    await admit('op_2');
    deps.clock.advance(60);
    const request = { keyStore: 'main', sealedToken: 'sealed-2', certificateRequest: 'csr-2' };
    const opened = await requestTask(deps, {
      operationId: 'op_2',
      kind: 'sign-certificate',
      ...request,
    });

    expect(opened.state).toBe('open');
    expect(trustAnchorOf(await ledger.readTasks('main'))).toBe(PEM);
    await complete({ id: 'sign-certificate-op_2', trustAnchor: `${PEM}2` });
    expect(trustAnchorOf(await ledger.readTasks('main'))).toBe(`${PEM}2`);
    expect(trustAnchorOf((await ledger.readTasks('main')).toReversed())).toBe(`${PEM}2`);
  });

  it('has no trust anchor before one was given', () => {
    expect(() => trustAnchorOf([])).toThrow(expect.objectContaining({ name: 'TaskNotFound' }));
  });

  it('takes the certificates of a signed request, and gives back the token to resume with', async () => {
    await admit();
    await task('sign-certificate');

    expect(await complete()).toMatchObject({
      state: 'done',
      sealedToken: 'sealed-1',
      signedCertificate: PEM,
      trustAnchor: PEM,
      completedBy: 'usr_alice',
    });
  });

  it.each([
    ['no certificate', { signedCertificate: null }, '/signedCertificate'],
    ['no trust anchor', { trustAnchor: null }, '/trustAnchor'],
    ['something else than a certificate', { signedCertificate: 'x' }, '/signedCertificate'],
  ])('refuses %s and leaves the task open', async (_what, patch, pointer) => {
    await admit();
    await task('sign-certificate');

    await expect(complete(patch)).rejects.toMatchObject({
      name: 'ValidationFailed',
      fields: [{ pointer, detail: 'must be a PEM certificate' }],
    });
    expect(await ledger.readTasks('main')).toEqual([expect.objectContaining({ state: 'open' })]);
  });

  it('answers a repeated report with the task as it was done', async () => {
    await admit();
    await task('sign-certificate');
    const first = await complete();

    expect(await complete({ by: 'usr_mallory', signedCertificate: `${PEM}2` })).toEqual(first);
  });

  it('needs no certificates for the activation', async () => {
    await admit();
    await task('activate-cluster');
    const done = await complete({
      id: 'activate-cluster-op_1',
      signedCertificate: null,
      trustAnchor: null,
    });

    expect(done.state).toBe('done');
  });

  it('knows neither other key stores nor other tasks', async () => {
    await expect(complete()).rejects.toMatchObject({ name: 'KeyStoreNotFound' });
    await admit();
    await expect(complete()).rejects.toMatchObject({ name: 'TaskNotFound' });
  });

  it('leaves an audit chain that holds and has no token in it', async () => {
    await admit();
    await task('sign-certificate', 'sealed-canary');
    await complete();
    await progress({ outcome: 'done', keyStoreId: 'cks-1' });

    const stream = keyStoreStream('main');
    const { records, head } = await ledger.readAudit(stream, 0, 100);
    expect(verifyChain(stream, records, head)).toBeNull();
    expect(records.map((record) => record.action)).toEqual([
      'key-store.admitted',
      'task.opened',
      'task.completed',
      'key-store.done',
    ]);
    expect(JSON.stringify(records)).not.toContain('sealed-canary');
  });
});
