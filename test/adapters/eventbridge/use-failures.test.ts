// SPDX-License-Identifier: Apache-2.0
// Telling of failures fails no call, is bounded, and is not silent when it does not work.
import type { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { describe, expect, it } from 'vitest';
import { UseFailures } from '#adapters/eventbridge/use-failures.ts';
import { parseUseFailure } from '#core/contract/key-use-events.ts';

const FAILURE = { key: 'orders', keyVersion: 2, at: '2026-01-01T00:00:00.000Z' };

function failuresWith(answer: () => unknown) {
  const sent: PutEventsCommand[] = [];
  const silences: string[] = [];
  const client = {
    send: async (command: PutEventsCommand) => {
      sent.push(command);
      return answer();
    },
  } as unknown as EventBridgeClient;
  return { sent, silences, failures: new UseFailures(client, 'bus', (why) => silences.push(why)) };
}

describe('failures of the data plane', () => {
  it('are told in the form that is read', async () => {
    const { failures, sent, silences } = failuresWith(() => ({ Entries: [{ EventId: '1' }] }));
    await failures.tell({ ...FAILURE, principal: 'arn:aws:iam::000000000000:role/orders-api' });

    const [entry] = sent[0]?.input.Entries ?? [];
    const event = {
      source: entry?.Source,
      'detail-type': entry?.DetailType,
      account: '000000000000',
      detail: JSON.parse(entry?.Detail ?? ''),
    };
    expect(parseUseFailure(event, '000000000000')).toMatchObject(FAILURE);
    expect(silences).toEqual([]);
  });

  it.each<[string, () => unknown, string]>([
    [
      'are refused as a whole',
      () => {
        throw Object.assign(new Error('no'), { name: 'AccessDeniedException' });
      },
      'AccessDeniedException',
    ],
    [
      'are refused one by one',
      () => ({ Entries: [{ ErrorCode: 'InternalFailure' }] }),
      'InternalFailure',
    ],
  ])('fail no call when they %s, and somebody hears of it', async (_what, answer, cause) => {
    const { failures, silences } = failuresWith(answer);

    await expect(failures.tell(FAILURE)).resolves.toBeUndefined();
    expect(silences).toEqual([cause]);
  });

  it('are told in part when they are a storm', async () => {
    const { failures, sent } = failuresWith(() => ({ Entries: [{}] }));
    for (let call = 0; call < 100; call += 1) await failures.tell(FAILURE);
    expect(sent).toHaveLength(20);
    await failures.tell({ ...FAILURE, at: '2026-01-01T00:00:01.000Z' });
    expect(sent).toHaveLength(21);
  });
});
