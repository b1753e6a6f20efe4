// SPDX-License-Identifier: Apache-2.0
// Destruction of a version: what speaks against it, its whole course, stopping at each point, and that nothing comes back.
import { describe, expect, it } from 'vitest';
import { destroyedBefore, destructionOf, withDestruction } from '#core/keys/destruction.ts';
import { resumeDestructions } from '#core/operations/advance-destruction.ts';
import { containKey } from '#core/operations/contain-key.ts';
import { placeHold } from '#core/operations/place-hold.ts';
import { recordKeyUse } from '#core/operations/record-key-use.ts';
import { removeVersion, restoreVersion } from '#core/operations/remove-version.ts';
import { liftTargets } from '#core/operations/resume-key.ts';
import { retireVersion } from '#core/operations/retire-version.ts';
import { reportMaterial, stopDestruction } from '#core/operations/stop-destruction.ts';
import { approvalOf, execute, vote } from '#test/support/approvals.ts';
import { suspended } from '#test/support/containment.ts';
import {
  approve,
  askDestruction,
  begunWorld,
  drive,
  readyWorld,
  recordOf,
  replacedWorld,
  V1,
  vaultState,
} from '#test/support/destruction.ts';
import { Simulation } from '#test/support/simulation.ts';
import { ALICE, CONSUMER, PERMIT, type World } from '#test/support/world.ts';

const HOLD = {
  key: 'orders',
  name: 'lawsuit',
  until: null,
  reason: 'evidence',
  by: ALICE.id,
  decision: PERMIT,
};
const CONTAIN = {
  key: 'orders',
  version: null,
  reason: 'odd use',
  occurredAt: null,
  isEmergency: false,
  by: ALICE.id,
  decision: PERMIT,
  claim: { scope: 'contain', bodyHash: 'body' },
};
const stop = (world: World) =>
  stopDestruction(world.deps, { ...V1, by: ALICE.id, reason: 'not yet', decision: PERMIT });
const REPORT = {
  ...V1,
  by: ALICE.id,
  decision: PERMIT,
  clusterId: 'cluster-1',
  listingDigest: 'ab'.repeat(32),
  objectsListed: 7,
  objectsFound: 0,
  backupRetentionDays: 90,
};
const use = async (
  world: World,
  outcome: 'allowed' | 'refused' = 'refused',
  at = world.clock.now(),
) =>
  recordKeyUse({ ledger: world.ledger, clock: world.clock, log: world.keyUses, ownRoles: [] }, [
    {
      keyId: (await world.version(1)).keyId ?? '',
      principal: CONSUMER,
      act: 'decrypt',
      outcome,
      at,
    },
  ]);
/** Over the quiet period: scheduled in KMS. */
async function pendingWorld() {
  const world = await begunWorld();
  await drive(world);
  world.clock.advance(5);
  await drive(world);
  return world;
}
/** Over the window: gone from KMS. */
async function goneWorld() {
  const world = await pendingWorld();
  world.clock.advance(7 * 86_400);
  await drive(world);
  return world;
}

