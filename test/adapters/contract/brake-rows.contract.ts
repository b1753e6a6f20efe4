// SPDX-License-Identifier: Apache-2.0
// What every store of mass brakes does.
import { beforeEach, describe, expect, it } from 'vitest';
import { linkedBrake } from '#core/operations/admit-brake.ts';
import { type BrakeRecord, type Brakes, ENDED_SHOWN } from '#core/ports/brakes.ts';
import { anAuditEntry } from '#test/support/records.ts';

const aBrake = (id: string): Omit<BrakeRecord, 'revision' | 'auditHead'> => ({
  id,
  scope: { kind: 'all', value: null },
  reason: 'a supply chain',
  requestedBy: 'usr_alice',
  isEmergency: false,
  openReview: null,
  state: 'applying',
  roles: [],
  passes: 0,
  cursor: null,
  startedAt: '2026-11-22T10:00:00.000Z',
  confirmedAt: null,
  lift: null,
  bodyHash: 'hash',
});
const entry = anAuditEntry({ action: 'brake.applying' });

export function describeBrakeRows(title: string, fresh: () => Promise<Brakes>): void {
  describe(`${title}: mass brakes`, () => {
    let brakes: Brakes;
    beforeEach(async () => {
      brakes = await fresh();
    });
    async function begin(id: string): Promise<BrakeRecord> {
      const change = linkedBrake(null, aBrake(id), entry);
      await brakes.commitBrake({ ...change, isOpen: true });
      return change.brake;
    }
    async function end(before: BrakeRecord): Promise<void> {
      const change = linkedBrake(before, { ...before, state: 'lifted' }, entry);
      await brakes.commitBrake({ ...change, isOpen: false });
    }
    const ids = (rows: readonly BrakeRecord[]) => rows.map(({ id }) => id);

    it('reads back what was written, and changes only from there', async () => {
      expect(await brakes.readBrake('brk_1')).toBeNull();
      expect(await brakes.listOpenBrakes()).toEqual([]);
      expect(await brakes.listEndedBrakes()).toEqual([]);
      const first = await begin('brk_1');
      expect(await brakes.readBrake('brk_1')).toEqual(first);
      await expect(begin('brk_1')).rejects.toMatchObject({ name: 'RevisionConflict' });

      const role = 'arn:aws:iam::000000000000:role/orders-api';
      const roles = [{ role, state: 'applied', cause: null, at: first.startedAt }] as const;
      const change = linkedBrake(first, { ...first, state: 'applied', roles }, entry);
      await brakes.commitBrake(change);
      expect(await brakes.readBrake('brk_1')).toEqual(change.brake);
      await expect(brakes.commitBrake(change)).rejects.toMatchObject({ name: 'RevisionConflict' });
      expect(await brakes.listOpenBrakes()).toEqual([change.brake]);
    });

    it('lists those that hold as they began, and those that ended last', async () => {
      const begun: BrakeRecord[] = [];
      for (let one = 1; one <= ENDED_SHOWN + 2; one += 1) begun.push(await begin(`brk_${one}`));
      expect(ids(await brakes.listOpenBrakes())).toEqual(ids(begun));

      for (const one of begun.slice(1)) await end(one);
      expect(ids(await brakes.listOpenBrakes())).toEqual(['brk_1']);
      expect(ids(await brakes.listEndedBrakes())).toEqual(ids(begun).slice(-ENDED_SHOWN).reverse());
    });
  });
}
