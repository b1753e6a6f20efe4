// SPDX-License-Identifier: Apache-2.0
// Requests for approval over the ports in memory: the real use cases, and an act that may be done any number of times, so
// that nothing but its approval keeps it from being done twice.
import { MemoryClock } from '#adapters/memory/clock.ts';
import { type PortCall, withHook } from '#adapters/memory/faults.ts';
import { CountingIds } from '#adapters/memory/ids.ts';
import { MemoryLedger } from '#adapters/memory/ledger.ts';
import { MemoryWorkflows } from '#adapters/memory/workflows.ts';
import type { Act } from '#core/approvals/act.ts';
import type { ApprovalRecord, VoteRecord } from '#core/approvals/records.ts';
import type { ApprovalRule, Elector } from '#core/policies/approval-rules.ts';
import type { ApprovalLedger } from '#core/ports/approvals.ts';
import type { Clock } from '#core/ports/platform.ts';
import { type History, PEOPLE } from './approval-history.ts';

export const GROUP = 'grp_custodians';
export const WINDOW_SECONDS = 600;
export const EXECUTION_SECONDS = 60;
const TEAMS = [['a'], ['b'], ['a', 'b'], ['b'], ['a']];

/** Person 0 asks, and belongs to those who decide, too. */
export const personOf = (index: number): Elector => ({
  sub: `usr_${index}`,
  user: `person-${index}`,
  groups: [GROUP],
  teams: TEAMS[index % TEAMS.length] ?? [],
});

const ruleOf = ({ required, distinctTeams, signed }: History): ApprovalRule => ({
  name: 'simulated',
  actions: ['key.release'],
  required,
  distinctTeams,
  groups: [{ group: GROUP, required: 0 }],
  signed,
  slack: !signed,
  windowSeconds: WINDOW_SECONDS,
  executionSeconds: EXECUTION_SECONDS,
});

type Vote = Pick<VoteRecord, 'signature'>;

export class ApprovalWorld {
  readonly clock = new MemoryClock();
  readonly store = new MemoryLedger();
  readonly workflows = new MemoryWorkflows();
  readonly ids = new CountingIds();
  people: readonly Elector[] = Array.from({ length: PEOPLE }, (_, index) => personOf(index));
  /** What requests rest on. */
  value = 0;
  /** What the code under test sees of people, time and signatures: a test breaks it here. */
  seenPeople = () => this.people;
  seenClock: Clock = this.clock;
  faultOf = ({ signature }: Vote) => (signature?.signature === 'valid' ? null : 'it does not hold');
  /** Ids of requests whose act was done, as often as it was. */
  readonly done: string[] = [];
  /** Called around every call of ledger and directory. */
  onCall: (call: PortCall) => Promise<void> | void = () => {};
  readonly #rule: ApprovalRule;

  constructor(history: History) {
    this.#rule = ruleOf(history);
  }

  get deps() {
    const hook = (call: PortCall) => this.onCall(call);
    const ledger = withHook(this.store, hook);
    const electorate = withHook(
      {
        people: async () => this.seenPeople(),
        rules: async () => [this.#rule],
        quorums: async () => ({}),
      },
      hook,
    );
    const { seenClock: clock, ids, workflows } = this;
    const verifier = {
      fault: async (_approval: ApprovalRecord, vote: Vote) => this.faultOf(vote),
    };
    return {
      ...{
        ledger,
        approvals: ledger,
        passkeys: ledger,
        clock,
        ids,
        workflows,
        electorate,
        verifier,
      },
      stage: 'local',
    };
  }

  /** Does something, once for each commit that it gets through. */
  readonly act: Act<{ readonly approvals: ApprovalLedger }> = {
    action: 'key.release',
    describe: async (_deps, { parameters }) => ({
      key: 'orders',
      version: 1,
      operationId: null,
      parameters,
      what: 'Do it',
      class: 'test',
      environment: 'development',
      blast: {
        consumers: 0,
        topOwners: [],
        lastUse: null,
        unreadable: null,
        undo: null,
        irreversible: true,
      },
      basis: this.basis(),
    }),
    execute: async ({ approvals }, approval, consume) => {
      await approvals.commitApproval(consume(this.basis(), `op_${approval.id}`));
      return [];
    },
  };

  basis = (): unknown => ({ value: this.value });
}
