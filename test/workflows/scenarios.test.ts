// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { allStates, readWorkflow, WORKFLOWS } from '#test/support/asl.ts';
import { SCENARIO_TABLES } from './scenarios/all.ts';
import { answers, fails, runScenario } from './scenarios/scenario.ts';

describe.each(SCENARIO_TABLES)('$workflow', ({ workflow, scenarios }) => {
  it.each(scenarios)('$name', async (scenario) => {
    const { result } = await runScenario(workflow, scenario);

    expect(result.path).toEqual(scenario.path);
    expect(result.status).toBe(scenario.status);
    expect(result.error).toBe(scenario.error ?? null);
  });

  it('has a scenario through every state and every Catch', async () => {
    const runs = await Promise.all(scenarios.map((scenario) => runScenario(workflow, scenario)));
    const entered = new Set(runs.flatMap((run) => run.result.path));
    const caught = new Set(runs.flatMap((run) => run.result.caught));
    const states = allStates(readWorkflow(workflow));

    expect(states.map(([name]) => name).filter((name) => !entered.has(name))).toEqual([]);
    const catches = states.flatMap(([name, state]) =>
      (state.Catch ?? []).map((catcher) => `${name} -> ${catcher.Next}`),
    );
    expect(catches.filter((edge) => !caught.has(edge))).toEqual([]);
  });
});

describe('the scenario tables', () => {
  it('cover every workflow', () => {
    expect(SCENARIO_TABLES.map((table) => table.workflow).sort()).toEqual(WORKFLOWS);
  });
});

describe('a provisioning that stops', () => {
  const causeOf = async (scenario: string) => {
    const table = SCENARIO_TABLES.find(({ workflow }) => workflow === 'provision-key-store');
    const found = table?.scenarios.find(({ name }) => name === scenario);
    if (!found) throw new Error(`no scenario ${scenario}`);
    const { calls } = await runScenario('provision-key-store', found);
    const { Payload } = calls.find(({ state }) => state === 'RecordFailure')?.parameters ?? {};
    return Payload;
  };

  it.each([
    ['stops when the cluster is never made', /cluster-1 stayed CREATE_IN_PROGRESS .* 3 looks/],
    ['stops when a new cluster is never listed', /does not list cluster cluster-1 after 3 looks/],
    ['stops when the key store never connects', /cks-1 stayed CONNECTING for 1 looks/],
  ])('%s, and says so', async (scenario, cause) => {
    expect(await causeOf(scenario)).toMatchObject({
      outcome: 'parked',
      failure: { Error: 'KeyStoreUnavailable', Cause: expect.stringMatching(cause) },
    });
  });
});

const BATCH = {
  entry: 'prepare',
  settleSeconds: 0,
  bakeSeconds: 0,
  groups: [
    {
      items: [{ operationId: 'op_1', key: 'orders', fence: 3, attempt: 1, executionName: 'op_1' }],
    },
  ],
};

describe('the history of an execution', () => {
  it('[INV-09] what travels between states is ids and waits alone: no state keeps what a function answered', async () => {
    const secret = { plaintext: 'c2VjcmV0', token: 'bearer' };
    const begun = answers(secret);
    const { result, calls } = await runScenario('rotate-key', {
      name: '',
      input: BATCH,
      stubs: { BeginOperation: [begun], VerifyVersion: [answers(secret)] },
      path: [],
      status: 'SUCCEEDED',
    });

    expect(result.status).toBe('SUCCEEDED');
    expect(JSON.stringify([calls, result.output])).not.toMatch(/c2VjcmV0|bearer/);
  });

  it('hands the cause of a failure to the function that records it', async () => {
    const rotation = await runScenario('rotate-key', {
      name: '',
      input: BATCH,
      stubs: { CreateVersion: [fails('KeyStoreUnavailable', 'disconnected')] },
      path: [],
      status: 'SUCCEEDED',
    });
    const handedOver = rotation.calls.find((call) => call.state === 'UndoPrepare');
    expect(handedOver?.parameters['Name']).toBe('op_1');
    const { calls } = await runScenario('undo-operation', {
      name: '',
      input: handedOver?.parameters['Input'],
      stubs: { Direct: [answers({ direction: 'back' })] },
      path: [],
      status: 'FAILED',
    });

    const compensation = calls.find((call) => call.state === 'CompensateOperation');
    expect(compensation?.parameters['Payload']).toEqual({
      operationId: 'op_1',
      key: 'orders',
      fence: 3,
      failure: { Error: 'KeyStoreUnavailable', Cause: 'disconnected' },
    });
  });
});
