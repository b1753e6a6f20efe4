// SPDX-License-Identifier: Apache-2.0
// The simulation notices what it is for: worlds that are broken on purpose are found by their histories.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyturnError } from '#core/errors.ts';
import type { World } from '#test/support/world.ts';
import { aHistory, type History } from './history.ts';
import { play } from './play.ts';

const ROTATION: History = {
  keys: 1,
  visibilityCalls: 0,
  acts: [
    { do: 'encrypt', key: 0 },
    { do: 'rotate', key: 0, request: 0 },
    { do: 'encrypt', key: 0 },
  ],
  faults: [],
};

describe('a simulated history', () => {
  it('is the same each time for one seed', () => {
    const drawn = () => fc.sample(aHistory, { seed: 7, numRuns: 5 });

    expect(drawn()).toEqual(drawn());
  });

  it('without faults breaks nothing', async () => {
    expect(await play(ROTATION)).toEqual([]);
  });

  it.each<[string, RegExp, (world: World) => void]>([
    [
      'restricts the version that is in use',
      /^I1 .* points at a decrypt-only key/,
      ({ vault }) => {
        const move = vault.moveAlias.bind(vault);
        vault.moveAlias = async (alias, keyId) => {
          await move(alias, keyId);
          await vault.applyPolicy(keyId, 'decrypt-only', []);
        };
      },
    ],
    [
      'closes the replaced version',
      /^I2 "orders 0" is unreadable/,
      ({ vault }) => {
        const apply = vault.applyPolicy.bind(vault);
        vault.applyPolicy = async (keyId, template, access) =>
          apply(keyId, template === 'decrypt-only' ? 'contained' : template, access);
        vault.hasPolicy = async () => true;
      },
    ],
    [
      'records a state without its edge',
      /^I3 orders v1 moved from pre-activation to deactivated/,
      ({ store }) => {
        const commit = store.commit.bind(store);
        store.commit = async (change) =>
          commit({
            ...change,
            versions: (change.versions ?? []).map((version) =>
              version.state === 'active' ? { ...version, state: 'deactivated' } : version,
            ),
          });
      },
    ],
    [
      'loses the lease',
      /^I4 orders is held by \[\] while/,
      ({ store }) => {
        const commit = store.commit.bind(store);
        store.commit = async (change) => commit({ ...change, key: { ...change.key, lease: null } });
      },
    ],
    [
      'writes an audit record that does not fit',
      /^I6 audit of orders/,
      ({ store }) => {
        const commit = store.commit.bind(store);
        store.commit = async (change) =>
          commit({ ...change, audit: { ...change.audit, actor: 'nobody' } });
      },
    ],
    [
      'makes a second KMS key each time',
      /^I8 .* is unrecorded and not pending deletion/,
      ({ vault }) => {
        const create = vault.createKey.bind(vault);
        vault.createKey = async (store, provenance) => {
          await create(store, { ...provenance, operationId: 'op_unknown' });
          return create(store, provenance);
        };
      },
    ],
    [
      'never ends an operation',
      /^I8 orders is still held/,
      ({ store }) => {
        const commit = store.commit.bind(store);
        store.commit = async (change) => {
          if (change.audit.action === 'key.created') throw new Error('the write is lost');
          return commit(change);
        };
      },
    ],
  ])('finds a world that %s', async (_what, violation, sabotage) => {
    expect(await play(ROTATION, sabotage)).toContainEqual(expect.stringMatching(violation));
  });

  it.each(['nothing', 'rotate', 'policy'] as const)(
    'with a plan and %s between it and its run breaks nothing',
    async (between) => {
      const planned = { do: 'plan', key: 0, between } as const;

      expect(await play({ ...ROTATION, acts: [...ROTATION.acts, planned] })).toEqual([]);
    },
  );

  const ADOPTION: History = { ...ROTATION, isAdopted: true };

  it('of an adopted key breaks nothing: it is adopted, rotated, and goes back when that fails', async () => {
    const rollBack = { do: 'roll-back', key: 0 } as const;
    const refused = { goes: 'refused', phase: 'before', code: 'Throttled', times: 40 } as const;

    expect(await play(ADOPTION)).toEqual([]);
    expect(await play({ ...ADOPTION, acts: [...ADOPTION.acts, rollBack] })).toEqual([]);
    for (let at = 10; at < 60; at += 5)
      expect(await play({ ...ADOPTION, faults: [{ ...refused, at }] }), `at ${at}`).toEqual([]);
  });

  it.each<[string, RegExp, (world: World) => void]>([
    [
      'forgets to let the user of an adopted key in',
      /^I1 orders does not encrypt/,
      ({ vault }) => {
        const apply = vault.applyPolicy.bind(vault);
        vault.applyPolicy = async (keyId, template) => apply(keyId, template, []);
        vault.hasPolicy = async () => true;
      },
    ],
    [
      'leaves the legacy alias behind',
      /^I1 alias\/legacy-of\/orders points at a decrypt-only key/,
      ({ vault }) => {
        const move = vault.moveAlias.bind(vault);
        vault.moveAlias = async (alias, keyId) => {
          if (!alias.startsWith('alias/legacy-')) await move(alias, keyId);
        };
        const target = vault.aliasTarget.bind(vault);
        vault.aliasTarget = async (alias) =>
          target(alias.startsWith('alias/legacy-') ? 'alias/keyturn/local/orders' : alias);
      },
    ],
    [
      'leaves its tags on a key that it gives back',
      /^I8 .* is unrecorded and not pending deletion/,
      ({ vault }) => {
        vault.unmark = async () => {};
        vault.createAlias = async () => {
          throw new KeyturnError('AccessDenied', 'made to fail');
        };
      },
    ],
  ])('finds a world that %s', async (_what, violation, sabotage) => {
    expect(await play(ADOPTION, sabotage)).toContainEqual(expect.stringMatching(violation));
  });

  it('finds a world that runs stale plans', async () => {
    const sabotage = (world: World) => {
      // What the class was when the plan was made is what the run sees as well.
      const { classes } = world;
      Object.defineProperty(world, 'classes', { get: () => classes, set: () => {} });
    };
    const planned = { do: 'plan', key: 0, between: 'policy' } as const;

    expect(await play({ ...ROTATION, acts: [planned] }, sabotage)).toContainEqual(
      expect.stringMatching(/^R7 orders was rotated by a stale plan/),
    );
  });

  const WITH_CONSUMER: History = {
    ...ROTATION,
    acts: [{ do: 'register', key: 0, consumer: 0 }, ...ROTATION.acts],
  };

  it('with a consumer that acknowledges breaks nothing, and switches', async () => {
    const acknowledged = { do: 'acknowledge', key: 0, consumer: 0 } as const;
    let switched = 0;

    const violations = await play(
      { ...WITH_CONSUMER, acts: [...WITH_CONSUMER.acts, acknowledged] },
      ({ store }) => {
        const commit = store.commit.bind(store);
        store.commit = async (change) => {
          if (change.audit.action === 'acknowledgement.completed') switched += 1;
          return commit(change);
        };
      },
    );

    expect(violations).toEqual([]);
    expect(switched).toBeGreaterThan(0);
  });

  it('finds a world that switches before its consumers acknowledged', async () => {
    const impatient = ({ store }: World) => {
      const commit = store.commit.bind(store);
      store.commit = async (change) => {
        const { operation, audit } = change;
        if (!operation || audit.action !== 'version.staged') return commit(change);
        const passed = { step: 'AwaitAcknowledgements' as const, at: audit.at };
        const timeline = [...operation.timeline, passed];
        return commit({ ...change, operation: { ...operation, timeline } });
      };
    };

    expect(await play(WITH_CONSUMER, impatient)).toContainEqual(
      expect.stringMatching(/^I10 orders switched to v2 without consumer-0/),
    );
  });

  it('finds a world that registers a consumer and does not open the key to it', async () => {
    const forgetful = ({ vault }: World) => {
      const apply = vault.applyPolicy.bind(vault);
      vault.applyPolicy = async (keyId, template, access) =>
        apply(keyId, template, access.slice(0, 1));
      vault.hasPolicy = async () => true;
    };

    expect(await play(WITH_CONSUMER, forgetful)).toContainEqual(
      expect.stringMatching(/^I11 consumer-0 does not open/),
    );
  });

  const told = (versionsBack: 0 | 1, lateBySeconds: number) =>
    ({ do: 'use-told', key: 0, consumer: 0, versionsBack, lateBySeconds, times: 2 }) as const;
  const USED: History = {
    ...WITH_CONSUMER,
    acts: [
      ...WITH_CONSUMER.acts,
      { do: 'acknowledge', key: 0, consumer: 0 },
      { do: 'wait', seconds: 60 },
      told(1, 7200),
      told(0, 0),
    ],
  };

  it('with word of uses that comes late and twice breaks nothing', async () => {
    expect(await play(USED)).toEqual([]);
  });

  it.each<[string, RegExp, (world: World) => void]>([
    [
      'forgets when it saw a consumer last',
      /^I12 the last use of consumer-0 went back/,
      ({ store }) => {
        const commit = store.commit.bind(store);
        store.commit = async (change) => {
          const known = (await store.readKey('orders'))?.consumers ?? [];
          const seen = known.filter((one) => one.lastSeenAt !== null);
          if (change.audit.action === 'consumer.seen' || seen.length === 0) return commit(change);
          return commit({
            ...change,
            consumers: seen.map((one) => ({ ...one, lastSeenAt: null })),
          });
        };
      },
    ],
  ])('finds a world that %s', async (_what, violation, sabotage) => {
    expect(await play(USED, sabotage)).toContainEqual(expect.stringMatching(violation));
  });

  const STORED = [
    { do: 'store', key: 0, item: 0, isLate: false },
    { do: 'rotate', key: 0, request: 0 },
    { do: 'wait', seconds: 60 },
    { do: 'destroy', key: 0, versionsBack: 1 },
  ] as const;
  const destroyed = async (history: History, sabotage: (world: World) => void = () => {}) => {
    const seen = { actions: [] as string[], violations: [] as readonly string[] };
    seen.violations = await play(history, (world) => {
      const { store } = world;
      const commit = store.commit.bind(store);
      store.commit = async (change) => {
        await commit(change);
        seen.actions.push(change.audit.action);
      };
      sabotage(world);
    });
    return seen;
  };

  it('with a version that is destroyed, or kept in the last hours, breaks nothing', async () => {
    const gone = await destroyed({ ...ROTATION, acts: STORED });
    const keep = { do: 'keep', key: 0 } as const;
    const kept = await destroyed({ ...ROTATION, acts: [...STORED, keep] });

    expect([gone.violations, kept.violations]).toEqual([[], []]);
    expect(gone.actions).toContain('version.destroyed');
    expect(kept.actions).toContain('destruction.restored');
    expect(kept.actions).not.toContain('version.destroyed');
  });

  const ROWS: History = {
    ...ROTATION,
    keys: 2,
    hasDataKeys: true,
    acts: [
      { do: 'encrypt', key: 1 },
      { do: 'rotate', key: 1, request: 0 },
      { do: 'retire', key: 1, versionsBack: 1 },
      { do: 'destroy', key: 1, versionsBack: 1 },
      { do: 'encrypt', key: 1 },
    ],
  };

  it('with a data key that is destroyed breaks nothing', async () => {
    const { violations, actions } = await destroyed(ROWS);

    expect(violations).toEqual([]);
    expect(actions).toContain('destruction.erased');
  });

  it('with a key that is let go breaks nothing', async () => {
    const release = { do: 'release', key: 0 } as const;
    const acts = [...ROTATION.acts, release, ...ROTATION.acts];
    const { violations, actions } = await destroyed({ ...ROTATION, acts });

    expect(violations).toEqual([]);
    expect(actions).toContain('key.released');
  });

  it('finds a world that destroys what somebody keeps', async () => {
    const deaf = ({ keyStates }: World) => {
      keyStates.enable = async () => {};
    };
    const keep = { do: 'keep', key: 0 } as const;
    // It is disabled first.
    const acts = [...STORED, { do: 'sweep', times: 1 } as const, keep];
    const { violations } = await destroyed({ ...ROTATION, acts }, deaf);

    expect(violations).toContainEqual(expect.stringMatching(/^I5 orders v1 is disabled in KMS/));
  });

  it('finds a world that brings a data key back', async () => {
    const undying = ({ store }: World) => {
      let before: unknown = null;
      const commit = store.commit.bind(store);
      store.commit = async (change) => {
        const versions = (change.versions ?? []).map((one) => {
          if (one.dataKey && one.version === 1) before = one.dataKey;
          return one.state === 'destroyed' ? ({ ...one, dataKey: before } as typeof one) : one;
        });
        return commit({ ...change, versions });
      };
    };
    expect((await destroyed(ROWS, undying)).violations).toContainEqual(
      expect.stringMatching(/^I5 the data key of invoices v1 is there/),
    );
  });

  it('finds a rotation that is thrown out of step by a lost process', async () => {
    const lost: History = {
      ...ROTATION,
      faults: [{ goes: 'execution-lost', at: 60, phase: 'after' }],
    };
    const neverResumes = ({ store }: World) => {
      store.listDue = async () => [];
    };

    expect(await play(lost)).toEqual([]);
    expect(await play(lost, neverResumes)).toContainEqual(expect.stringMatching(/^I8/));
  });
});