describe('a request to destroy a version', () => {
  it('needs stored evidence, and signed votes of the quorum', async () => {
    await expect(askDestruction(await replacedWorld())).rejects.toThrow(/no-ciphertexts/);

    const world = await readyWorld();
    const approval = await askDestruction(world);
    expect(approval).toMatchObject({
      what: 'Destroy orders v1 for ever',
      rule: { name: 'what-cannot-be-undone', signed: true, required: 2 },
      blast: { irreversible: true, unreadable: null },
    });
    await expect(vote(world, approval, 'bob', { signature: null })).rejects.toMatchObject({
      code: 'SignatureRequired',
    });
    await vote(world, approval, 'bob');
    expect(await execute(world, approval)).toMatchObject({ state: 'pending' });
    expect((await world.version(1)).destruction).toBeUndefined();
  });

  it.each([
    ['the current version', 2, false, /active/],
    ['a version that is not there', 9, true, /no version 9/],
  ])('is refused for %s', async (_what, version, acceptLoss, message) => {
    await expect(askDestruction(await readyWorld(), acceptLoss, version)).rejects.toThrow(message);
  });

  it('is refused while a hold is there, even if the loss is accepted', async () => {
    const world = await readyWorld();
    await placeHold(world.deps, HOLD);
    await expect(askDestruction(world, true)).rejects.toThrow(/no-hold: held by lawsuit/);
  });

  it('says what is lost where people accept that', async () => {
    const world = await replacedWorld();
    const approval = await askDestruction(world, true);
    expect(approval.blast.unreadable).toBe('whatever lies in 1 uncounted source(s)');
    expect(approval.parameters).toMatchObject({ acceptLoss: true, accepted: 'no-ciphertexts' });
    expect(await approve(world, approval)).toMatchObject({ state: 'executed' });
    expect((await recordOf(world)).lossAccepted).toEqual(['no-ciphertexts']);
  });

  it.each([
    ['a hold', (world: World) => placeHold(world.deps, HOLD)],
    ['a use', (world: World) => use(world, 'allowed')],
  ])('lapses when %s came between the votes and the act', async (_what, meanwhile) => {
    const world = await readyWorld();
    const approval = await askDestruction(world);
    world.clock.advance(1);
    await vote(world, approval, 'bob');
    await vote(world, approval, 'carol');
    await meanwhile(world);
    expect(await execute(world, approval)).toMatchObject({ state: 'lapsed' });
    expect((await world.version(1)).destruction).toBeUndefined();
    expect(await vaultState(world)).toBe('enabled');
  });

  it('is executed once, and only once', async () => {
    const world = await begunWorld();
    const approval = await approvalOf(world, (await recordOf(world)).approvalId);
    await execute(world, approval);
    expect((await world.actions()).filter((action) => action === 'destruction.begun')).toHaveLength(
      1,
    );
    expect(world.workflows.started.at(-1)).toMatchObject({
      kind: 'destroy-key',
      operationId: approval.id.replace('apr_', 'des_'),
      input: V1,
    });
    await expect(askDestruction(world)).rejects.toThrow(/being destroyed already/);
    const again = { ...V1, by: ALICE.id, decision: PERMIT };
    expect(await retireVersion(world.deps, again)).toMatchObject({ isReady: false });
    expect(await world.version(1)).toMatchObject({ substate: 'quarantined' });
  });
});

