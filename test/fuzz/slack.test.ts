// SPDX-License-Identifier: Apache-2.0
// Bent requests to the route of Slack, each with a valid signature unless that is what is bent: whatever is changed of
// body, header, member or sender, the only vote that counts is the honest one.
import '#test/support/functions.ts';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { Problem } from '#core/contract/api.ts';
import { approvalOf, ask } from '#test/support/approvals.ts';
import { registered } from '#test/support/consumers.ts';
import { current, eventOf, renewWorld } from '#test/support/functions.ts';
import { runs } from '#test/support/runs.ts';
import { Simulation } from '#test/support/simulation.ts';
import { signedHeaders, slackWorkspace } from '#test/support/slack-workspace.ts';
import { withActiveKey } from '#test/support/steps.ts';

vi.mock('#functions/shared/ballots.ts', () => ({
  SealedBallots: class {
    async wake() {}
  },
}));
const { handler } = await import('#functions/answer-slack/handler.ts');

let slack: Awaited<ReturnType<typeof slackWorkspace>>;
let approval: ApprovalRecord;
beforeAll(async () => {
  slack = await slackWorkspace(handler);
});
afterAll(() => slack.stop());
beforeEach(async () => {
  const world = await withActiveKey(await renewWorld());
  await registered(new Simulation(world));
  approval = await ask(world, 'key.release', { key: 'orders' });
});

const honest = () => ({
  type: 'block_actions',
  api_app_id: 'A0KEYTURN',
  team: { id: 'T0LOCAL' },
  user: { id: 'U0BOB', team_id: 'T0LOCAL' },
  trigger_id: '1.2.3',
  channel: { id: 'C0APPROVALS' },
  message: { ts: '1767225600.000001' },
  actions: [{ action_id: 'keyturn_approve', value: `${approval.id}:${approval.digest}` }],
});
const bodyOf = (payload: object) => `payload=${encodeURIComponent(JSON.stringify(payload))}`;

async function send(body: string, headers: Record<string, string>, isBase64Encoded = false) {
  const event = { body, headers, isBase64Encoded };
  return handler(eventOf('answerSlack', { as: null, event }));
}
const votes = async () => (await approvalOf(current.world, approval.id)).votes.length;

async function expectRefused(body: string, headers: Record<string, string>) {
  const answer = await send(body, headers);
  expect(answer.statusCode).toBeGreaterThanOrEqual(400);
  expect(answer.statusCode).toBeLessThan(500);
  expect(Problem.parse(JSON.parse(answer.body)).status).toBe(answer.statusCode);
  expect(await votes()).toBe(0);
}

const aText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom('', 'U0CAROL', 'T0LOCAL', 'C0APPROVALS', '__proto__', 'null'),
);
const aValue = fc.oneof(aText, fc.constantFrom(null, 1, true), fc.array(aText, { maxLength: 3 }));

/** One member, at any depth, with another value. */
const bentMember = () =>
  fc
    .tuple(
      fc.constantFrom(
        ['type'],
        ['api_app_id'],
        ['team', 'id'],
        ['user', 'id'],
        ['user', 'team_id'],
        ['channel', 'id'],
        ['message', 'ts'],
        ['actions', 0, 'action_id'],
        ['actions', 0, 'value'],
        ['actions'],
        ['team'],
        ['user'],
      ),
      aValue,
    )
    .map(([path, value]) => {
      const payload = honest();
      const before = JSON.stringify(payload);
      let place = payload as unknown as Record<string | number, unknown>;
      for (const part of path.slice(0, -1)) place = place[part] as typeof place;
      place[path.at(-1) ?? ''] = value;
      return { payload, isChanged: JSON.stringify(payload) !== before };
    });

it('counts no vote whose members do not belong together', async () => {
  await fc.assert(
    fc.asyncProperty(bentMember(), async ({ payload, isChanged }) => {
      // A message's place says nothing about who votes on what; another custodian would be a vote of theirs.
      const { ts } = Object(payload.message);
      fc.pre(isChanged && ts === honest().message.ts && Object(payload.user).id !== 'U0CAROL');
      const body = bodyOf(payload);
      await expectRefused(body, signedHeaders(body));
    }),
    { numRuns: runs(500) },
  );
});

it('takes nothing whose body or signature is bent, and the honest one after all of them, once', async () => {
  const body = bodyOf(honest());
  const headers = signedHeaders(body);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('body', 'x-slack-signature', 'x-slack-request-timestamp'),
      fc.nat(200),
      fc.constantFrom('', '0', 'a', '%', ' ', '\u00e9'),
      async (where, at, put) => {
        const bend = (text: string) => text.slice(0, at) + put + text.slice(at + 1);
        const bent = where === 'body' ? bend(body) : body;
        const bentHeaders: Record<string, string> = { ...headers };
        if (where !== 'body') bentHeaders[where] = bend(headers[where] ?? '');
        fc.pre(bent !== body || bentHeaders[where] !== headers[where]);
        await expectRefused(bent, bentHeaders);
      },
    ),
    { numRuns: runs(500) },
  );

  expect((await send(body, headers)).statusCode).toBe(200);
  expect(await votes()).toBe(1);
  const again = Buffer.from(body).toString('base64');
  for (const answer of [await send(body, headers), await send(again, headers, true)])
    expect(answer.statusCode).toBe(401);
  expect(await votes()).toBe(1);
});
