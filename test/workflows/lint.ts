// SPDX-License-Identifier: Apache-2.0
// Our lint of workflow files: what a state machine must have to be safe to run, beyond what AWS accepts. One rule is
// one function that gives back its findings; a finding names the state and what is wrong.
import { ERROR_CODES } from '#core/contract/errors.ts';
import { allStates, type Machine, type Retrier, type State } from '#test/support/asl.ts';
import { PLACEHOLDERS } from './placeholders.ts';

const MAX_LINES = 450;
const MAX_STATES = 30;
const WAITS_FOR_TOKEN = '.waitForTaskToken';
/** What failed first stays in $.error; a failure of the handling goes beside it, so that the cause is not lost. */
const KEEPS_CAUGHT = ['$.error', '$.laterError'];

/** Prefixes of error names that are not ours: Step Functions, Lambda, and services through integrations. */
const FOREIGN_ERRORS = /^(States|Lambda|Runtime|Sandbox|StepFunctions|CloudHsmV2|Kms)\.\w+$/;
/** Fields that could carry a secret into the execution history. A task token travels by context only. */
const SECRET_FIELDS = /password|secret|plaintext|private|credential|(^|[^k])token/i;
/** Service calls that write plaintext keys into the execution history, or that cannot be undone. */
const FORBIDDEN_CALLS =
  /aws-sdk:kms:(decrypt|generateDataKey|generateRandom|disableKey|scheduleKeyDeletion)|secretsmanager/i;
/** Calls that make what costs money by the hour and take no client token: a retry can make it twice. */
const PAID_CALLS = /aws-sdk:cloudhsmv2:create(Cluster|Hsm)$/;
const LITERAL_ARN = /arn:[^:]*:[^:]*:[^:]*:\d{12}|(?<!\d)\d{12}(?!\d)/;
/** States that may come before a Fail: the operation is in a safe place, or nothing was begun. */
const SAFE_ENDS: readonly string[] = [
  'ParkOperation',
  'CompensateOperation',
  'RecordFailure',
  'BeginOperation',
  'BeginReencryption',
  'FindDueRotations',
  'SweepOrphans',
  'ReviewPolicies',
  'ReviewRetirements',
  // The request's row is the record, and the sweep goes on from it.
  'AwaitDecision',
  'TendApproval',
  'ExecuteApproved',
  'ParkRecovery',
  // The scope stays denied, and its row says how far it is.
  'HasPatience',
  // The destruction's row is the record, and stays due.
  'LookAtDestruction',
  'NextStep',
  'RemoveVersion',
  'RestoreVersion',
  'VerifyDestruction',
  'CertifyDestruction',
];

/** Half of an Express execution's five minutes: the longest that one Retry of a step may back off in all. */
const EXPRESS_RETRY_SECONDS = 150;

type Rule = (machine: Machine, text: string) => string[];

/** A rule about each state alone. */
const perState =
  (check: (state: State, name: string) => string | null): Rule =>
  (machine) =>
    allStates(machine).flatMap(([name, state]) => {
      const finding = check(state, name);
      return finding === null ? [] : [`${name}: ${finding}`];
    });

/** A rule about each scope of states: the machine itself, and each map's processor. */
const perScope =
  (check: (scope: Machine) => string[]): Rule =>
  (machine) => [
    ...check(machine),
    ...allStates(machine).flatMap(([, { ItemProcessor }]) =>
      ItemProcessor ? perScope(check)(ItemProcessor, '') : [],
    ),
  ];

const targetsOf = (state: State): string[] =>
  [
    state.Next,
    state.Default,
    ...(state.Choices ?? []).map((choice) => choice.Next),
    ...(state.Catch ?? []).map((catcher) => catcher.Next),
  ].filter((target) => target !== undefined);

const isTask = (state: State) => state.Type === 'Task';
const isPaidFor = (state: State) => PAID_CALLS.test(state.Resource ?? '');
const waitsForToken = (state: State) => state.Resource?.endsWith(WAITS_FOR_TOKEN) === true;
const catches = (state: State, error: string) =>
  (state.Catch ?? []).some((catcher) => catcher.ErrorEquals.includes(error));

function reachable(scope: Machine): Set<string> {
  const seen = new Set<string>();
  const pending = [scope.StartAt];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const state = scope.States[name];
    if (!state || seen.has(name)) continue;
    seen.add(name);
    pending.push(...targetsOf(state));
  }
  return seen;
}

/** The most that a Retry can wait, all its tries together. */
function longestDelaySeconds(retrier: Retrier): number {
  const { IntervalSeconds = 1, BackoffRate = 2, MaxAttempts = 3 } = retrier;
  const delays = Array.from({ length: MaxAttempts }, (_, tries) =>
    Math.min(IntervalSeconds * BackoffRate ** tries, retrier.MaxDelaySeconds ?? 60),
  );
  return delays.reduce((sum, delay) => sum + delay, 0);
}

