// SPDX-License-Identifier: Apache-2.0
// A recovery, look by look: what it makes, whom it asks, what it survives, and what it says of the keys afterwards.
import { beforeEach, describe, expect, it } from 'vitest';
import { actOf } from '#core/approvals/acts/all.ts';
import { verifyChain } from '#core/audit/chain.ts';
import type { RecoveryKind } from '#core/contract/recoveries.ts';
import { KeyturnError } from '#core/errors.ts';
import { executeApproved } from '#core/operations/execute-approved.ts';
import { mutateKey } from '#core/operations/mutate-key.ts';
import type { CryptoUser } from '#core/ports/key-vault.ts';
import { completeTask, requestTask } from '#core/provisioning/provision-key-store.ts';
import { parkRecovery, readRecovery, resumeRecovery } from '#core/recovery/key-store-recovery.ts';
import { recoverKeyStore } from '#core/recovery/recover-key-store.ts';
import { surveyKeys } from '#core/recovery/survey-keys.ts';
import { approvalOf, ask, vote } from '#test/support/approvals.ts';
import { MemoryRecoverySite } from '#test/support/recovery-site.ts';
import { begin, ROTATION_STEPS, runSteps, withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, KEY_STORE, ORDERS, PERMIT, type World } from '#test/support/world.ts';

let world: World;
let site: MemoryRecoverySite;
beforeEach(async () => {
  world = await aWorld();
  site = new MemoryRecoverySite();
  const at = '2020-01-01T00:00:00.000Z';
  site.backups = [
    { id: 'backup-old', clusterId: 'cluster-source', at },
    { id: 'backup-new', clusterId: 'cluster-source', at: world.clock.now() },
    { id: 'backup-foreign', clusterId: 'cluster-other', at: '2099-01-01T00:00:00.000Z' },
  ];
});

const deps = () => ({ ...world.deps, site, zones: ['a', 'b'], patienceSeconds: 600 });
const at = (operationId: string, attempt = 1) => ({ keyStore: KEY_STORE, operationId, attempt });
const show = (id: string) => readRecovery(world.ledger, KEY_STORE, id);

/** Asks and has three custodians agree. @returns the id of the recovery */
async function begun(kind: RecoveryKind, backupId: string | null = null): Promise<string> {
  const parameters = { keyStore: KEY_STORE, kind, backupId };
  const action = kind === 'key-store.disconnect' ? kind : 'key-store.recover';
  const approval = await ask(world, action, { parameters });
  for (const user of ['bob', 'carol', 'dan']) await vote(world, approval, user);
  const { state, executedAs } = await executeApproved(world.deps, actOf, approval.id);
  expect(state).toBe('executed');
  return executedAs ?? '';
}

async function doTask(operationId: string, round: number): Promise<void> {
  const kind = 'reset-kmsuser' as const;
  const request = { operationId, keyStore: KEY_STORE, kind, sealedToken: 's', round };
  const { id } = await requestTask(world.deps, { ...request, certificateRequest: null });
  const none = { signedCertificate: null, trustAnchor: null };
  const done = { keyStore: KEY_STORE, id, by: ALICE.id, decision: PERMIT, ...none };
  await completeTask(world.deps, done);
}

interface Play {
  readonly attempt?: number;
  readonly onAsk?: () => void;
  readonly crypto?: CryptoUser;
}

/** Plays the workflow to its end. @returns how often the administrator was asked */
async function play(id: string, { attempt = 1, onAsk = () => {}, crypto }: Play = {}) {
  const surveying = crypto ? { ...world.deps, crypto } : world.deps;
  for (let looks = 0, asked = 0; looks < 200; looks += 1) {
    world.clock.advance(1);
    const { next, round } = await recoverKeyStore(deps(), at(id, attempt));
    if (next === 'done') return asked;
    if (next === 'survey') while (!(await surveyKeys(surveying, at(id, attempt))).isDone);
    if (next !== 'ask-admin') continue;
    asked += 1;
    await doTask(id, round);
    onAsk();
  }
  throw new Error('the recovery does not end');
}

