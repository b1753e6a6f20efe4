// SPDX-License-Identifier: Apache-2.0
// The queue of notices that could not be delivered, and how an operator has one told again (docs/runbook).
import { inject } from 'vitest';
import { z } from 'zod';
import { signedPost } from '#test/gateway/signed-fetch.ts';
import { ROOT_CREDENTIALS } from './scene.ts';

const Received = z.object({ Messages: z.array(z.object({ Body: z.string() })).optional() });
const Failed = z.object({
  requestPayload: z.looseObject({ detail: z.looseObject({ approvalId: z.string() }) }),
});

const gateway = () => inject('stack').gatewayUrl;

/** What waits about a request: the payload that the function could not deal with. */
export async function undeliveredNotice(approvalId: string): Promise<unknown> {
  const { account, stage } = inject('stack');
  const answer = await signedPost(
    `${gateway()}/`,
    {
      service: 'sqs',
      credentials: ROOT_CREDENTIALS,
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'AmazonSQS.ReceiveMessage',
      },
    },
    {
      QueueUrl: `${gateway()}/${account}/keyturn-${stage}-notices-undelivered`,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: 0,
    },
  );
  if (!answer.ok) throw new Error(`SQS answered ${answer.status}: ${await answer.text()}`);
  const { Messages = [] } = Received.parse(await answer.json());
  return Messages.map(({ Body }) => Failed.parse(JSON.parse(Body)).requestPayload).find(
    ({ detail }) => detail.approvalId === approvalId,
  );
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
