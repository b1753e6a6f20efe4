// SPDX-License-Identifier: Apache-2.0
// What every store of drills does.
import { beforeEach, describe, expect, it } from 'vitest';
import { genesisHash, link } from '#core/audit/chain.ts';
import {
  type DrillChange,
  type DrillRecord,
  type Drills,
  drillStream,
} from '#core/drills/records.ts';
import { anAuditEntry } from '#test/support/records.ts';

function aDrill(id: string): DrillRecord {
  return {
    id,
    keyStore: 'main',
    state: 'running',
    phase: 'find-backup',
    phases: [{ name: 'find-backup', startedAt: '2026-10-13T09:00:00.000Z', endedAt: null }],
    causes: [],
    sourceClusterId: 'cluster-source',
    backupId: null,
    backupAt: null,
    clusterIds: [],
    askedAt: null,
    goneAt: null,
    removalRefusal: null,
    keys: null,
    required: 3,
    custodians: [{ sub: 'usr_bob', user: 'bob', toldAt: null, answeredAt: null }],
    answerUntil: '2026-10-14T09:00:00.000Z',
    startedBy: 'usr_alice',
    startedAt: '2026-10-13T09:00:00.000Z',
    endedAt: null,
    revision: 1,
    auditHead: 'head',
  };
}

function changeOf(drill: DrillRecord, expectedRevision: number | null): DrillChange {
  const stream = drillStream(drill.id);
  const head = { sequence: expectedRevision ?? 0, hash: genesisHash(stream) };
  const audit = link(stream, head, anAuditEntry({ action: 'drill.started' }));
  return { expectedRevision, audit, drill: { ...drill, revision: audit.sequence } };
}

export function describeDrills(title: string, fresh: () => Promise<Drills>): void {
  describe(`${title}: drills`, () => {
    let drills: Drills;
    beforeEach(async () => {
      drills = await fresh();
    });

    it('keeps what was committed, and lists all in their order', async () => {
      expect(await drills.readDrill('drl_0001')).toBeNull();
      expect(await drills.listDrills()).toEqual([]);
      for (const id of ['drl_0001', 'drl_0002'])
        await drills.commitDrill(changeOf(aDrill(id), null));

      expect(await drills.readDrill('drl_0001')).toEqual(aDrill('drl_0001'));
      expect((await drills.listDrills()).map(({ id }) => id)).toEqual(['drl_0001', 'drl_0002']);
    });

    it.each([null, 7])(
      'refuses a change that expects revision %s of one at 1',
      async (expected) => {
        await drills.commitDrill(changeOf(aDrill('drl_0001'), null));

        const other = changeOf({ ...aDrill('drl_0001'), phase: 'done' }, expected);
        await expect(drills.commitDrill(other)).rejects.toMatchObject({ name: 'RevisionConflict' });
        expect((await drills.readDrill('drl_0001'))?.phase).toBe('find-backup');
      },
    );

    it('takes the change that follows', async () => {
      await drills.commitDrill(changeOf(aDrill('drl_0001'), null));
      await drills.commitDrill(changeOf({ ...aDrill('drl_0001'), phase: 'remove' }, 1));

      const found = await drills.readDrill('drl_0001');
      expect(found).toMatchObject({ phase: 'remove', revision: 2 });
    });
  });
}