describe('a restore', () => {
  it('makes a cluster of the newest backup of this key store, and moves the key store to it', async () => {
    const id = await begun('key-store.restore');
    expect(await play(id)).toBe(1);

    const done = await show(id);
    expect(done).toMatchObject({
      state: 'done',
      backupId: 'backup-new',
      clusterId: 'cluster-1',
      sourceClusterId: 'cluster-source',
      diagnosis: { connectionError: 'CLUSTER_NOT_FOUND', clusterState: null },
    });
    expect(done.phases.every(({ endedAt }) => endedAt !== null)).toBe(true);
    expect(site.clusters.get('cluster-1')?.hsms.map(({ zone }) => zone)).toEqual(['a', 'b']);
    expect(site.link).toMatchObject({ state: 'CONNECTED', clusterId: 'cluster-1' });
    expect(await world.ledger.readKeyStore(KEY_STORE)).toMatchObject({
      state: 'done',
      clusterId: 'cluster-1',
    });
    const stream = `key-store/${KEY_STORE}`;
    const { records, head } = await world.ledger.readAudit(stream, 0, 1000);
    expect(verifyChain(stream, records, head)).toBeNull();
    expect(records.at(-1)?.action).toBe('recovery.completed');
  });

  it('takes the backup that was agreed on, and none of another key store', async () => {
    const id = await begun('key-store.restore', 'backup-old');
    await play(id);
    expect((await show(id)).backupId).toBe('backup-old');

    const foreign = await begun('key-store.restore', 'backup-foreign');
    await expect(recoverKeyStore(deps(), at(foreign))).rejects.toMatchObject({
      code: 'KeyStoreUnavailable',
    });
    expect(site.made).toHaveLength(1);
  });

  it('takes no backup of a cluster that was left, unless it is older than that and there is no other', async () => {
    await play(await begun('key-store.restore'));
    // Somebody deletes the old cluster, and CloudHSM backs it up once more.
    world.clock.advance(60);
    const last = { id: 'backup-last', clusterId: 'cluster-source', at: world.clock.now() };
    site.backups.push(last);
    const second = await begun('key-store.restore');
    await play(second);
    expect((await show(second)).backupId).toBe('backup-new');

    const own = { id: 'backup-own', clusterId: 'cluster-2', at: '2020-01-01T00:00:00.000Z' };
    site.backups.push(own);
    const third = await begun('key-store.restore');
    await play(third);
    expect((await show(third)).backupId).toBe('backup-own');
  });

  it('makes an HSM anew that is lost while the administrator has the task', async () => {
    const id = await begun('key-store.restore');
    await play(id, { onAsk: () => site.loseHsm('cluster-1', 'a') });

    expect((await show(id)).phases.map(({ name }) => name)).toContain('survey');
    expect(
      site.clusters
        .get('cluster-1')
        ?.hsms.map(({ zone }) => zone)
        .sort(),
    ).toEqual(['a', 'b']);
  });

  it('finds the cluster of a try whose record was lost, instead of paying for another', async () => {
    const id = await begun('key-store.restore');
    await recoverKeyStore(deps(), at(id));
    await site.createCluster('backup-new', id);
    await play(id);

    expect(site.made).toEqual(['cluster-1']);
    expect((await show(id)).clusterId).toBe('cluster-1');
  });

  it('parks when nothing goes on, and a resumed attempt alone goes on with the same cluster', async () => {
    const id = await begun('key-store.restore');
    await recoverKeyStore(deps(), at(id));
    await recoverKeyStore(deps(), at(id));
    const made = site.clusters.get('cluster-1');
    if (made) made.state = 'CREATE_IN_PROGRESS';
    world.clock.advance(601);
    await expect(recoverKeyStore(deps(), at(id))).rejects.toMatchObject({
      code: 'KeyStoreUnavailable',
    });
    await parkRecovery(world.deps, at(id), 'took too long');
    expect(await world.ledger.readKeyStore(KEY_STORE)).toMatchObject({ state: 'done' });

    const by = { keyStore: KEY_STORE, id, by: ALICE.id, decision: PERMIT };
    expect(await resumeRecovery(world.deps, by)).toMatchObject({ attempt: 2, state: 'running' });
    await expect(recoverKeyStore(deps(), at(id, 1))).rejects.toMatchObject({ code: 'LeaseLost' });
    await play(id, { attempt: 2 });
    expect(site.made).toEqual(['cluster-1']);
    await expect(resumeRecovery(world.deps, by)).rejects.toMatchObject({
      code: 'TransitionForbidden',
    });
  });
});

