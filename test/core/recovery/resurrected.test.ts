// SPDX-License-Identifier: Apache-2.0
// What was destroyed comes back with a restore: its destruction goes back to where the HSMs have it, a task asks for its
// deletion, and a listing without it ends both. Nothing of it is ever used again.
import { beforeEach, describe, expect, it } from 'vitest';
import { actOf } from '#core/approvals/acts/all.ts';
import { executeApproved } from '#core/operations/execute-approved.ts';
import { reportMaterial } from '#core/operations/stop-destruction.ts';
import { completeTask, requestTask } from '#core/provisioning/provision-key-store.ts';
import { readRecovery } from '#core/recovery/key-store-recovery.ts';
import { recoverKeyStore } from '#core/recovery/recover-key-store.ts';
import { type Listing, takeDeletionReport } from '#core/recovery/resurrected.ts';
import { surveyKeys } from '#core/recovery/survey-keys.ts';
import { ask, vote } from '#test/support/approvals.ts';
import { begunWorld, drive, recordOf, V1 } from '#test/support/destruction.ts';
import { MemoryRecoverySite } from '#test/support/recovery-site.ts';
import { ALICE, KEY_STORE, PERMIT, type World } from '#test/support/world.ts';

const DAY = 86_400;
const WITHOUT: Listing = { listingDigest: 'cd'.repeat(32), objectsListed: 5, objectsFound: 0 };
const BY = { by: ALICE.id, decision: PERMIT, backupRetentionDays: 90 };

let world: World;
let site: MemoryRecoverySite;
beforeEach(async () => {
  site = new MemoryRecoverySite();
  world = await begunWorld();
});

const backUp = (id: string, clusterId = 'cluster-source') =>
  site.backups.push({ id, clusterId, at: world.clock.now() });

/** Gone from KMS. */
async function gone(): Promise<void> {
  await drive(world);
  world.clock.advance(5);
  await drive(world);
  world.clock.advance(7 * DAY);
  await drive(world);
}

/** Gone from the HSMs, too, and certified so. */
async function goneFromHsms(): Promise<void> {
  await gone();
  world.clock.advance(1);
  await reportMaterial(world.deps, { ...V1, ...BY, ...WITHOUT, clusterId: 'cluster-source' });
  await drive(world);
  world.clock.advance(1);
}

/** Restores a backup to the end. @returns the id of the recovery */
async function restored(backupId: string | null = null): Promise<string> {
  const parameters = { keyStore: KEY_STORE, kind: 'key-store.restore', backupId };
  const approval = await ask(world, 'key-store.recover', { parameters });
  for (const user of ['bob', 'carol', 'dan']) await vote(world, approval, user);
  const { executedAs } = await executeApproved(world.deps, actOf, approval.id);
  const operationId = executedAs ?? '';
  const at = { keyStore: KEY_STORE, operationId, attempt: 1 };
  const deps = { ...world.deps, site, zones: ['a'], patienceSeconds: 600 };
  for (let looks = 0; looks < 100; looks += 1) {
    world.clock.advance(1);
    const { next, round } = await recoverKeyStore(deps, at);
    if (next === 'done') return operationId;
    if (next === 'survey') while (!(await surveyKeys(world.deps, at)).isDone);
    if (next !== 'ask-admin') continue;
    const asked = { operationId, keyStore: KEY_STORE, kind: 'reset-kmsuser' as const, round };
    const none = { signedCertificate: null, trustAnchor: null };
    const { id } = await requestTask(world.deps, {
      ...asked,
      sealedToken: 's',
      certificateRequest: null,
    });
    await completeTask(world.deps, { keyStore: KEY_STORE, id, ...BY, ...none });
  }
  throw new Error('the recovery does not end');
}

const taskOf = async (id: string) =>
  (await world.ledger.readTasks(KEY_STORE)).find((one) => one.id === `delete-objects-${id}`);
const report = (id: string, listing: Listing | null) =>
  takeDeletionReport(world.deps, {
    keyStore: KEY_STORE,
    id: `delete-objects-${id}`,
    listing,
    ...BY,
  });
const certificate = async () => {
  const [, payload = ''] = ((await recordOf(world)).certificate?.jws ?? '').split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString());
};

