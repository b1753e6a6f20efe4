// SPDX-License-Identifier: Apache-2.0
// The simulation of approvals on a few hundred seeds, and that it notices what it is for: worlds that are broken on
// purpose are found by their histories.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aHistory } from './approval-history.ts';
import { play, playOut } from './approval-play.ts';
import type { ApprovalWorld } from './approval-world.ts';

/** More than enough to meet each end, and each of the broken worlds below, many times. */
const SEEDS = 500;
const histories = fc.sample(aHistory, { seed: 11, numRuns: SEEDS });

describe('histories of approvals', () => {
  it('break nothing, and end in every way there is', async () => {
    const ends = new Map<string, number>();
    for (const history of histories) {
      const outcome = await playOut(history);
      expect(outcome.violations, JSON.stringify(history)).toEqual([]);
      for (const end of outcome.ends) ends.set(end, (ends.get(end) ?? 0) + 1);
    }

    expect([...ends.keys()].sort()).toEqual([
      'cancelled',
      'denied',
      'executed',
      'expired',
      'lapsed',
    ]);
    for (const [end, times] of ends) expect(times, end).toBeGreaterThan(5);
  });

  it('are the same each time for one seed', async () => {
    expect(fc.sample(aHistory, { seed: 11, numRuns: SEEDS })).toEqual(histories);
    const [history] = histories;
    if (history) expect(await playOut(history)).toEqual(await playOut(history));
  });

  it.each<[string, RegExp, (world: ApprovalWorld) => void]>([
    [
      'writes without looking at the revision',
      /^one outcome|^once/,
      ({ store }) => {
        const commit = store.commitApproval.bind(store);
        store.commitApproval = async (change) => {
          const { revision } = (await store.readApproval(change.approval.id)) ?? { revision: null };
          await commit({ ...change, expectedRevision: revision }).catch(() =>
            commit({
              ...change,
              expectedRevision: revision,
              audit: { ...change.audit, sequence: (revision ?? 0) + 1 },
            }),
          );
        };
      },
    ],
    [
      'executes what was executed',
      /^once: .* twice/,
      ({ store }) => {
        const read = store.readApproval.bind(store);
        store.readApproval = async (id) => {
          const found = await read(id);
          return found?.state === 'executed' ? { ...found, state: 'approved' } : found;
        };
      },
    ],
    [
      'counts votes of those who left',
      /^quorum: .* with \d of \d/,
      (world) => {
        const { people } = world;
        world.seenPeople = () => people;
      },
    ],
    [
      'counts forged signatures',
      /^quorum: .* with \d of \d/,
      (world) => {
        world.faultOf = () => null;
      },
    ],
    [
      'lets whoever asks vote',
      /^requester: voted/,
      ({ store }) => {
        const read = store.readApproval.bind(store);
        store.readApproval = async (id) => {
          const found = await read(id);
          const asks = { sub: 'usr_0', user: 'person-0', groups: [], teams: [] };
          return found && { ...found, requestedBy: 'usr_9', roster: [...found.roster, asks] };
        };
      },
    ],
    [
      'takes votes after the window',
      /^window: a vote on/,
      (world) => {
        const start = world.clock.now();
        world.seenClock = { now: () => start };
      },
    ],
    [
      'executes what rests on another state',
      /^digest: .* on another state/,
      (world) => {
        world.basis = () => ({ value: 0 });
      },
    ],
    [
      'does not come back to lost executions',
      /^ends: .* for good/,
      ({ store }) => {
        store.listDueApprovals = async () => [];
      },
    ],
  ])('find a world that %s', async (_what, violation, sabotage) => {
    let found: string | undefined;
    for (const history of histories) {
      const { violations } = await playOut(history, sabotage);
      found = violations.find((one) => violation.test(one));
      if (found) break;
    }

    expect(found).toMatch(violation);
  });

  it('of a failing seed shrink to the acts that matter', async () => {
    const executesAgain = ({ store }: ApprovalWorld) => {
      const read = store.readApproval.bind(store);
      store.readApproval = async (id) => {
        const found = await read(id);
        return found?.state === 'executed' ? { ...found, state: 'approved' } : found;
      };
    };
    const broken = async (history: typeof aHistory extends fc.Arbitrary<infer H> ? H : never) =>
      (await playOut(history, executesAgain)).violations.length === 0;
    const { counterexample } = await fc.check(fc.asyncProperty(aHistory, broken), { seed: 1 });
    const [history] = counterexample ?? [];

    expect(history?.acts.length).toBeLessThanOrEqual(6);
    expect(history && (await play(history))).toEqual([]);
  });
});
