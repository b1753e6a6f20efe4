// SPDX-License-Identifier: Apache-2.0
import { DescribeClustersCommand } from '@aws-sdk/client-cloudhsm-v2';
import { CreateRoleCommand } from '@aws-sdk/client-iam';
import { DescribeKeyCommand } from '@aws-sdk/client-kms';
import { describe, expect, it } from 'vitest';
import type { Fixture, Suite } from '../fixture.ts';

/** Calls that name this key, which each test makes up, so that tests do not see each other's. */
async function callsOn(fixture: Fixture, keyId: string) {
  return (await fixture.recorded()).filter(({ members }) => members['KeyId'] === keyId);
}

async function roleWithoutPolicies(fixture: Fixture): Promise<string> {
  const Statement = [
    {
      Effect: 'Allow',
      Action: 'sts:AssumeRole',
      Principal: { AWS: 'arn:aws:iam::000000000000:root' },
    },
  ];
  const command = new CreateRoleCommand({
    RoleName: `bare-${crypto.randomUUID()}`,
    AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
  });
  return (await fixture.clients().iam.send(command)).Role?.Arn ?? '';
}

export const keyRoute: Suite = (fixture) =>
  describe('KMS and CloudHSM calls', () => {
    it('of the account root arrive as root', async () => {
      const KeyId = crypto.randomUUID();

      await fixture()
        .clients()
        .kms.send(new DescribeKeyCommand({ KeyId }))
        .catch(() => {});

      const [call] = await callsOn(fixture(), KeyId);
      expect(call?.target).toBe('TrentService.DescribeKey');
      expect(call?.caller).toMatchObject({
        principalArn: 'arn:aws:iam::000000000000:root',
        account: '000000000000',
        isRoot: true,
        sourceIp: '127.0.0.1',
      });
    });

    it('of a role without policies arrive undecided, with its session policy', async () => {
      const roleArn = await roleWithoutPolicies(fixture());
      const session = {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }],
      };
      const { kms } = fixture().clients(await fixture().assume(roleArn, session));
      const KeyId = crypto.randomUUID();

      await expect(kms.send(new DescribeKeyCommand({ KeyId }))).rejects.toThrow(KeyId);

      const [call] = await callsOn(fixture(), KeyId);
      expect(call?.caller).toEqual({
        principalArn: expect.stringMatching(/:assumed-role\/bare-.*\/session$/),
        account: '000000000000',
        identityPolicies: [],
        boundaryPolicies: null,
        sessionPolicies: [session],
        isRoot: false,
        roleArn,
        principalTags: {},
        sourceIp: '127.0.0.1',
      });
    });

    it('with a wrong signature are refused and not forwarded', async () => {
      const KeyId = crypto.randomUUID();
      const role = fixture().output('WorkloadRoleOrdersApiArn');
      const credentials = { ...(await fixture().assume(role)), secretAccessKey: 'wrong' };
      const { kms } = fixture().clients(credentials);

      await expect(kms.send(new DescribeKeyCommand({ KeyId }))).rejects.toMatchObject({
        name: 'InvalidSignatureException',
      });

      expect(await callsOn(fixture(), KeyId)).toEqual([]);
    });

    it('cannot bring a caller of their own', async () => {
      const KeyId = crypto.randomUUID();
      const { kms } = fixture().clients();
      kms.middlewareStack.add(
        (next) => (args) => {
          Object.assign((args.request as { headers: object }).headers, {
            'x-keyturn-caller': Buffer.from('{"isRoot":false}').toString('base64url'),
          });
          return next(args);
        },
        { step: 'build' },
      );

      await kms.send(new DescribeKeyCommand({ KeyId })).catch(() => {});

      expect((await callsOn(fixture(), KeyId))[0]?.caller['isRoot']).toBe(true);
    });

    it("of a function arrive under the function's role", async () => {
      const keyId = crypto.randomUUID();
      const Resource = fixture().output('ProbeArn');
      const Parameters = { action: 'describe', keyId };
      const States = { Invoke: { Type: 'Task', Resource, Parameters, End: true } };

      const role = fixture().output('MachineRoleArn');
      await fixture().execute(role, { StartAt: 'Invoke', States });

      const [call] = await callsOn(fixture(), keyId);
      expect(call?.caller['principalArn']).toContain(':assumed-role/GatewayFixture-FunctionRole');
      expect(JSON.stringify(call?.caller['identityPolicies'])).toContain('dynamodb:PutItem');
    });

    it("of a state machine arrive under the execution's role", async () => {
      const KeyId = fixture().output('NamedKeyArn');
      const Resource = 'arn:aws:states:::aws-sdk:kms:describeKey';
      const States = { Describe: { Type: 'Task', Resource, Parameters: { KeyId }, End: true } };
      const role = fixture().output('EmptyRoleArn');
      const execution = await fixture().execute(role, { StartAt: 'Describe', States });

      expect(execution.status).toBe('SUCCEEDED');
      const [roleName, session] = [role.split('/').at(-1), execution.name];
      const principal = `arn:aws:sts::000000000000:assumed-role/${roleName}/${session}`;
      const callers = (await callsOn(fixture(), KeyId)).map(({ caller }) => caller['principalArn']);
      expect(callers).toContain(principal);
    });

    it('to CloudHSM arrive undecided too: the endpoint knows the tags that policies ask for', async () => {
      const role = await roleWithoutPolicies(fixture());
      const bare = fixture().clients(await fixture().assume(role));

      await bare.cloudhsm.send(new DescribeClustersCommand({}));

      const callers = (await fixture().recorded())
        .filter(({ target }) => target === 'BaldrApiService.DescribeClusters')
        .map(({ caller }) => String(caller['principalArn']));
      const name = role.split('/').at(-1) ?? 'none';
      expect(callers.some((arn) => arn.includes(name))).toBe(true);
    });
  });
