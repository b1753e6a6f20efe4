// SPDX-License-Identifier: Apache-2.0
// SQS by its JSON protocol, for tests that look into a queue: it has no installed client.
import { ROOT_KEY } from '#scripts/local/environment.ts';
import { signedPost } from './signed-fetch.ts';

/** One operation as the account's root. @throws Error with what SQS answered when it refused */
export async function sqs<Answer>(
  gatewayUrl: string,
  operation: string,
  members: object,
): Promise<Answer> {
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': `AmazonSQS.${operation}`,
  };
  const signing = { service: 'sqs', credentials: ROOT_KEY, headers };
  const answer = await signedPost(`${gatewayUrl}/`, signing, members);
  if (!answer.ok) throw new Error(`SQS answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as Answer;
}

/** Messages that wait; `members` of ReceiveMessage beside the queue. */
export async function received(
  gatewayUrl: string,
  QueueUrl: unknown,
  members: object = {},
): Promise<readonly { readonly Body: string }[]> {
  const call = { QueueUrl, MaxNumberOfMessages: 10, ...members };
  const { Messages = [] } = await sqs<{ Messages?: { Body: string }[] }>(
    gatewayUrl,
    'ReceiveMessage',
    call,
  );
  return Messages;
}
