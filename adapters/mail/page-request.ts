// SPDX-License-Identifier: Apache-2.0
// What the page posts. Everything else is refused, and nothing of it is repeated.
import { z } from 'zod';
import { Digest, Reason, VOTE_DECISIONS } from '#core/contract/approvals.ts';
import { KeyturnError } from '#core/errors.ts';

const Secret = z.string().max(200);

const Request = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('show'), secret: Secret }),
  z
    .strictObject({
      do: z.literal('vote'),
      secret: Secret,
      csrf: z.string().max(200),
      digest: Digest,
      decision: z.enum(VOTE_DECISIONS),
      reason: Reason.optional(),
    })
    .refine(({ decision, reason }) => decision === 'approve' || reason !== undefined, {
      path: ['reason'],
    }),
]);
export type MailPageRequest = z.infer<typeof Request>;

/** @throws KeyturnError `ValidationFailed` that names the member */
export function readPageRequest(body: string): MailPageRequest {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw new KeyturnError('ValidationFailed', 'the body is not JSON');
  }
  const { data, error } = Request.safeParse(json);
  if (data) return data;
  const fields = error.issues.map(({ path }) => ({
    pointer: `/${path.join('/')}`,
    detail: 'is not what the page sends',
  }));
  throw new KeyturnError('ValidationFailed', 'the page did not send this; open the link again', {
    fields,
  });
}
