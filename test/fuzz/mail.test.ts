// SPDX-License-Identifier: Apache-2.0
// Bent votes by mail: whatever is changed of link, secret, token and digest, and whoever's parts are mixed, the only vote
// that counts is the one whose every part belongs together.
import '#test/support/functions.ts';
import fc from 'fast-check';
import { beforeEach, expect, it, vi } from 'vitest';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { approvalOf, ask } from '#test/support/approvals.ts';
import { registered } from '#test/support/consumers.ts';
import { current, renewWorld, request } from '#test/support/functions.ts';
import { type Link, linkOf } from '#test/support/mail-links.ts';
import { runs } from '#test/support/runs.ts';
import { Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';

vi.mock('#functions/shared/ballots.ts', () => ({
  SealedBallots: class {
    async wake() {}
  },
}));
const { handler } = await import('#functions/answer-mail/handler.ts');

interface Parts extends Link {
  readonly csrf: string;
  readonly digest: string;
}

let approval: ApprovalRecord;
let whole: readonly Parts[];
beforeEach(async () => {
  const world = await withActiveKey(await renewWorld());
  await registered(new Simulation(world));
  approval = await ask(world, 'key.release', { key: 'orders' });
  const other = await ask(world, 'key.release', { key: 'orders' });
  whole = await Promise.all(
    [
      ['bob', approval],
      ['carol', approval],
      ['bob', other],
    ].map(async ([user, about]) => {
      const link = await linkOf(world, user as string, about as ApprovalRecord);
      const body = { do: 'show', secret: link.secret };
      const shown = await request(handler, 'answerMail', { as: null, path: { id: link.id }, body });
      return { ...link, csrf: shown.body.csrf, digest: shown.body.digest };
    }),
  );
});

const PARTS = ['id', 'secret', 'csrf', 'digest'] as const;

/** A text with one character changed, cut, doubled, or its case changed. */
const bent = (text: string) =>
  fc
    .tuple(fc.nat(Math.max(0, text.length - 1)), fc.constantFrom('A', 'b', '0', '', '~'))
    .map(([at, put]) => text.slice(0, at) + put + text.slice(at + 1));

/** One part of each, from one of the whole links or bent. */
const mixed = () => {
  const part = (name: (typeof PARTS)[number]) =>
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...whole.map((parts) => parts[name])) },
      { weight: 1, arbitrary: fc.constantFrom(...whole).chain((parts) => bent(parts[name])) },
    );
  return fc.record({
    id: part('id'),
    secret: part('secret'),
    csrf: part('csrf'),
    digest: part('digest'),
  });
};

it('counts no vote whose parts do not belong together', async () => {
  const belongs = (parts: Parts) =>
    whole.some((one) => PARTS.every((name) => one[name] === parts[name]));
  let tried = 0;
  await fc.assert(
    fc.asyncProperty(mixed(), async (parts) => {
      fc.pre(!belongs(parts));
      tried += 1;
      const { id, ...rest } = parts;
      const { status } = await request(handler, 'answerMail', {
        as: null,
        path: { id },
        body: { do: 'vote', decision: 'approve', ...rest },
      });
      expect([400, 403, 404, 409]).toContain(status);
      expect((await approvalOf(current.world, approval.id)).votes).toEqual([]);
    }),
    { numRuns: runs(1000) },
  );
  expect(tried).toBeGreaterThan(100);

  const [bob] = whole;
  const { id = '', ...rest } = bob ?? {};
  const { status } = await request(handler, 'answerMail', {
    as: null,
    path: { id },
    body: { do: 'vote', decision: 'approve', ...rest },
  });
  expect(status).toBe(200);
});
