// SPDX-License-Identifier: Apache-2.0
import validateAsl from 'asl-validator';
import { describe, expect, it } from 'vitest';
import {
  type Machine,
  readWorkflow,
  readWorkflowText,
  type State,
  WORKFLOWS,
} from '#test/support/asl.ts';
import { lintWorkflow, RULES } from './lint.ts';

describe.each(WORKFLOWS)('%s', (name) => {
  it('passes our lint', () => {
    expect(lintWorkflow(readWorkflow(name), readWorkflowText(name))).toEqual([]);
  });

  it('is valid Amazon States Language', () => {
    expect(validateAsl(readWorkflow(name))).toMatchObject({ isValid: true, errors: [] });
  });
});

/** A machine to spoil, and the way to spoil one of its states. */
type Seed = (machine: Machine) => Machine;
const inState =
  (name: string, change: (state: State) => object): Seed =>
  (machine) => {
    const States = Object.entries(machine.States).map(([own, state]) => {
      const { ItemProcessor } = state;
      if (own === name) return [own, change(state)];
      return [
        own,
        ItemProcessor ? { ...state, ItemProcessor: inState(name, change)(ItemProcessor) } : state,
      ];
    });
    return { ...machine, States: Object.fromEntries(States) };
  };
const without = <T extends object>(value: T, member: keyof T): object => {
  const { [member]: _gone, ...rest } = value;
  return rest;
};
const placeholder = (name: string) => ['${', name, '}'].join('');
const retriers = (state: State, change: object) =>
  (state.Retry ?? []).map((retrier) => ({ ...retrier, ...change }));
const payload = (state: State, change: object) => {
  const parameters = state.Parameters as { Payload: object };
  return { ...state, Parameters: { ...parameters, Payload: { ...parameters.Payload, ...change } } };
};

