// SPDX-License-Identifier: Apache-2.0
// A grant to put events binds their source and their kind, as on AWS.
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Suite } from '../fixture.ts';

const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

export const eventEntries: Suite = (fixture) =>
  describe('a grant to put events', () => {
    let client: EventBridgeClient;
    const put = (...entries: { source: string; kind: string }[]) =>
      client.send(
        new PutEventsCommand({
          Entries: entries.map(({ source, kind }) => ({
            Source: source,
            DetailType: kind,
            Detail: '{}',
          })),
        }),
      );

    beforeAll(async () => {
      const { iam } = fixture().clients();
      const { gatewayUrl, region } = fixture().stack.info;
      const RoleName = `teller-${crypto.randomUUID()}`;
      const trust = { Effect: 'Allow', Action: 'sts:AssumeRole' };
      const AssumeRolePolicyDocument = policy({
        ...trust,
        Principal: { AWS: 'arn:aws:iam::000000000000:root' },
      });
      const { Role } = await iam.send(
        new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }),
      );
      const PolicyDocument = policy({
        Effect: 'Allow',
        Action: 'events:PutEvents',
        Resource: `arn:aws:events:${region}:000000000000:event-bus/default`,
        Condition: { StringEquals: { 'events:source': 'me', 'events:detail-type': 'failed' } },
      });
      await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'tell', PolicyDocument }));
      client = new EventBridgeClient({
        endpoint: gatewayUrl.replace('localhost', '127.0.0.1'),
        region,
        credentials: await fixture().assume(Role?.Arn ?? ''),
        maxAttempts: 1,
      });
    });

    it('lets its holder tell what it names', async () => {
      const one = { source: 'me', kind: 'failed' };

      expect(await put(one)).toMatchObject({ FailedEntryCount: 0 });
      expect(await put(one, one)).toMatchObject({ FailedEntryCount: 0 });
    });

    it.each([
      ['of another source', [{ source: 'another', kind: 'failed' }]],
      ['of another kind', [{ source: 'me', kind: 'done' }]],
      [
        'beside one that it names',
        [
          { source: 'me', kind: 'failed' },
          { source: 'me', kind: 'done' },
        ],
      ],
    ])('lets nobody tell what is %s', async (_what, entries) => {
      await expect(put(...entries)).rejects.toMatchObject({
        name: expect.stringMatching(/AccessDenied/),
      });
    });
  });
