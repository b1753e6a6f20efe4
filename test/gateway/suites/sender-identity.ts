// SPDX-License-Identifier: Apache-2.0
// A grant to send mail binds identity and address of the sender, as on AWS.
import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  SESClient,
  SendEmailCommand,
  VerifyDomainIdentityCommand,
  VerifyEmailIdentityCommand,
} from '@aws-sdk/client-ses';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Fixture, Suite } from '../fixture.ts';

const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const FROM = 'keyturn@sender.example.com';

/** Credentials of a role that may send from an identity under a condition. */
async function sender(fixture: Fixture, identity: string, from: string) {
  const { iam } = fixture.clients();
  const RoleName = `sender-${crypto.randomUUID()}`;
  const trust = { Effect: 'Allow', Action: 'sts:AssumeRole' };
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName,
      AssumeRolePolicyDocument: policy({
        ...trust,
        Principal: { AWS: 'arn:aws:iam::000000000000:root' },
      }),
    }),
  );
  await iam.send(
    new PutRolePolicyCommand({
      RoleName,
      PolicyName: 'send',
      PolicyDocument: policy({
        Effect: 'Allow',
        Action: 'ses:SendEmail',
        Resource: `arn:aws:ses:${fixture.stack.info.region}:000000000000:identity/${identity}`,
        Condition: { StringEquals: { 'ses:FromAddress': from } },
      }),
    }),
  );
  return ses(fixture, await fixture.assume(Role?.Arn ?? ''));
}

const ses = (fixture: Fixture, credentials?: Awaited<ReturnType<Fixture['assume']>>) =>
  new SESClient({
    endpoint: fixture.stack.info.gatewayUrl.replace('localhost', '127.0.0.1'),
    region: fixture.stack.info.region,
    credentials: credentials ?? { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });

const send = (client: SESClient, Source: string) =>
  client.send(
    new SendEmailCommand({
      Source,
      Destination: { ToAddresses: ['bob@example.com'] },
      Message: { Subject: { Data: 'x' }, Body: { Text: { Data: 'x' } } },
    }),
  );

export const senderIdentity: Suite = (fixture) =>
  describe('a grant to send mail', () => {
    beforeAll(async () => {
      const root = ses(fixture());
      await root.send(new VerifyDomainIdentityCommand({ Domain: 'sender.example.com' }));
      await root.send(new VerifyEmailIdentityCommand({ EmailAddress: 'own@sender.example.com' }));
      await root.send(new VerifyEmailIdentityCommand({ EmailAddress: 'other@example.net' }));
    });

    it('on a domain lets send from its one address, and from no other of it', async () => {
      const client = await sender(fixture(), 'sender.example.com', FROM);

      expect((await send(client, FROM)).MessageId).toBeTruthy();
      expect((await send(client, `Keyturn <${FROM}>`)).MessageId).toBeTruthy();
      for (const from of ['ceo@sender.example.com', `"${FROM}" <ceo@sender.example.com>`])
        await expect(send(client, from)).rejects.toMatchObject({
          name: expect.stringMatching(/AccessDenied/),
        });
    });

    it('on one identity does not hold for another', async () => {
      const client = await sender(fixture(), 'sender.example.com', 'other@example.net');
      await expect(send(client, 'other@example.net')).rejects.toMatchObject({
        name: expect.stringMatching(/AccessDenied/),
      });
      // An address that is verified itself is an identity of its own.
      const own = await sender(fixture(), 'sender.example.com', 'own@sender.example.com');
      await expect(send(own, 'own@sender.example.com')).rejects.toMatchObject({
        name: expect.stringMatching(/AccessDenied/),
      });
    });
  });
