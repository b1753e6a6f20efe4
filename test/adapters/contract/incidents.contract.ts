// SPDX-License-Identifier: Apache-2.0
// What every store of incidents does.
import { beforeEach, describe, expect, it } from 'vitest';
import { genesisHash, link } from '#core/audit/chain.ts';
import {
  type IncidentChange,
  type IncidentRecord,
  type Incidents,
  incidentStream,
} from '#core/incidents/records.ts';
import { anAuditEntry } from '#test/support/records.ts';

function anIncident(id: string): IncidentRecord {
  return {
    id,
    type: 'insider',
    title: 'case 4711',
    state: 'open',
    keys: ['orders'],
    owners: ['olga'],
    openedBy: 'usr_alice',
    openedAt: '2026-11-22T10:00:00.000Z',
    occurredAt: null,
    closedAt: null,
    rootCause: null,
    followUps: [],
    notes: [],
    tasks: [],
    bodyHash: 'hash',
    revision: 1,
    auditHead: 'head',
  };
}

function changeOf(incident: IncidentRecord, expectedRevision: number | null): IncidentChange {
  const stream = incidentStream(incident.id);
  const head = { sequence: expectedRevision ?? 0, hash: genesisHash(stream) };
  const audit = link(stream, head, anAuditEntry({ action: 'incident.opened' }));
  return { expectedRevision, audit, incident: { ...incident, revision: audit.sequence } };
}

export function describeIncidents(title: string, fresh: () => Promise<Incidents>): void {
  describe(`${title}: incidents`, () => {
    let incidents: Incidents;
    beforeEach(async () => {
      incidents = await fresh();
    });
    const id = (digit: string) => `inc_${digit.repeat(26)}`;

    it('keeps what was committed, and lists all', async () => {
      expect(await incidents.readIncident(id('a'))).toBeNull();
      for (const digit of ['a', 'b'])
        await incidents.commitIncident(changeOf(anIncident(id(digit)), null));

      expect(await incidents.readIncident(id('a'))).toEqual(anIncident(id('a')));
      expect((await incidents.listIncidents()).map((one) => one.id).sort()).toEqual([
        id('a'),
        id('b'),
      ]);
    });

    it.each([null, 7])(
      'refuses a change that expects revision %s of one at 1',
      async (expected) => {
        await incidents.commitIncident(changeOf(anIncident(id('a')), null));

        await expect(
          incidents.commitIncident(changeOf({ ...anIncident(id('a')), title: 'other' }, expected)),
        ).rejects.toMatchObject({ name: 'RevisionConflict' });
        expect((await incidents.readIncident(id('a')))?.title).toBe('case 4711');
      },
    );

    it('takes the change that follows', async () => {
      await incidents.commitIncident(changeOf(anIncident(id('a')), null));
      await incidents.commitIncident(changeOf({ ...anIncident(id('a')), state: 'closed' }, 1));

      expect(await incidents.readIncident(id('a'))).toMatchObject({ state: 'closed', revision: 2 });
    });
  });
}
