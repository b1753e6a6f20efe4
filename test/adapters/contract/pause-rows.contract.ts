// SPDX-License-Identifier: Apache-2.0
// What every store of the pause does.
import { beforeEach, describe, expect, it } from 'vitest';
import { genesisHash, link } from '#core/audit/chain.ts';
import { PAUSE_STREAM, type PauseChange, type PauseRow, type Pauses } from '#core/ports/pauses.ts';
import { anAuditEntry } from '#test/support/records.ts';

function changeOf(before: PauseRow | null, reason: string): PauseChange {
  const head = { sequence: before?.revision ?? 0, hash: before?.auditHead ?? '' };
  const from = before ? head : { sequence: 0, hash: genesisHash(PAUSE_STREAM) };
  const audit = link(PAUSE_STREAM, from, anAuditEntry({ action: 'pause.started' }));
  const pause = {
    ...{ id: `pause-${audit.sequence}`, reason, by: 'usr_alice', endedAt: null, endedBy: null },
    ...{ startedAt: '2026-03-01T10:00:00.000Z', until: '2026-03-01T12:00:00.000Z' },
  };
  const row = { pause, revision: audit.sequence, auditHead: audit.hash };
  return { expectedRevision: before?.revision ?? null, row, audit };
}

export function describePauseRows(title: string, fresh: () => Promise<Pauses>): void {
  describe(`${title}: the pause`, () => {
    let pauses: Pauses;
    beforeEach(async () => {
      pauses = await fresh();
    });

    it('reads back what was written, and changes only from there', async () => {
      expect(await pauses.readPause()).toBeNull();
      const first = changeOf(null, 'a storm');
      await pauses.commitPause(first);
      expect(await pauses.readPause()).toEqual(first.row);
      await expect(pauses.commitPause(first)).rejects.toMatchObject({ name: 'RevisionConflict' });

      const second = changeOf(first.row, 'another');
      await pauses.commitPause(second);
      await expect(pauses.commitPause(changeOf(first.row, 'late'))).rejects.toMatchObject({
        name: 'RevisionConflict',
      });
      expect(await pauses.readPause()).toEqual(second.row);
    });
  });
}
