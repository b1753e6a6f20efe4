// SPDX-License-Identifier: Apache-2.0
// The simulation of stops notices what it is for, and the histories that once broke an invariant break none.
import { describe, expect, it } from 'vitest';
import { KeyturnError } from '#core/errors.ts';
import { CONSUMER, type World } from '#test/support/world.ts';
import { playRevocation } from './play-revocation.ts';
import type { Act, Fault, History } from './revocation-history.ts';

const stop = (
  kind: 'revocation' | 'suspension',
  mode: 'hard' | 'locked',
  version: number | null = null,
): Act => ({ do: 'contain', kind, mode, version });
const stopped = (at: number, act: Act): Fault => ({ goes: 'stopped', at, act });
const COMPROMISE: Act = { ...stop('revocation', 'locked', 0), successor: true } as Act;
const SWEEP: Act = { do: 'sweep' };
const HOURS: Act = { do: 'wait', seconds: 7200 };
const ROTATE: Act = { do: 'rotate' };
const LIFT: Act = { do: 'lift' };
const history = (
  acts: readonly Act[],
  faults: readonly Fault[] = [],
  visibilityCalls = 0,
): History => ({
  visibilityCalls,
  acts,
  faults,
});

describe('a simulated history of stops', () => {
  it.each<[string, History]>([
    [
      'locked, then disabled, then lifted',
      history([stop('suspension', 'locked'), stop('suspension', 'hard')]),
    ],
    [
      'a rotation that died behind its switch',
      history(
        [ROTATE, stop('suspension', 'hard')],
        [{ goes: 'execution-lost', at: 47, phase: 'after' }],
      ),
    ],
    [
      'a version revoked while a suspension is lifted',
      history(
        [ROTATE, stop('suspension', 'hard'), LIFT],
        [stopped(106, stop('revocation', 'hard', 0))],
      ),
    ],
    [
      'a key disabled while it is unlocked',
      history(
        [ROTATE, stop('suspension', 'locked'), LIFT],
        [stopped(110, stop('suspension', 'hard'))],
      ),
    ],
    [
      'the current version revoked under a suspension',
      history([ROTATE, stop('suspension', 'hard'), stop('revocation', 'hard', 1), LIFT], [], 2),
    ],
    [
      'the version of a parked rotation revoked',
      history(
        [ROTATE, stop('revocation', 'hard', 1), LIFT],
        [stopped(1, stop('suspension', 'hard'))],
      ),
    ],
  ])('breaks nothing: %s', async (_what, played) => {
    expect(await playRevocation(played)).toEqual([]);
  });

  it.each<[string, RegExp, (world: World) => void]>([
    [
      'never confirms',
      /^R4 the containment was never confirmed/,
      ({ vault }) => {
        vault.disable = async () => {};
      },
    ],
    [
      'believes a key that came back',
      /^R2 v1 is proven and active/,
      ({ vault, store }) => {
        const commit = store.commit.bind(store);
        store.commit = async (change) => {
          await commit(change);
          const { keyId } = change.versions?.[0] ?? {};
          if (change.audit.action === 'key.suspended' && keyId) await vault.enable(keyId);
        };
      },
    ],
    [
      'opens a revoked version to everybody',
      /^R6 v1 is revoked and read/,
      ({ vault }) => {
        const apply = vault.applyPolicy.bind(vault);
        vault.applyPolicy = async (keyId, template, access) => {
          const isOpening = template === 'contained' && access.length > 0;
          if (!isOpening) return apply(keyId, template, access);
          await apply(keyId, 'active', [{ principal: CONSUMER, rights: ['encrypt', 'decrypt'] }]);
        };
      },
    ],
    [
      'never closes what was opened',
      /^R7 v1 is re-encrypted though nobody opened it/,
      ({ vault }) => {
        const apply = vault.applyPolicy.bind(vault);
        vault.applyPolicy = async (keyId, template, access) => {
          const until = '2999-01-01T00:00:00.000Z';
          await apply(
            keyId,
            template,
            access.map((one) => (one.until ? { ...one, until } : one)),
          );
        };
      },
    ],
    [
      'makes no successor',
      /^R8 the successor that was asked for never came/,
      ({ vault }) => {
        const create = vault.createKey.bind(vault);
        let keys = 0;
        vault.createKey = async (place, provenance) => {
          keys += 1;
          if (keys > 1) throw new KeyturnError('InternalError', 'no more keys');
          return create(place, provenance);
        };
      },
    ],
    [
      'forgets the denial',
      /^R1 v1 is denied and opens/,
      ({ store, vault }) => {
        vault.disable = async () => {};
        const key = store.readKey.bind(store);
        store.readKey = async (name) => {
          const found = await key(name);
          return found && { ...found, key: { ...found.key, containment: null } };
        };
        const version = store.readVersion.bind(store);
        store.readVersion = async (name, number) => {
          const found = await version(name, number);
          return found && { ...found, state: 'active', containment: null };
        };
      },
    ],
  ])('finds a world that %s', async (_what, violation, spoil) => {
    const acts = violation.source.match(/R[678]/)
      ? [COMPROMISE, SWEEP, { do: 'open' as const, version: 0 }, HOURS]
      : [stop('suspension', 'hard')];
    const found = await playRevocation(history(acts), spoil).catch((error: unknown) => [
      String(error),
    ]);
    expect(
      found.some((one) => violation.test(one)),
      found.join(),
    ).toBe(true);
  });
});