describe('a reconnection', () => {
  const source = (hsms: string[]) =>
    site.clusters.set('cluster-source', {
      state: 'ACTIVE',
      hsms: hsms.map((zone) => ({ zone, state: 'ACTIVE' })),
    });

  it('adds the HSM that is missing and connects, without anybody’s password', async () => {
    source(['a']);
    site.link = { ...site.link, error: 'INSUFFICIENT_CLOUDHSM_HSMS' };
    const id = await begun('key-store.reconnect');
    expect(await play(id)).toBe(0);

    expect(site.clusters.get('cluster-source')?.hsms).toHaveLength(2);
    expect(site.link).toMatchObject({ state: 'CONNECTED', clusterId: 'cluster-source' });
    expect((await show(id)).diagnosis).toMatchObject({ activeHsms: 1, connectionState: 'FAILED' });
  });

  it('asks the administrator again when the password was another, and stops after the third time', async () => {
    source(['a', 'b']);
    site.link = { ...site.link, error: 'USER_LOCKED_OUT' };
    site.failures.push('INVALID_CREDENTIALS');
    const id = await begun('key-store.reconnect');
    expect(await play(id)).toBe(2);

    site.link = { ...site.link, state: 'FAILED', error: 'USER_LOCKED_OUT' };
    site.failures.push(...Array(3).fill('INVALID_CREDENTIALS'));
    await expect(play(await begun('key-store.reconnect'))).rejects.toThrow(/INVALID_CREDENTIALS/);
  });

  it('says that a cluster which is gone must be restored', async () => {
    const id = await begun('key-store.reconnect');
    await expect(recoverKeyStore(deps(), at(id))).rejects.toThrow(/key-store\.restore/);
  });
});

describe('the kill switch', () => {
  const inUse = () => {
    site.clusters.set('cluster-source', {
      state: 'ACTIVE',
      hsms: ['a', 'b'].map((zone) => ({ zone, state: 'ACTIVE' })),
    });
    site.link = { ...site.link, state: 'CONNECTED', error: null };
  };

  it('disconnects the key store, and nothing else; a reconnection is the way back', async () => {
    inUse();
    const id = await begun('key-store.disconnect');
    expect(await play(id)).toBe(0);

    expect(site.link.state).toBe('DISCONNECTED');
    expect(site.made).toEqual([]);
    const recovery = await show(id);
    expect(recovery).toMatchObject({ state: 'done', phase: 'done' });
    expect(recovery.phases.map(({ name }) => name)).toEqual(['diagnose', 'disconnect']);
    expect(await world.ledger.readKeyStore(KEY_STORE)).toMatchObject({
      state: 'done',
      step: 'Disconnected',
      clusterId: 'cluster-source',
    });

    expect(await play(await begun('key-store.reconnect'))).toBe(0);
    expect(site.link.state).toBe('CONNECTED');
  });

  it('works on a key store whose cluster is gone, and on one that is disconnected already', async () => {
    expect(await play(await begun('key-store.disconnect'))).toBe(0);
    expect(site.link.state).toBe('DISCONNECTED');
    expect(await play(await begun('key-store.disconnect'))).toBe(0);
  });

  it('needs the signatures of three custodians, who see what it stops', async () => {
    const parameters = { keyStore: KEY_STORE, kind: 'key-store.disconnect', backupId: null };
    expect(await ask(world, 'key-store.disconnect', { parameters })).toMatchObject({
      rule: { signed: true, required: 3 },
      what: `Disconnect key store ${KEY_STORE}: no key of it encrypts or decrypts, for anybody, until it is connected again`,
      blast: { undo: 'keyturn recovery start key-store.reconnect' },
    });
  });
});

