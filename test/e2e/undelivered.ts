// SPDX-License-Identifier: Apache-2.0
// The queue of notices that could not be delivered, and how an operator has one told again (docs/runbook).
import { inject } from 'vitest';
import { z } from 'zod';
import { signedPost } from '#test/gateway/signed-fetch.ts';
import { received } from '#test/gateway/sqs.ts';
import { ROOT_CREDENTIALS } from './scene.ts';

const Failed = z.object({
  requestPayload: z.looseObject({ detail: z.looseObject({ approvalId: z.string() }) }),
});

const gateway = () => inject('stack').gatewayUrl;

/** What waits about a request: the payload that the function could not deal with. */
export async function undeliveredNotice(approvalId: string): Promise<unknown> {
  const { account, stage } = inject('stack');
  const queue = `${gateway()}/${account}/keyturn-${stage}-notices-undelivered`;
  const messages = await received(gateway(), queue, { VisibilityTimeout: 0 });
  return messages
    .map(({ Body }) => Failed.parse(JSON.parse(Body)).requestPayload)
    .find(({ detail }) => detail.approvalId === approvalId);
}

/** Hands the payload to the function once more. */
export async function tellAgain(payload: unknown): Promise<void> {
  const name = `keyturn-${inject('stack').stage}-notify-approvers`;
  const answer = await signedPost(
    `${gateway()}/2015-03-31/functions/${name}/invocations`,
    { service: 'lambda', credentials: ROOT_CREDENTIALS },
    payload as object,
  );
  const text = await answer.text();
  if (!answer.ok || answer.headers.has('x-amz-function-error')) throw new Error(text);
}
