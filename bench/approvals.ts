// SPDX-License-Identifier: Apache-2.0
// `approvals`: from the last vote to what it starts, and how long Slack waits for an answer, on the whole local stack.
// `approval-races`: 10,000 random histories of requests, which must break nothing.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Client, RequestOf } from '#client/sdk/index.ts';
import { personClient } from '#scripts/local/story/actors.ts';
import { watch } from '#scripts/local/story/rotation.ts';
import { until } from '#scripts/local/waiting.ts';
import { activeKeys, type MeasuredStack } from './local-stack.ts';
import type { Report } from './report.ts';
import { percentile } from './slices.ts';

const NAME = 'approvals';
const GROUP = 'grp_operators';
/** Between two looks at a request: what is measured is longer than it is by so much at most. */
const LOOK_MILLISECONDS = 25;
/** Slack gives up behind it. */
const SLACK_LIMIT_MILLISECONDS = 3000;
const WARM_UP = 2;

/** Somebody asks for rights, two agree: from sending the second vote to seeing it executed. */
async function lastVoteToAction(asks: Client, [first, second]: readonly [Client, Client]) {
  const reason = 'bench';
  const { body } = await asks.requestElevation({ group: GROUP, seconds: 600, reason });
  const [id, digest] = [body.approvalId ?? '', body.digest ?? ''];
  const vote = { decision: 'approve', digest } as const;
  await first.castVote(id, vote);
  const began = performance.now();
  await second.castVote(id, vote);
  const answered = performance.now() - began;
  while ((await first.getApproval(id)).body.state !== 'executed')
    await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS));
  const started = performance.now() - began;
  await first.revokeElevation(id.replace('apr_', 'elv_'));
  return { answered, started };
}

/** A key with a consumer, so that it takes votes in Slack to let go of it. */
async function keyInUse(measured: MeasuredStack): Promise<string> {
  const [name = ''] = await activeKeys(measured, 1);
  const { stack, operator } = measured;
  const consumer: RequestOf<'putConsumer'> = {
    owner: 'payments',
    contact: 'on-call',
    principal: stack.info.roles['orders-api'] ?? '',
    rights: ['encrypt', 'decrypt'],
    kind: 'api',
    acknowledgement: { mode: 'api' },
    moved: false,
  };
  const { body } = await operator.putConsumer({ key: name, consumer: 'bench' }, consumer);
  await watch(operator, body.operationId, () => {});
  return name;
}

interface Answered {
  readonly status: number;
  readonly milliseconds: number;
}

/** Calls the stand-in workspace. */
async function slack<T>({ stack }: MeasuredStack, path: string, body?: object): Promise<T> {
  const { slackUrl, adminToken } = stack.info;
  const headers = { 'x-admin-token': adminToken, 'content-type': 'application/json' };
  const sent = body ? { method: 'POST', body: JSON.stringify(body) } : {};
  return (await fetch(`${slackUrl}${path}`, { headers, ...sent })).json() as Promise<T>;
}

/** A vote and a question for a reason on each of several requests; each click is timed by the stand-in. */
async function clicks(measured: MeasuredStack, rounds: number): Promise<readonly Answered[]> {
  const { operator } = measured;
  const name = await keyInUse(measured);
  const answers: Answered[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { body } = await operator.releaseKey(name, { reason: 'bench' });
    const id = body.approvalId ?? '';
    const { ts } = await until(
      async () => {
        const { messages } = await slack<{ messages: { ts: string }[] }>(measured, '/state');
        return messages.find((one) => JSON.stringify(one).includes(`${id}:`)) ?? false;
      },
      { timeoutSeconds: 60, what: `the message of ${id}` },
    );
    for (const [button, user] of [
      ['keyturn_approve', 'bob'],
      ['keyturn_deny', 'carol'],
    ])
      answers.push(await slack<Answered>(measured, '/click', { ts, button, user }));
    await operator.cancelApproval(id);
  }
  return answers.slice(2 * WARM_UP);
}

/** @param rounds requests of each kind */
export async function measureApprovals(
  measured: MeasuredStack,
  report: Report,
  rounds: number,
): Promise<void> {
  const info = measured.stack.info;
  const [ada, carol, dan] = await Promise.all(
    ['ada', 'carol', 'dan'].map((user) => personClient(info, user)),
  );
  if (!ada || !carol || !dan) throw new Error('three people are needed');
  const times = [];
  for (let round = 0; round < rounds + WARM_UP; round += 1)
    times.push(await lastVoteToAction(ada, [carol, dan]));
  const started = times.slice(WARM_UP).map((one) => one.started);
  report.value(`${NAME}.last-vote-to-action.p50`, percentile(started, 0.5), 'ms');
  report.value(`${NAME}.last-vote-to-action.p95`, percentile(started, 0.95), 'ms');
  const answered = times.slice(WARM_UP).map((one) => one.answered);
  report.value(`${NAME}.last-vote-answered.p95`, percentile(answered, 0.95), 'ms');
  const answers = await clicks(measured, rounds + WARM_UP);
  const waited = answers.map(({ milliseconds }) => milliseconds);
  report.value(`${NAME}.slack-clicks`, answers.length, 'clicks');
  report.value(`${NAME}.slack-answer.p50`, percentile(waited, 0.5), 'ms');
  const limit = SLACK_LIMIT_MILLISECONDS;
  report.beside(`${NAME}.slack-answer.p99`, percentile(waited, 0.99), 'ms', limit);
  const failed = answers.filter(({ status }) => status !== 200).length;
  report.value(`${NAME}.slack-failed`, failed, 'clicks');
}

/** The suite belongs to the tests, so it is run as the program it is. */
export function measureRaces(report: Report, seeds: number): void {
  const root = join(import.meta.dirname, '..');
  const began = performance.now();
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(root, 'scripts', 'simulate.ts'), '--suite=approvals', `--seeds=${seeds}`, '--seed=1'],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`the races broke an invariant:\n${stdout}`);
  report.value('approval-races.histories', seeds, 'histories');
  report.value('approval-races.time', (performance.now() - began) / 1000, 's');
}