/** One violation of each rule: the workflow it is seeded in, and how. */
const SEEDS: Record<keyof typeof RULES, [workflow: string, seed: Seed][]> = {
  'the machine has a comment and a timeout': [
    ['rotate-key', (machine) => without(machine, 'TimeoutSeconds') as Machine],
    ['rotate-key', (machine) => ({ ...machine, Comment: '' })],
  ],
  'every state has a comment': [
    ['rotate-key', inState('Bake', (state) => without(state, 'Comment'))],
  ],
  'every task ends': [
    ['rotate-key', inState('CreateVersion', (state) => without(state, 'TimeoutSeconds'))],
  ],
  'every task catches everything': [
    ['rotate-key', inState('CreateVersion', (state) => without(state, 'Catch'))],
  ],
  'what is caught is kept': [
    [
      'rotate-key',
      inState('CreateVersion', (state) => ({
        ...state,
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'NotPrepared' }],
      })),
    ],
  ],
  'a task token is passed on': [
    [
      'provision-key-store',
      inState('SignCertificate', (state) => payload(state, { 'taskToken.$': '$.x' })),
    ],
  ],
  'waiting for a token can time out': [
    [
      'provision-key-store',
      inState('ActivateCluster', (state) => ({ ...state, Catch: state.Catch?.slice(1) })),
    ],
  ],
  'every task retries transient errors': [
    ['rotate-key', inState('CreateVersion', (state) => without(state, 'Retry'))],
  ],
  'what costs money is asked for once': ['CreateCluster', 'CreateSecondHsm'].map((name) => [
    'provision-key-store',
    inState(name, (state) => ({ ...state, Retry: [{ ErrorEquals: ['Throttled'] }] })),
  ]),
  'a loop is bounded': [
    [
      'provision-key-store',
      inState('IsConnected', (state) => ({ ...state, Default: 'AwaitConnection' })),
    ],
  ],
  'a Retry backs off with jitter and a limit': [
    { BackoffRate: 1 },
    { MaxDelaySeconds: undefined },
    { MaxAttempts: undefined },
    { JitterStrategy: 'NONE' },
  ].map((change) => [
    'rotate-key',
    inState('CreateVersion', (state) => ({ ...state, Retry: retriers(state, change) })),
  ]),
  'a Retry names its errors': [
    [
      'rotate-key',
      inState('CreateVersion', (state) => ({
        ...state,
        Retry: retriers(state, { ErrorEquals: ['States.ALL'] }),
      })),
    ],
  ],
  'error names are known': [
    [
      'rotate-key',
      inState('CreateVersion', (state) => ({
        ...state,
        Retry: retriers(state, { ErrorEquals: ['KeyNotYetVisble'] }),
      })),
    ],
  ],
  'every state is reached': [
    ['rotate-key', inState('Settle', (state) => ({ ...state, Next: 'SwitchAlias' }))],
    ['rotation-sweep', inState('IsSearchDue', (state) => ({ ...state, Choices: [] }))],
  ],
  'every target exists': [
    ['rotate-key', inState('Settle', (state) => ({ ...state, Next: 'ProbeOpn' }))],
    ['rotate-key', (machine) => ({ ...machine, StartAt: 'Begin' })],
  ],
  'every path ends': [['rotate-key', inState('Settle', (state) => without(state, 'Next'))]],
  'a choice has a default': [
    ['undo-operation', inState('IsPastSwitch', (state) => without(state, 'Default'))],
    ['rotate-key', inState('Entry', (state) => without(state, 'Default'))],
  ],
  'a map is bounded and its items fail alone': [
    ['rotation-sweep', inState('StartOperations', (state) => without(state, 'MaxConcurrency'))],
    ['rotate-key', inState('SwitchAlias', (state) => ({ ...state, Catch: [] }))],
  ],
  'an Express child waits for nothing': [
    ['rotate-key', inState('NotPrepared', (state) => ({ ...state, Type: 'Wait', Seconds: 1 }))],
    [
      'rotate-key',
      inState('UndoSwitch', (state) => ({ ...state, Resource: `${state.Resource}.sync:2` })),
    ],
  ],
  'an Express child gives up before it ends': [
    [
      'rotate-key',
      inState('ProbeOpen', (state) => ({ ...state, Retry: retriers(state, { MaxAttempts: 30 }) })),
    ],
  ],
  'a distributed map tolerates what fails in it': [
    ['rotate-key', inState('Switch', (state) => without(state, 'ToleratedFailureCount'))],
  ],
  'a distributed map is of the portable subset': [
    ['rotate-key', inState('Switch', (state) => ({ ...state, ItemBatcher: {} }))],
  ],
  'an execution is named after its operation': [
    [
      'rotation-sweep',
      inState('StartRotateKey', (state) => ({
        ...state,
        Parameters: { StateMachineArn: placeholder('RotateKeyArn'), Input: {} },
      })),
    ],
  ],
  'only ids travel': ['plaintext', 'password.$', 'apiToken', 'clientSecret'].map((field) => [
    'rotate-key',
    inState('CreateVersion', (state) => payload(state, { [field]: 'x' })),
  ]),
  'no call writes keys into the history': ['decrypt', 'generateDataKey', 'generateDataKeyPair'].map(
    (call) => [
      'provision-key-store',
      inState('ConnectKeyStore', (state) => ({
        ...state,
        Resource: `arn:aws:states:::aws-sdk:kms:${call}`,
      })),
    ],
  ),
  'nothing names an account': [
    [
      'rotate-key',
      inState('CreateVersion', (state) => ({
        ...state,
        Parameters: {
          FunctionName: 'arn:aws:lambda:eu-west-1:111122223333:function:x',
          Payload: {},
        },
      })),
    ],
  ],
  'placeholders are known': [
    [
      'rotate-key',
      inState('CreateVersion', (state) => ({
        ...state,
        Parameters: { FunctionName: placeholder('CreateVersonFn'), Payload: {} },
      })),
    ],
  ],
  'an operation fails only from a safe place': [
    [
      'generate-key',
      inState('CreateVersion', (state) => ({
        ...state,
        Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'NotParked' }],
      })),
    ],
  ],
  'paths are JSONPath of our subset': [
    ['rotate-key', (machine) => ({ ...machine, QueryLanguage: 'JSONata' })],
    ['rotate-key', inState('Settle', (state) => ({ ...state, InputPath: '$.x' }))],
  ],
  'the file is small': [
    [
      'rotate-key',
      (machine) => ({
        ...machine,
        States: {
          ...machine.States,
          ...Object.fromEntries(
            Array.from({ length: 20 }, (_, index) => [
              `Pad${index}`,
              machine.States['Settle'] as State,
            ]),
          ),
        },
      }),
    ],
  ],
};

describe('the lint', () => {
  it('has a seeded violation for every rule', () => {
    expect(Object.keys(SEEDS).sort()).toEqual(Object.keys(RULES).sort());
  });

  const cases = Object.entries(SEEDS).flatMap(([rule, seeds]) =>
    seeds.map(([workflow, seed], index) => ({ rule, workflow, seed, number: index + 1 })),
  );
  it.each(cases)('finds it when not: $rule ($number)', ({ rule, workflow, seed }) => {
    const spoiled = seed(readWorkflow(workflow));

    expect(spoiled).not.toEqual(readWorkflow(workflow));
    expect(RULES[rule]?.(spoiled, JSON.stringify(spoiled))).not.toEqual([]);
  });

  it('counts lines as well as states', () => {
    const machine = readWorkflow('rotation-sweep');

    expect(RULES['the file is small']?.(machine, `${'\n'.repeat(460)}x`)).toEqual([
      'more than 450 lines',
    ]);
  });
});
