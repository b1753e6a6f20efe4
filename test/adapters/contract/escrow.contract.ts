// SPDX-License-Identifier: Apache-2.0
// What every ledger must do with sets, sessions and envelopes of escrow.
import { beforeEach, describe, expect, it } from 'vitest';
import type { EscrowSessionRecord, EscrowSetRecord, ShareEnvelope } from '#core/escrow/records.ts';
import { setName } from '#core/escrow/sets.ts';
import type { ShareArchive } from '#core/ports/escrow.ts';
import type { Ledger } from '#core/ports/ledger.ts';
import { aChange, aCreation, aKey, T0 } from '#test/support/records.ts';

const CUSTODIANS = [
  { sub: 'usr_bob', recipient: 'age1bob' },
  { sub: 'usr_dan', recipient: 'age1dan' },
];
const aSet = (patch: Partial<EscrowSetRecord> = {}): EscrowSetRecord => ({
  key: 'orders',
  name: setName(1, 1),
  setId: 'esc_1',
  version: 1,
  generation: 1,
  keyId: 'k1',
  required: 2,
  total: 2,
  bytes: 32,
  checkValue: 'f'.repeat(64),
  state: 'active',
  custodians: CUSTODIANS,
  proofs: [{ custodian: 'usr_bob', at: T0 }],
  createdAt: T0,
  createdBy: 'usr_alice',
  activatedAt: T0,
  openedAt: null,
  retiredAt: null,
  cause: null,
  ...patch,
});
const aSession = (patch: Partial<EscrowSessionRecord> = {}): EscrowSessionRecord => ({
  key: 'orders',
  name: 'ers_1',
  purpose: 'reshare',
  setId: 'esc_1',
  version: 1,
  generation: 1,
  state: 'open',
  recipient: 'age1session',
  sealedIdentity: 'c2VhbGVk',
  next: { required: 2, custodians: CUSTODIANS },
  reason: 'dan leaves',
  requestedBy: 'usr_alice',
  requestedAt: T0,
  expiresAt: '2026-01-02T00:00:00.000Z',
  approvalId: 'apr_1',
  contributions: [{ custodian: 'usr_bob', at: T0, sealed: 'YWdl' }],
  used: [],
  refused: null,
  endedAt: null,
  ...patch,
});
const anEnvelope = (index: number): ShareEnvelope => ({
  type: 'keyturn-share/1',
  setId: 'esc_1',
  key: 'orders',
  version: 1,
  generation: 1,
  index,
  required: 2,
  total: 2,
  bytes: 32,
  custodian: CUSTODIANS[index - 1]?.sub ?? '',
  recipient: CUSTODIANS[index - 1]?.recipient ?? '',
  shareDigest: '0'.repeat(64),
  checkValue: 'f'.repeat(64),
  createdAt: T0,
  sealed: 'YWdl',
  signature: 'c2ln',
});

/** Declares the suite. @param fresh makes a ledger with nothing in it, before each test */
export function describeEscrowRecords(
  title: string,
  fresh: () => Promise<Ledger & ShareArchive>,
): void {
  describe(`${title} for escrow`, () => {
    let ledger: Ledger & ShareArchive;
    beforeEach(async () => {
      ledger = await fresh();
    });

    it('answers exactly the sets and sessions that were written, in the order of their names', async () => {
      const creation = aCreation(aKey());
      await ledger.commit(creation);
      const sets = [
        aSet({ name: setName(2, 1), version: 2 }),
        aSet(),
        aSet({ name: setName(1, 2), generation: 2, state: 'pending' }),
      ];
      const sessions = [aSession({ name: 'ers_2', next: null, sealedIdentity: null }), aSession()];
      await ledger.commit(aChange(creation.key, {}, { escrow: { sets, sessions } }));

      expect((await ledger.readKey('orders'))?.escrow).toEqual({
        sets: [sets[1], sets[2], sets[0]],
        sessions: [sessions[1], sessions[0]],
      });
    });

    it('changes what is there, and keeps envelopes apart by set and generation', async () => {
      const creation = aCreation(aKey());
      await ledger.commit(creation);
      const envelopes = [anEnvelope(1), anEnvelope(2)];
      const shares = [{ setId: 'esc_1', generation: 1, envelopes }];
      const first = aChange(creation.key, {}, { escrow: { sets: [aSet()], shares } });
      await ledger.commit(first);
      expect(await ledger.readShares('esc_1', 1)).toEqual(envelopes);
      expect(await ledger.readShares('esc_1', 2)).toEqual([]);
      expect(await ledger.readShares('esc_2', 1)).toEqual([]);

      const emptied = envelopes.map((envelope) => ({ ...envelope, sealed: '' }));
      const set = aSet({ state: 'retired', retiredAt: T0, cause: 'replaced' });
      const escrow = {
        sets: [set],
        shares: [{ setId: 'esc_1', generation: 1, envelopes: emptied }],
      };
      await ledger.commit(aChange(first.key, {}, { escrow }));
      expect(await ledger.readShares('esc_1', 1)).toEqual(emptied);
      expect((await ledger.readKey('orders'))?.escrow.sets).toEqual([set]);
    });

    it('writes nothing of it when the revision has moved', async () => {
      const creation = aCreation(aKey());
      await ledger.commit(creation);
      const shares = [{ setId: 'esc_1', generation: 1, envelopes: [anEnvelope(1)] }];
      const change = aChange(creation.key, {}, { escrow: { sets: [aSet()], shares } });
      const stale = { ...change, expectedRevision: 7 };

      await expect(ledger.commit(stale)).rejects.toMatchObject({ name: 'RevisionConflict' });
      expect((await ledger.readKey('orders'))?.escrow.sets).toEqual([]);
      expect(await ledger.readShares('esc_1', 1)).toEqual([]);
    });
  });
}