/** True when a Wait is entered only by a Choice that compares a count with a limit. */
function isCounted(machine: Machine, wait: string): boolean {
  const before = Object.values(machine.States).filter((state) => targetsOf(state).includes(wait));
  return before.every((state) =>
    (state.Choices ?? []).some((rule) => rule.Next === wait && rule.NumericLessThanPath),
  );
}

/** Names and values of all members below a value. */
function members(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => [
    [name, member] as [string, unknown],
    ...members(member),
  ]);
}

/** The rules by name. */
export const RULES: Readonly<Record<string, Rule>> = {
  'the machine has a comment and a timeout': (machine) =>
    machine.Comment && machine.TimeoutSeconds ? [] : ['Comment or TimeoutSeconds is missing'],

  'every state has a comment': perState((state) => (state.Comment ? null : 'no Comment')),

  'every task ends': perState((state) =>
    isTask(state) && !state.TimeoutSeconds && !state.TimeoutSecondsPath
      ? 'no TimeoutSeconds'
      : null,
  ),

  'every task catches everything': perState((state) =>
    isTask(state) && !catches(state, 'States.ALL') ? 'no Catch of States.ALL' : null,
  ),

  'what is caught is kept': perState((state) =>
    (state.Catch ?? []).some((catcher) => !KEEPS_CAUGHT.includes(catcher.ResultPath ?? ''))
      ? 'a Catch whose ResultPath is neither $.error nor $.laterError'
      : null,
  ),

  'a task token is passed on': perState((state) => {
    if (!waitsForToken(state)) return null;
    const isPassed = members(state.Parameters).some(([, value]) => value === '$$.Task.Token');
    return isPassed ? null : 'waits for a token that it does not pass';
  }),

  'waiting for a token can time out': perState((state) =>
    waitsForToken(state) && !catches(state, 'States.Timeout') ? 'no Catch of States.Timeout' : null,
  ),

  'every task retries transient errors': perState((state) =>
    isTask(state) && !isPaidFor(state) && (state.Retry ?? []).length === 0 ? 'no Retry' : null,
  ),

  'what costs money is asked for once': perState((state) =>
    isPaidFor(state) && (state.Retry ?? []).length > 0 ? 'a Retry' : null,
  ),

  'a loop is bounded': (machine) =>
    Object.entries(machine.States)
      .filter(([, state]) => state.Type === 'Wait')
      .filter(([name, state]) => reachable({ ...machine, StartAt: state.Next ?? '' }).has(name))
      .filter(([name]) => !isCounted(machine, name))
      .map(([name]) => `${name}: waits in a loop without a limit`),

  'a Retry backs off with jitter and a limit': perState((state) => {
    const isComplete = (state.Retry ?? []).every(
      (retrier) =>
        (retrier.BackoffRate ?? 0) > 1 &&
        (retrier.MaxDelaySeconds ?? 0) > 0 &&
        (retrier.MaxAttempts ?? 0) > 0 &&
        retrier.JitterStrategy === 'FULL',
    );
    return isComplete
      ? null
      : 'a Retry without BackoffRate, MaxDelaySeconds, MaxAttempts, or FULL jitter';
  }),

  'a Retry names its errors': perState((state) =>
    (state.Retry ?? []).some((retrier) =>
      retrier.ErrorEquals.some((error) => ['States.ALL', 'States.TaskFailed'].includes(error)),
    )
      ? 'a Retry of everything'
      : null,
  ),

  'error names are known': perState((state) => {
    const names = [...(state.Retry ?? []), ...(state.Catch ?? [])].flatMap(
      (entry) => entry.ErrorEquals,
    );
    const unknown = names.filter(
      (name) => !(ERROR_CODES as readonly string[]).includes(name) && !FOREIGN_ERRORS.test(name),
    );
    return unknown.length > 0 ? `unknown error ${unknown.join(', ')}` : null;
  }),

  'every state is reached': perScope((scope) => {
    const seen = reachable(scope);
    return Object.keys(scope.States)
      .filter((name) => !seen.has(name))
      .map((name) => `${name}: is never reached`);
  }),

  'every target exists': perScope((scope) => [
    ...(scope.States[scope.StartAt] ? [] : [`StartAt ${scope.StartAt} does not exist`]),
    ...Object.entries(scope.States).flatMap(([name, state]) =>
      targetsOf(state)
        .filter((target) => !scope.States[target])
        .map((target) => `${name}: goes to ${target}, which does not exist`),
    ),
  ]),

  'every path ends': perScope((scope) =>
    Object.entries(scope.States)
      .filter(([, state]) => !['Succeed', 'Fail'].includes(state.Type) && !state.End)
      .filter(([, state]) => targetsOf(state).length === 0)
      .map(([name]) => `${name}: goes nowhere and does not end`),
  ),

  'a choice has a default': perState((state) =>
    state.Type === 'Choice' && !state.Default ? 'no Default' : null,
  ),

  'a map is bounded and its items fail alone': perState((state) => {
    if (state.Type !== 'Map') return null;
    if (!state.MaxConcurrency) return 'no MaxConcurrency';
    const tasks = (state.ItemProcessor ? allStates(state.ItemProcessor) : [])
      .map(([, inner]) => inner)
      .filter(isTask);
    return tasks.every((task) => catches(task, 'States.ALL')) ? null : 'an item can fail the map';
  }),

  'an execution is named after its operation': perState((state) => {
    if (!state.Resource?.includes('states:startExecution')) return null;
    const parameters = state.Parameters as Record<string, unknown> | undefined;
    return parameters?.['Name.$'] === '$.executionName' ? null : 'Name is not $.executionName';
  }),

  // Express executions end after five minutes and are started at least once.
  'an Express child waits for nothing': perState((state) => {
    if (state.ItemProcessor?.ProcessorConfig?.ExecutionType !== 'EXPRESS') return null;
    const waiting = allStates(state.ItemProcessor).filter(
      ([, inner]) =>
        inner.Type === 'Wait' || /\.(sync|waitForTaskToken)/.test(inner.Resource ?? ''),
    );
    return waiting.length > 0 ? `${waiting[0]?.[0]} waits` : null;
  }),

  'an Express child gives up before it ends': perState((state) => {
    if (state.ItemProcessor?.ProcessorConfig?.ExecutionType !== 'EXPRESS') return null;
    const slow = allStates(state.ItemProcessor).filter(([, inner]) =>
      (inner.Retry ?? []).some((retrier) => longestDelaySeconds(retrier) > EXPRESS_RETRY_SECONDS),
    );
    return slow.length > 0
      ? `${slow[0]?.[0]} retries longer than ${EXPRESS_RETRY_SECONDS} s`
      : null;
  }),

  'a distributed map tolerates what fails in it': perState((state) =>
    state.ItemProcessor?.ProcessorConfig?.Mode === 'DISTRIBUTED' && !state.ToleratedFailureCount
      ? 'no ToleratedFailureCount'
      : null,
  ),

  // LocalStack 4.14 knows none of these, and the AWS emulator ignores them.
  'a distributed map is of the portable subset': perState((state) =>
    ['ItemBatcher', 'ItemReader', 'ResultWriter', 'ToleratedFailurePercentage'].some(
      (field) => field in state,
    )
      ? 'uses a field that an emulator lacks'
      : null,
  ),

  'only ids travel': perState((state) => {
    const named = members([state.Parameters, state.ResultSelector, state.Result])
      .filter(([, value]) => value !== '$$.Task.Token')
      .map(([name]) => name)
      .filter((name) => SECRET_FIELDS.test(name));
    return named.length > 0 ? `field ${named.join(', ')} can hold a secret` : null;
  }),

  'no call writes keys into the history': perState((state) =>
    FORBIDDEN_CALLS.test(state.Resource ?? '') ? `calls ${state.Resource}` : null,
  ),

  'nothing names an account': (_machine, text) => {
    const found = LITERAL_ARN.exec(text);
    return found ? [`${found[0]} is a literal`] : [];
  },

  'placeholders are known': (_machine, text) =>
    [...text.matchAll(/\$\{(\w+)\}/g)]
      .map(([, name]) => name ?? '')
      .filter((name) => !PLACEHOLDERS.includes(name))
      .map((name) => `placeholder ${name} is not known`),

  'an operation fails only from a safe place': (machine) =>
    Object.entries(machine.States)
      .filter(([, state]) =>
        targetsOf(state).some((target) => machine.States[target]?.Type === 'Fail'),
      )
      .filter(([name]) => !SAFE_ENDS.includes(name))
      .map(([name]) => `${name}: goes to a Fail without parking or compensation`),

  'paths are JSONPath of our subset': (machine, text) => [
    ...(/"(QueryLanguage|Arguments|Output|Assign)"/.test(text)
      ? ['JSONata or variables are used']
      : []),
    ...perState((state) =>
      'InputPath' in state || 'OutputPath' in state ? 'InputPath or OutputPath is used' : null,
    )(machine, text),
  ],

  'the file is small': (machine, text) => [
    ...(text.trimEnd().split('\n').length > MAX_LINES ? [`more than ${MAX_LINES} lines`] : []),
    ...(allStates(machine).length > MAX_STATES ? [`more than ${MAX_STATES} states`] : []),
  ],
};

/** All findings of all rules, as `rule: finding`. */
export function lintWorkflow(machine: Machine, text = JSON.stringify(machine)): string[] {
  return Object.entries(RULES).flatMap(([name, rule]) =>
    rule(machine, text).map((finding) => `${name}: ${finding}`),
  );
}