describe('one recovery at a time', () => {
  it('refuses a second while one runs, and what was approved before it', async () => {
    const parameters = { keyStore: KEY_STORE, kind: 'key-store.restore', backupId: null };
    const other = await ask(world, 'key-store.recover', { parameters });
    const id = await begun('key-store.restore');

    await expect(ask(world, 'key-store.recover', { parameters })).rejects.toMatchObject({
      code: 'OperationInProgress',
      details: { operationId: id },
    });
    await play(id);
    for (const user of ['bob', 'carol', 'dan']) await vote(world, other, user);
    await executeApproved(world.deps, actOf, other.id);
    expect(await approvalOf(world, other.id)).toMatchObject({ state: 'lapsed' });
    expect(await world.ledger.readRecoveries(KEY_STORE)).toHaveLength(1);
  });

  it('uses its approval up once, and starts the same execution when it is asked again', async () => {
    const parameters = { keyStore: KEY_STORE, kind: 'key-store.restore', backupId: null };
    const approval = await ask(world, 'key-store.recover', { parameters });
    for (const user of ['bob', 'carol']) await vote(world, approval, user);
    await executeApproved(world.deps, actOf, approval.id);
    expect(await world.ledger.readRecoveries(KEY_STORE)).toEqual([]);
    await vote(world, approval, 'dan');
    for (let times = 0; times < 2; times += 1)
      await executeApproved(world.deps, actOf, approval.id);

    const started = world.workflows.started.filter(({ kind }) => kind === 'recover-key-store');
    expect(new Set(started.map(({ operationId }) => operationId)).size).toBe(1);
    expect(await world.ledger.readRecoveries(KEY_STORE)).toHaveLength(1);
  });
});

describe('the survey after a restore', () => {
  /** A decryption of a key whose material is not there. */
  const decrypt = async () => {
    throw new KeyturnError('DependencyUnavailable', 'KMS failed internally');
  };

  it('opens what every version wrote before it was verified, retired ones too', async () => {
    await withActiveKey(world);
    await world.admitRotation();
    await runSteps(world, await begin(world), ROTATION_STEPS);
    const id = await begun('key-store.restore');
    await play(id);

    expect((await show(id)).survey).toMatchObject({ checked: 2, readable: 2, missingCount: 0 });
  });

  it('names what does not open, and whether it came after the backup', async () => {
    await withActiveKey(world);
    const id = await begun('key-store.restore', 'backup-old');
    await play(id, { crypto: { ...world.deps.crypto, decrypt } });

    const { keyId, createdAt } = await world.version(1);
    const why = 'KMS failed internally';
    const lost = { key: ORDERS.name, version: 1, keyId, createdAt, isAfterBackup: true, why };
    expect((await show(id)).survey).toMatchObject({
      readable: 0,
      missingCount: 1,
      missing: [lost],
    });
  });

  it.each(['AccessDenied', 'KeyNotUsable'] as const)(
    'says nothing of a version that may not be used now: %s',
    async (code) => {
      await withActiveKey(world);
      const id = await begun('key-store.restore');
      const refused = async () => {
        throw new KeyturnError(code, 'disabled');
      };
      await play(id, { crypto: { ...world.deps.crypto, decrypt: refused } });

      expect((await show(id)).survey).toMatchObject({ checked: 1, unverified: 1, missingCount: 0 });
    },
  );

  it('looks at all keys again when the connection was lost meanwhile', async () => {
    await withActiveKey(world);
    const id = await begun('key-store.restore');
    let tries = 0;
    const decrypt = async (...args: Parameters<CryptoUser['decrypt']>) => {
      tries += 1;
      // As often as one version is tried.
      if (tries > 3) return world.deps.crypto.decrypt(...args);
      site.link = { ...site.link, state: 'DISCONNECTED' };
      throw new KeyturnError('KeyStoreUnavailable', 'not connected');
    };
    await play(id, { crypto: { ...world.deps.crypto, decrypt } });

    const { survey, phases } = await show(id);
    expect(survey).toMatchObject({ checked: 1, readable: 1, missingCount: 0, missing: [] });
    expect(phases.filter(({ name }) => name === 'survey')).toHaveLength(2);
  });

  it('names versions that were destroyed after the backup: they are in the HSMs again', async () => {
    await withActiveKey(world);
    const version = await world.version(1);
    await mutateKey(world.ledger, ORDERS.name, () => ({
      draft: {
        versions: [{ ...version, state: 'destroyed' as const }],
        audit: {
          at: world.clock.now(),
          actor: 'test',
          action: 'version.destroyed',
          decision: PERMIT,
          operationId: null,
          detail: {},
        },
      },
      result: null,
    }));
    const late = { id: 'backup-late', clusterId: 'cluster-source', at: world.clock.now() };
    site.backups.push(late);
    const id = await begun('key-store.restore', 'backup-late');
    await play(id);

    const { keyId } = version;
    expect((await show(id)).survey).toMatchObject({
      checked: 0,
      resurrected: [{ key: ORDERS.name, version: 1, keyId }],
    });
    // Nothing of it is taken up.
    expect((await world.version(1)).state).toBe('destroyed');
  });
});