describe('the course of a destruction', () => {
  it('is disabled, watched, scheduled, gone, reported, and final when backups have expired', async () => {
    const world = await begunWorld();
    expect(await world.version(1)).toMatchObject({ state: 'deactivated', substate: 'quarantined' });
    expect(await drive(world)).toEqual(['remove']);
    expect(await vaultState(world)).toBe('disabled');
    expect(await drive(world)).toEqual([]);

    world.clock.advance(5);
    expect(await drive(world)).toEqual(['remove']);
    expect(await vaultState(world)).toBe('pending-deletion');
    expect(await world.version(1)).toMatchObject({ substate: 'destroy-scheduled' });

    world.clock.advance(86_400);
    expect(await drive(world)).toEqual(['verify']);
    expect((await world.actions()).at(-1)).toBe('destruction.noticed');
    expect(await drive(world, true)).toEqual(['verify']);

    world.clock.advance(6 * 86_400);
    expect(await drive(world)).toEqual(['verify', 'certify']);
    expect(await world.version(1)).toMatchObject({ state: 'destroyed', substate: 'logical' });
    await reportMaterial(world.deps, REPORT);
    expect(await drive(world)).toEqual(['certify']);
    expect(await world.version(1)).toMatchObject({ substate: 'material' });

    const { backupsUntil, dueAt } = await recordOf(world);
    expect(dueAt).toBe(backupsUntil);
    world.clock.advance(97 * 86_400 - 1);
    expect(await drive(world)).toEqual([]);
    world.clock.advance(1);
    expect(await drive(world)).toEqual(['verify', 'certify']);
    const { phase, certificate } = await recordOf(world);
    const [, payload = ''] = (certificate?.jws ?? '').split('.');
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
      type: 'keyturn-destruction-certificate/1',
      phase: 'final',
      versions: [1],
      material: { report: { clusterId: 'cluster-1', objectsListed: 7 } },
      final: { backupsUntil },
    });
    expect(phase).toBe('final');
    expect(await drive(world)).toEqual([]);
  });

  it('is resumed by the sweep, once a minute and only when it is due', async () => {
    const world = await begunWorld();
    const count = () => world.workflows.started.filter(({ kind }) => kind === 'destroy-key').length;
    expect(count()).toBe(1);
    await resumeDestructions(world.deps);
    await resumeDestructions(world.deps);
    expect(count()).toBe(2);
    await drive(world);
    expect(await resumeDestructions(world.deps)).toBe(0);
  });

  it('does the same when each step is killed behind its effect', async () => {
    const world = await begunWorld();
    for (const call of ['disable', 'schedule'] as const) {
      let armed = true;
      world.onCall = ({ method, phase }) => {
        if (armed && method === call && phase === 'after') {
          armed = false;
          throw new Error('killed');
        }
      };
      await expect(drive(world)).rejects.toThrow('killed');
      world.onCall = () => {};
      expect(await drive(world)).toEqual(['remove']);
      world.clock.advance(5);
    }
    expect(await recordOf(world)).toMatchObject({ phase: 'pending' });
  });

  it('refuses a report of a listing that still has the key', async () => {
    const world = await goneWorld();
    await expect(reportMaterial(world.deps, { ...REPORT, objectsFound: 1 })).rejects.toThrow(
      /1 object\(s\)/,
    );
    expect(await recordOf(world)).toMatchObject({ phase: 'logical', materialAt: null });
  });

  it('never leaves destroyed, and is listed for whoever restores a backup', async () => {
    const world = await goneWorld();
    await expect(stop(world)).rejects.toMatchObject({ code: 'TransitionForbidden' });
    const snapshot = await world.snapshot();
    const { head, record } = destructionOf(snapshot, 1);
    expect(() => withDestruction(snapshot, head, { ...record, phase: 'stopped' })).toThrow(
      /cannot move from destroyed/,
    );
    expect(destroyedBefore(snapshot, world.clock.now())).toMatchObject([
      { version: 1, keyId: head.keyId },
    ]);
    expect(destroyedBefore(snapshot, '2000-01-01T00:00:00.000Z')).toEqual([]);
  });
});

