// SPDX-License-Identifier: Apache-2.0
// Gateway and key endpoint together: who is authenticated here is decided there, as KMS does.
import {
  CloudHSMV2Client,
  CreateClusterCommand,
  DeleteClusterCommand,
  DescribeClustersCommand,
} from '@aws-sdk/client-cloudhsm-v2';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateKeyCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT_KEY } from '#scripts/local/environment.ts';
import { type Stack, startStack } from '#scripts/local/stack.ts';

const ROOT = 'arn:aws:iam::000000000000:root';
const ADMINISTRATION = {
  Effect: 'Allow',
  Principal: { AWS: ROOT },
  Action: ['kms:PutKeyPolicy', 'kms:Describe*', 'kms:ScheduleKeyDeletion'],
  Resource: '*',
};

const document = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

describe('a call through the gateway', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ directory: '.local-keys', app: null });
  });
  afterAll(() => stack?.stop());

  const config = (credentials = ROOT_KEY as object) => ({
    endpoint: stack.info.gatewayUrl.replace('localhost', '127.0.0.1'),
    region: stack.info.region,
    credentials: credentials as typeof ROOT_KEY,
    maxAttempts: 1,
  });

  /** A role with these identity statements: its ARN, and an attempt to encrypt as it. */
  async function role(...identity: object[]) {
    const iam = new IAMClient(config());
    const RoleName = `caller-${crypto.randomUUID()}`;
    const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: ROOT } };
    const create = new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: document(trust) });
    const RoleArn = (await iam.send(create)).Role?.Arn ?? '';
    if (identity.length > 0) {
      const PolicyDocument = document(...identity);
      await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument }));
    }
    const assumed = async () => {
      const assume = new AssumeRoleCommand({ RoleArn, RoleSessionName: 'test' });
      const { Credentials: session } = await new STSClient(config()).send(assume);
      return config({
        accessKeyId: session?.AccessKeyId,
        secretAccessKey: session?.SecretAccessKey,
        sessionToken: session?.SessionToken,
      });
    };
    const encrypt = async (KeyId: string) =>
      new KMSClient(await assumed()).send(
        new EncryptCommand({ KeyId, Plaintext: Buffer.from('text') }),
      );
    const hsm = async () => new CloudHSMV2Client(await assumed());
    return { RoleArn, encrypt, hsm };
  }

  async function key(...statements: object[]): Promise<string> {
    const Policy = document(ADMINISTRATION, ...statements);
    const answer = await new KMSClient(config()).send(new CreateKeyCommand({ Policy }));
    return answer.KeyMetadata?.Arn ?? '';
  }

  const encryption = (AWS: string) => ({
    Effect: 'Allow',
    Principal: { AWS },
    Action: 'kms:Encrypt',
    Resource: '*',
  });
  const ALLOWED = { Effect: 'Allow', Action: 'kms:Encrypt', Resource: '*' };

  it('is allowed by a key policy that names a role without any identity policy', async () => {
    const { RoleArn, encrypt } = await role();

    expect((await encrypt(await key(encryption(RoleArn)))).CiphertextBlob?.length).toBeGreaterThan(
      0,
    );
  });

  it('is refused to a role that neither key policy nor identity policy allows', async () => {
    const { encrypt } = await role();

    await expect(encrypt(await key(encryption(ROOT)))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });

  it('is allowed by the identity policy where the key policy delegates to the account', async () => {
    const { encrypt } = await role(ALLOWED);

    expect((await encrypt(await key(encryption(ROOT)))).CiphertextBlob?.length).toBeGreaterThan(0);
  });

  it('is refused to an identity policy alone', async () => {
    const { encrypt } = await role(ALLOWED);

    await expect(encrypt(await key())).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('is refused by an explicit deny in the identity policy, whatever the key policy says', async () => {
    const { RoleArn, encrypt } = await role({ ...ALLOWED, Effect: 'Deny' });

    await expect(encrypt(await key(encryption(RoleArn)))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });

  it('to CloudHSM is refused to a role that nothing allows it', async () => {
    const hsm = await (await role()).hsm();

    await expect(hsm.send(new DescribeClustersCommand({}))).rejects.toMatchObject({
      name: 'CloudHsmAccessDeniedException',
    });
  });

  it('to CloudHSM is decided by the tag of the cluster, where the policy asks for one', async () => {
    const hsm = await (
      await role({
        Effect: 'Allow',
        Action: 'cloudhsm:DeleteCluster',
        Resource: '*',
        Condition: { StringLike: { 'aws:ResourceTag/keyturn:drill': 'keyturn-local/*' } },
      })
    ).hsm();
    const made = async (drill: string) => {
      const command = new CreateClusterCommand({
        HsmType: 'hsm2m.medium',
        SubnetIds: ['subnet-0123456789abcdef0'],
        TagList: [{ Key: 'keyturn:drill', Value: drill }],
      });
      return (await new CloudHSMV2Client(config()).send(command)).Cluster?.ClusterId;
    };
    const end = async (drill: string) =>
      hsm.send(new DeleteClusterCommand({ ClusterId: await made(drill) }));

    await expect(end('keyturn-other/drl_0001')).rejects.toMatchObject({
      name: 'CloudHsmAccessDeniedException',
    });
    // It may, and is told that the cluster is not there yet.
    await expect(end('keyturn-local/drl_0001')).rejects.toMatchObject({
      name: 'CloudHsmInvalidRequestException',
    });
  });
});
