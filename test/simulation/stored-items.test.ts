// SPDX-License-Identifier: Apache-2.0
// What is stored under keys, through rotations and the runs behind them: and worlds broken on purpose, which are found.
import { describe, expect, it } from 'vitest';
import type { World } from '#test/support/world.ts';
import type { Act, History } from './history.ts';
import { play } from './play.ts';

const store = (item: number): Act => ({ do: 'store', key: 0, item, isLate: false });
const ROTATE: Act = { do: 'rotate', key: 0, request: 0 };
const WAIT: Act = { do: 'wait', seconds: 60 };
const SWEEP: Act = { do: 'sweep', times: 1 };
const RETIRE: Act = { do: 'retire', key: 0, versionsBack: 1 };

const HISTORY: History = {
  keys: 1,
  visibilityCalls: 0,
  acts: [store(0), store(1), store(2), ROTATE, WAIT, SWEEP, RETIRE],
  faults: [],
};

describe('a history with stored items', () => {
  it('moves them, finds the old version ready to be destroyed, and breaks nothing', async () => {
    const actions: string[] = [];

    const violations = await play(HISTORY, ({ store: ledger }) => {
      const commit = ledger.commit.bind(ledger);
      ledger.commit = async (change) => {
        actions.push(change.audit.action);
        return commit(change);
      };
    });

    expect(violations).toEqual([]);
    expect(actions).toEqual(
      expect.arrayContaining(['reencryption.completed', 'version.ready-to-destroy']),
    );
  });

  it('moves back what was written under a version that failed', async () => {
    const rollBack = { goes: 'in-a-wait', at: 3, act: { do: 'roll-back', key: 0 } } as const;
    let wentBack = 0;
    for (let at = 100; at <= 160; at += 1) {
      const write = { goes: 'meanwhile', at, act: store(3) } as const;
      const violations = await play(
        { ...HISTORY, acts: [store(0), ROTATE], faults: [rollBack, write] },
        ({ store: ledger }) => {
          const commit = ledger.commit.bind(ledger);
          ledger.commit = async (change) => {
            if (change.audit.action === 'rotation.rolled-back') wentBack += 1;
            return commit(change);
          };
        },
      );

      expect(violations, `call ${at}`).toEqual([]);
    }
    expect(wentBack).toBeGreaterThan(50);
  });

  it.each(['AWS_KMS', 'EXTERNAL'] as const)('of origin %s breaks nothing', async (origin) => {
    expect(await play({ ...HISTORY, origin })).toEqual([]);
  });

  const MOVING: History = {
    ...HISTORY,
    acts: [store(0), store(1), store(2), store(3), ROTATE, WAIT, { do: 'reencrypt', key: 0 }],
  };

  it('never loses what the application writes while its items are moved', async () => {
    for (let at = 110; at <= 190; at += 1) {
      const write = { goes: 'meanwhile', at, act: store(1) } as const;

      expect(await play({ ...MOVING, faults: [write] }), `call ${at}`).toEqual([]);
    }
  });

  it('finds a world that writes over what came meanwhile', async () => {
    const overwrite = (world: World) => {
      const source = world.sourceOf('items-of-orders');
      source.replace = async ({ id, ...item }, replacement) => {
        const parts = 'parts' in item ? item.parts : [];
        const fresh = 'ciphertexts' in replacement ? replacement.ciphertexts : [];
        const rewritten = parts.map((part, index) => ({
          ...part,
          ciphertext: fresh[index] ?? part.ciphertext,
        }));
        source.put(id, { parts: rewritten });
        return true;
      };
    };
    const found: string[] = [];
    for (let at = 110; at <= 190; at += 1) {
      const write = { goes: 'meanwhile', at, act: store(1) } as const;
      found.push(...(await play({ ...MOVING, faults: [write] }, overwrite)));
    }

    expect(found).toContainEqual(expect.stringMatching(/^I13 item-1 says/));
  });

  it.each<[string, History, RegExp, (world: World) => void]>([
    [
      'counts what it did not look at',
      HISTORY,
      /^R4 orders v1 is ready to be destroyed, and item-2 is under it/,
      (world) => {
        const source = world.sourceOf('items-of-orders');
        const readPage = source.readPage.bind(source);
        source.readPage = async (...where) => {
          const page = await readPage(...where);
          return { ...page, items: page.items.filter(({ id }) => id !== 'item-2') };
        };
      },
    ],
    [
      'never starts the run behind a rotation',
      { ...HISTORY, acts: [store(0), ROTATE] },
      /^I14 item-0 of orders is under an old version/,
      ({ store: ledger }) => {
        ledger.listDueReencryptions = async () => [];
      },
    ],
  ])('finds a world that %s', async (_what, history, violation, sabotage) => {
    expect(await play(history, sabotage)).toContainEqual(expect.stringMatching(violation));
  });
});
