// SPDX-License-Identifier: Apache-2.0
// `rotation-cost`: what a rotation of the kms tier costs, counted on the local stack. A sweep starts one batch; its
// execution, the children of its maps and CloudTrail's events of the stand-in say what was used. Dollars follow from
// bench/prices.ts; function time is charged as in the design that is compared with, so that only counts differ.
import { ListExecutionsCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { ROOT_KEY } from '#scripts/local/environment.ts';
import { childrenOf, historyOf } from '#scripts/local/executions.ts';
import { makeDue } from '#scripts/local/story/rotation.ts';
import { until } from '#scripts/local/waiting.ts';
import { activeKeys, each, type MeasuredStack } from './local-stack.ts';
import { generateHere, inProcess, rotateHere } from './one-rotation.ts';
import {
  EXPRESS_GIGABYTES,
  FUNCTION_INVOCATION,
  FUNCTION_SECONDS,
  NAIVE,
  PRICES,
} from './prices.ts';
import type { Report } from './report.ts';

const NAME = 'rotation-cost.kms';
/** Functions of the steps; the sweep's calls are not a rotation's. */
const STEP_ROLE =
  /keyturn-local-(create-version|verify-version|place-alias|apply-policy|make-data-key)/;
/** Operations of a group that run at once, see `MaxConcurrency` in workflows/rotate-key.asl.json. */
const IN_GROUP = 2;

interface Orchestration {
  readonly transitions: number;
  readonly children: number;
  readonly invocations: number;
}

export function sfnOf({ stack }: MeasuredStack): SFNClient {
  const { gatewayUrl: endpoint, region } = stack.info;
  return new SFNClient({ endpoint, region, credentials: ROOT_KEY });
}

/** Makes the keys due, sweeps, and waits until all have their second version. */
export async function rotateBySweep(
  measured: MeasuredStack,
  sfn: SFNClient,
  names: readonly string[],
) {
  const { operator, stack } = measured;
  await each(names, (name) => makeDue(operator, name));
  const stateMachineArn = stack.info.stateMachines['rotation-sweep'];
  await sfn.send(new StartExecutionCommand({ stateMachineArn }));
  await each(names, async (name) => {
    const isRotated = async () => {
      const { currentVersion, operationId } = (await operator.getKey(name)).body;
      return currentVersion === 2 && operationId === null;
    };
    // Looked at seldom: each look is an invocation that the rotations pay for on the same two cores.
    await until(isRotated, {
      timeoutSeconds: 600 + 5 * names.length,
      pollMilliseconds: 500,
      what: `the rotation of ${name}`,
    });
  });
}

/** The newest execution of a batch; nothing else rotates meanwhile. */
export async function batchExecution(
  { stack }: MeasuredStack,
  sfn: SFNClient,
  machine = 'rotate-key',
): Promise<string> {
  const stateMachineArn = stack.info.stateMachines[machine];
  const ended = async () => {
    const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn }));
    const batches = executions.filter(({ name }) => name?.startsWith('bat_'));
    const [newest] = batches.toSorted((a, b) => (String(a.name) < String(b.name) ? 1 : -1));
    return newest?.status === 'SUCCEEDED' && (newest.executionArn ?? false);
  };
  return until(ended, { timeoutSeconds: 60, what: 'the batch to end' });
}

export async function orchestrationOf(
  sfn: SFNClient,
  executionArn: string,
): Promise<Orchestration> {
  const own = await historyOf(sfn, executionArn);
  const children = (await childrenOf(sfn, executionArn)).flat();
  const count = (events: readonly { type?: string | undefined }[], what: RegExp) =>
    events.filter(({ type }) => what.test(type ?? '')).length;
  return {
    transitions: count(own, /StateEntered$/),
    children: children.length,
    invocations: [own, ...children].reduce(
      (sum, events) => sum + count(events, /^(Task|LambdaFunction)Scheduled$/),
      0,
    ),
  };
}

interface TrailEvent {
  readonly eventSource: string;
  readonly eventName: string;
  readonly userIdentity?: { readonly arn?: string };
}