describe('a destruction whose material a restore brought back', () => {
  it('is back where the HSMs have it, says so in a new certificate, and ends by a listing', async () => {
    backUp('backup-before');
    await goneFromHsms();
    expect(await recordOf(world)).toMatchObject({ phase: 'material' });
    const { keyId, keyArn } = await world.version(1);
    const id = await restored('backup-before');

    const back = await recordOf(world);
    expect(back).toMatchObject({
      phase: 'logical',
      materialAt: null,
      materialReport: null,
      backupsUntil: null,
      certificate: null,
      resurrected: { recovery: id, clusterId: 'cluster-1', leftClusterId: 'cluster-source' },
    });
    expect(await world.version(1)).toMatchObject({ state: 'destroyed', substate: 'logical' });
    expect((await readRecovery(world.ledger, KEY_STORE, id)).survey).toMatchObject({
      resurrectedCount: 1,
      resurrected: [{ key: 'orders', version: 1, keyId, keyArn }],
    });
    expect(await world.actions()).toContain('destruction.resurrected');
    expect(await drive(world)).toEqual(['certify']);
    expect(await certificate()).toMatchObject({
      phase: 'logical',
      material: { at: null, report: null },
      resurrected: { recovery: id, clusterId: 'cluster-1' },
    });

    const objects = [keyArn];
    expect(await taskOf(id)).toMatchObject({ state: 'open', clusterId: 'cluster-1', objects });
    await report(id, WITHOUT);
    const done = { keyStore: KEY_STORE, id: `delete-objects-${id}`, ...BY };
    await completeTask(world.deps, { ...done, signedCertificate: null, trustAnchor: null });
    expect(await taskOf(id)).toMatchObject({ state: 'done', completedBy: ALICE.id });
    expect(await recordOf(world)).toMatchObject({
      phase: 'material',
      materialReport: { clusterId: 'cluster-1', objectsListed: 5 },
      resurrected: { recovery: id },
    });
    expect(await drive(world)).toEqual(['certify']);
    // The retention of backups begins anew: those of the new cluster may have it.
    world.clock.advance(97 * DAY);
    expect(await drive(world)).toEqual(['verify', 'certify']);
    expect(await recordOf(world)).toMatchObject({ phase: 'final' });
    expect(await certificate()).toMatchObject({ phase: 'final', resurrected: { recovery: id } });
  });

  it('is taken back from final, too: a backup that was kept for ever', async () => {
    backUp('backup-kept');
    await goneFromHsms();
    world.clock.advance(97 * DAY);
    await drive(world);
    expect(await recordOf(world)).toMatchObject({ phase: 'final' });
    const id = await restored('backup-kept');

    expect(await recordOf(world)).toMatchObject({ phase: 'logical', finalAt: null });
    expect(await taskOf(id)).toMatchObject({ state: 'open' });
  });

  it('stays as it is when the backup is from behind the listing', async () => {
    await goneFromHsms();
    backUp('backup-behind');
    const before = await recordOf(world);
    const id = await restored();

    expect(await recordOf(world)).toEqual(before);
    expect(await taskOf(id)).toBeUndefined();
    const { survey } = await readRecovery(world.ledger, KEY_STORE, id);
    expect(survey).toMatchObject({ resurrectedCount: 0, resurrected: [] });
  });

  it('is looked for in the HSMs that have it: a listing of the cluster that was left is refused', async () => {
    await gone();
    backUp('backup-undeleted');
    await restored();
    const said = { ...V1, ...BY, ...WITHOUT };

    await expect(
      reportMaterial(world.deps, { ...said, clusterId: 'cluster-source' }),
    ).rejects.toThrow(/has left cluster-source/);
    expect(await reportMaterial(world.deps, { ...said, clusterId: 'cluster-1' })).toMatchObject({
      phase: 'material',
    });
  });
});

describe('the task of deleting what came back', () => {
  it('needs a listing, without any of its objects', async () => {
    backUp('backup-before');
    await goneFromHsms();
    const id = await restored();

    await expect(report(id, null)).rejects.toMatchObject({ code: 'ValidationFailed' });
    await expect(report(id, { ...WITHOUT, objectsFound: 1 })).rejects.toMatchObject({
      code: 'TransitionForbidden',
    });
    expect(await recordOf(world)).toMatchObject({ phase: 'logical' });
    await report(id, WITHOUT);
    // Sent again before the task was closed: nothing is left to be done.
    await report(id, WITHOUT);
    expect(await recordOf(world)).toMatchObject({ phase: 'material' });
  });

  it('is over with the next restore, which brings what was not deleted along', async () => {
    backUp('backup-before');
    await goneFromHsms();
    const first = await restored();
    world.clock.advance(1);
    backUp('backup-of-new', 'cluster-1');
    const second = await restored();

    expect(await taskOf(first)).toMatchObject({ state: 'done', completedBy: second });
    expect(await taskOf(second)).toMatchObject({ state: 'open', clusterId: 'cluster-2' });
    expect((await recordOf(world)).resurrected).toMatchObject({
      recovery: second,
      clusterId: 'cluster-2',
      leftClusterId: 'cluster-1',
    });
  });
});