describe('stopping a destruction', () => {
  it.each([
    ['before it is disabled', begunWorld],
    ['until the last second of its window', pendingWorld],
  ])('gives the key back %s', async (_when, make) => {
    const world = await make();
    const { deletionAt } = await recordOf(world);
    if (deletionAt)
      world.clock.advance((Date.parse(deletionAt) - Date.parse(world.clock.now())) / 1000 - 1);
    expect(await stop(world)).toMatchObject({ phase: 'stopping' });
    expect(await drive(world)).toEqual(['restore']);
    expect(await vaultState(world)).toBe('enabled');
    expect(await world.version(1)).toMatchObject({
      state: 'deactivated',
      substate: null,
      retirement: null,
    });
    expect(await stop(world)).toMatchObject({ phase: 'stopped', stopped: { by: ALICE.id } });
    world.clock.advance(900);
    expect(await drive(world)).toEqual(['restore']);
    expect(await drive(world)).toEqual([]);
  });

  it.each([
    ['suspended', 'hard', 'disabled'],
    ['revoked', 'hard', 'disabled'],
    ['suspended', 'locked', 'enabled'],
  ] as const)('leaves what was %s meanwhile as it is (%s): %s', async (how, mode, expected) => {
    const world = await pendingWorld();
    const kind = how === 'revoked' ? 'revocation' : 'suspension';
    await containKey(world.deps, { ...CONTAIN, kind, mode });
    await stop(world);
    await drive(world);

    expect(await recordOf(world)).toMatchObject({ phase: 'stopped' });
    expect(await vaultState(world)).toBe(expected);
  });

  it('is followed by a second block of what is revoked while the call that gives it back is under way', async () => {
    const world = await pendingWorld();
    const simulation = new Simulation(world);
    await stop(world);
    let revoked = '';
    world.onCall = async ({ method, phase }) => {
      if (revoked !== '' || method !== 'enable' || phase !== 'before') return;
      revoked = (await containKey(world.deps, { ...CONTAIN, kind: 'revocation', mode: 'hard' }))
        .operationId;
    };
    await drive(world);
    await simulation.run('revoke-key', revoked, 1);

    expect(await world.store.readOperation(revoked)).toMatchObject({ state: 'done' });
    // The enabling reached KMS behind the block: it is blocked again when no such call can be left.
    const { records } = await world.store.readAudit('key/orders', 0, 1000);
    const repeated = records.findLast(({ action }) => action === 'containment.repeated');
    expect(repeated?.detail['kmsKeys']).toBe(2);
  });

  it('is what opens the version, not the lifting of a suspension in between', async () => {
    const world = await begunWorld();
    await drive(world);
    const simulation = new Simulation(world);
    await suspended(simulation);

    expect(liftTargets(await world.snapshot()).map(({ version }) => version.version)).toEqual([2]);
  });

  it('gives it back again when a call that was under way reaches KMS behind it', async () => {
    const world = await begunWorld();
    let isFirst = true;
    world.onCall = async ({ method, phase }) => {
      if (!isFirst || method !== 'disable' || phase !== 'after') return;
      isFirst = false;
      await stop(world);
      await restoreVersion(world.deps, V1);
      await world.keyStates.disable((await world.version(1)).keyId ?? '');
    };
    await removeVersion(world.deps, V1);
    expect(await recordOf(world)).toMatchObject({ phase: 'stopping' });
    await drive(world);
    expect(await vaultState(world)).toBe('enabled');
  });

  it('comes too late once KMS has deleted the key, and says so', async () => {
    const world = await pendingWorld();
    await stop(world);
    world.clock.advance(8 * 86_400);
    expect(await drive(world)).toEqual(['restore', 'verify', 'certify']);
    expect(await world.actions()).toContain('destruction.stopped-too-late');
    expect(await world.version(1)).toMatchObject({ state: 'destroyed' });
  });

  it('follows KMS when somebody cancelled the deletion past us', async () => {
    const world = await pendingWorld();
    await world.keyStates.cancelDeletion((await world.version(1)).keyId ?? '');
    expect(await drive(world, true)).toEqual(['verify', 'restore']);
    expect(await recordOf(world)).toMatchObject({ phase: 'stopped' });
  });

  it('happens by itself when a use is tried in quarantine, and when a hold came', async () => {
    const used = await begunWorld();
    await drive(used);
    used.clock.advance(1);
    expect(await use(used)).toMatchObject({ leaving: ['orders'] });
    expect(await drive(used)).toEqual(['restore']);
    expect(await recordOf(used)).toMatchObject({
      phase: 'stopped',
      uses: 1,
      stopped: { by: 'system/key-use' },
    });

    const held = await begunWorld();
    await drive(held);
    await placeHold(held.deps, HOLD);
    held.clock.advance(5);
    expect(await drive(held)).toEqual(['restore']);
  });

  it('happens by a use in the second in which it began, as CloudTrail tells whole seconds', async () => {
    const world = await begunWorld();
    await drive(world);
    const at = `${(await recordOf(world)).begunAt.slice(0, 19)}.000Z`;
    expect(await use(world, 'refused', at)).toMatchObject({ leaving: ['orders'] });
    expect(await recordOf(world)).toMatchObject({ phase: 'stopping', lastUseAt: at });
  });

  it('does not happen by a use while KMS waits: that alarms, and people decide', async () => {
    const world = await pendingWorld();
    world.clock.advance(1);
    await use(world);
    expect(await recordOf(world)).toMatchObject({ phase: 'pending', uses: 1 });
    expect((await world.actions()).at(-1)).toBe('destruction.used');
    // CloudTrail tells some things twice.
    await use(world);
    expect(await recordOf(world)).toMatchObject({ uses: 1 });
  });
});