/** CloudTrail's events of the stand-in behind a number. */
export async function trail({ stack }: MeasuredStack, after: number) {
  const events: TrailEvent[] = [];
  const headers = { 'x-admin-token': stack.info.adminToken };
  for (let next = after; ; ) {
    const query = `after=${next}&limit=1000`;
    const answer = await fetch(`${stack.info.kmsUrl}/_admin/cloudtrail?${query}`, { headers });
    const page = (await answer.json()) as { events: TrailEvent[]; next: number };
    events.push(...page.events);
    if (page.events.length === 0) return { events, next };
    next = page.next;
  }
}

export function callsOf(events: readonly TrailEvent[]): Record<string, number> {
  const calls: Record<string, number> = {};
  for (const { eventName, userIdentity } of events) {
    if (STEP_ROLE.test(userIdentity?.arn ?? '')) calls[eventName] = (calls[eventName] ?? 0) + 1;
  }
  return calls;
}

/** Dollars of orchestration for one rotation. A started child is counted as a transition, too: the dearer reading. */
export function orchestrationUsd({ transitions, children, invocations }: Orchestration): number {
  const seconds = (invocations * FUNCTION_SECONDS) / IN_GROUP;
  return (
    (transitions + children) * PRICES.stateTransition +
    children * PRICES.expressRequest +
    seconds * EXPRESS_GIGABYTES * PRICES.expressGigabyteSecond +
    invocations * FUNCTION_INVOCATION
  );
}

async function reportDynamoDb(measured: MeasuredStack, report: Report): Promise<void> {
  const here = inProcess(measured);
  const name = `bench-units-${Date.now().toString(36)}`;
  await generateHere(here, name);
  const before = { reads: here.units.reads, writes: here.units.writes };
  await rotateHere(here, name);
  const reads = here.units.reads - before.reads;
  const writes = here.units.writes - before.writes;
  report.value(`${NAME}.read-units`, reads, 'units/rotation');
  report.value(`${NAME}.write-units`, writes, 'units/rotation');
  const usd = reads * PRICES.readUnit + writes * PRICES.writeUnit;
  report.value(`${NAME}.dynamodb-usd-per-1000`, usd * 1000, 'USD');
}

/** Counts a batch of rotations. */
export async function measureRotationCost(
  measured: MeasuredStack,
  report: Report,
  batch: number,
): Promise<void> {
  const sfn = sfnOf(measured);
  const names = await activeKeys(measured, batch);
  const { next } = await trail(measured, 0);
  await rotateBySweep(measured, sfn, names);
  const calls = callsOf((await trail(measured, next)).events);
  const whole = await orchestrationOf(sfn, await batchExecution(measured, sfn));
  const one = {
    transitions: whole.transitions / batch,
    children: whole.children / batch,
    invocations: whole.invocations / batch,
  };
  report.value(`${NAME}.batch-size`, batch, 'rotations');
  report.beside(
    `${NAME}.state-transitions`,
    one.transitions + one.children,
    'transitions/rotation',
    NAIVE.transitions,
  );
  report.value(`${NAME}.express-executions`, one.children, 'executions/rotation');
  report.beside(
    `${NAME}.function-invocations`,
    one.invocations,
    'invocations/rotation',
    NAIVE.functions,
  );
  report.beside(
    `${NAME}.orchestration-usd-per-1000`,
    orchestrationUsd(one) * 1000,
    'USD',
    NAIVE.orchestrationPer1000,
  );
  for (const [operation, count] of Object.entries(calls).sort())
    report.value(`${NAME}.kms-calls.${operation}`, count / batch, 'calls/rotation');
  const total = Object.values(calls).reduce((sum, count) => sum + count, 0) / batch;
  report.value(`${NAME}.kms-calls`, total, 'calls/rotation');
  report.value(`${NAME}.kms-usd-per-1000`, total * PRICES.kmsRequest * 1000, 'USD');
  await reportDynamoDb(measured, report);
  report.value(`${NAME}.standing-usd-per-version-month`, PRICES.kmsKeyMonth, 'USD');
}
