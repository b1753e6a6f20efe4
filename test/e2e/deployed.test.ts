// SPDX-License-Identifier: Apache-2.0
// What was deployed, read back: security-relevant properties that an emulator could drop, the objects in the HSM, and
// the command line against the running stack.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import {
  DescribeCustomKeyStoresCommand,
  DescribeKeyCommand,
  EncryptCommand,
  KMSClient,
  SignCommand,
} from '@aws-sdk/client-kms';
import {
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetScheduleCommand } from '@aws-sdk/client-scheduler';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { auditAddress } from '#adapters/dynamodb/items.ts';
import { Pkcs11Module } from '#adapters/pkcs11/module.ts';
import { ensureSoftHsm } from '#adapters/pkcs11/softhsm.ts';
import { scheduler } from '#scripts/local/story/actors.ts';
import { activeKey, person, ROOT_CREDENTIALS } from './scene.ts';

const stack = inject('stack');
const root = { endpoint: stack.gatewayUrl, region: stack.region, credentials: ROOT_CREDENTIALS };
const TableName = stack.tableName ?? '';

// One key for the whole file: the last tests rotate it.
let name: string;
beforeAll(async () => {
  name = await activeKey(await person('alice'), 'deployed');
});

describe('the deployed state', () => {
  const dynamodb = new DynamoDBClient(root);

  it('keeps the table encrypted, recoverable, with a stream and a time to live', async () => {
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
    const { ContinuousBackupsDescription } = await dynamodb.send(
      new DescribeContinuousBackupsCommand({ TableName }),
    );
    const { TimeToLiveDescription } = await dynamodb.send(
      new DescribeTimeToLiveCommand({ TableName }),
    );

    expect(Table?.SSEDescription).toMatchObject({ Status: 'ENABLED', SSEType: 'KMS' });
    expect(Table?.StreamSpecification?.StreamEnabled).toBe(true);
    expect(Table?.GlobalSecondaryIndexes?.map((index) => index.IndexName).sort()).toEqual([
      'due',
      'list',
      'owner',
    ]);
    expect(
      ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus,
    ).toBe('ENABLED');
    expect(TimeToLiveDescription).toMatchObject({ TimeToLiveStatus: 'ENABLED' });
  });

  it('keeps the evidence bucket versioned, locked and private', async () => {
    const s3 = new S3Client({ ...root, forcePathStyle: true });
    const Bucket = stack.evidenceBucket ?? '';

    const lock = await s3.send(new GetObjectLockConfigurationCommand({ Bucket }));
    const versioning = await s3.send(new GetBucketVersioningCommand({ Bucket }));
    const access = await s3.send(new GetPublicAccessBlockCommand({ Bucket }));

    expect(lock.ObjectLockConfiguration).toMatchObject({
      ObjectLockEnabled: 'Enabled',
      Rule: { DefaultRetention: { Mode: 'GOVERNANCE' } },
    });
    expect(versioning.Status).toBe('Enabled');
    expect(Object.values(access.PublicAccessBlockConfiguration ?? {})).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  it('has the audit key and the sweep schedule as designed', async () => {
    const kms = new KMSClient(root);
    const KeyId = stack.outputs['AuditKeyArn'] ?? '';
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
    const schedule = await scheduler(stack).send(
      new GetScheduleCommand({
        Name: stack.outputs['SweepScheduleName'],
        GroupName: stack.outputs['SchedulerGroupName'],
      }),
    );

    expect(KeyMetadata).toMatchObject({
      KeySpec: 'ECC_NIST_P256',
      KeyUsage: 'SIGN_VERIFY',
      Origin: 'AWS_KMS',
    });
    expect(schedule.Target?.Arn).toBe(stack.stateMachines['rotation-sweep']);
    expect(schedule.Target?.DeadLetterConfig?.Arn).toContain(':sqs:');
    expect(schedule.ScheduleExpressionTimezone).toBeTruthy();
    await expect(
      kms.send(
        new SignCommand({ KeyId, Message: Buffer.from('x'), SigningAlgorithm: 'ECDSA_SHA_384' }),
      ),
    ).rejects.toMatchObject({ name: expect.stringMatching(/Exception$/) });
  });

  it('refuses the KMS endpoint to those who do not sign', async () => {
    const direct = new KMSClient({
      endpoint: stack.kmsUrl,
      region: stack.region,
      credentials: { accessKeyId: 'test', secretAccessKey: 'guess' },
      maxAttempts: 1,
    });

    await expect(direct.send(new DescribeKeyCommand({ KeyId: 'alias/x' }))).rejects.toMatchObject({
      name: expect.stringMatching(/Signature|Token|Client/),
    });
  });
});

/** The cluster whose HSMs hold a key: other tests restore clusters of their own, which hold older keys only. */
async function clusterOf(KeyId: string): Promise<string> {
  const kms = new KMSClient(root);
  const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
  const { CustomKeyStores } = await kms.send(
    new DescribeCustomKeyStoresCommand({ CustomKeyStoreId: KeyMetadata?.CustomKeyStoreId }),
  );
  return CustomKeyStores?.[0]?.CloudHsmClusterId ?? '';
}

describe('the HSM', () => {
  it('holds each version as a sensitive object that cannot leave it, labelled with the key ARN', async () => {
    const operator = await person('alice');
    const [version] = (await operator.listVersions(name)).body.items;
    const data = join(dirname(inject('stackFile')), 'data', 'hsm');
    const cluster = await clusterOf(version?.keyArn ?? '');
    const pins = readFileSync(join(data, 'pins', `${cluster}.json`), 'utf8');
    const { userPin } = JSON.parse(pins) as { userPin: string };
    const { modulePath } = await ensureSoftHsm('.local');
    const hsm = new Pkcs11Module({
      modulePath,
      softHsmConfigPath: join(data, 'hsm', 'softhsm2.conf'),
    });
    try {
      const token = hsm.openToken(cluster, userPin);

      const objects = token.findSecretKeys().map((handle) => token.describe(handle));

      const object = objects.find(({ label }) => label === version?.keyArn);
      expect(object).toMatchObject({ sensitive: true, extractable: false, neverExtractable: true });
      expect(() => token.attemptExtraction(object?.handle as never)).toThrow();
    } finally {
      hsm.close();
    }
  });

  it('lets even the account root use no key whose policy does not name it', async () => {
    const operator = await person('alice');
    const [version] = (await operator.listVersions(name)).body.items;
    const encrypt = new EncryptCommand({
      KeyId: version?.keyId ?? '',
      Plaintext: Buffer.from('x'),
    });

    await expect(new KMSClient({ ...root, maxAttempts: 1 }).send(encrypt)).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });
});

describe('bin/keyturn against the stack', () => {
  const run = promisify(execFile);
  async function keyturn(
    ...args: string[]
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    try {
      const all = [...args, '--stack-file', inject('stackFile')];
      const { stdout, stderr } = await run(join('bin', 'keyturn'), all);
      return { code: 0, stdout, stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, stdout, stderr };
    }
  }

  it('lists, shows and rotates keys, and finds the stack healthy', async () => {
    const shown = await keyturn('key', 'show', name, '--output', 'json');
    const listed = await keyturn('key', 'list');
    const doctor = await keyturn('doctor');

    expect([shown.code, listed.code, doctor.code]).toEqual([0, 0, 0]);
    expect(JSON.parse(shown.stdout)).toMatchObject({ name, state: 'active', currentVersion: 1 });
    expect(listed.stdout).toContain(name);
  });

  it('prints a token, and credentials of the workload', async () => {
    const token = await keyturn('token', '--user', 'olga');
    const credentials = await keyturn('credentials', '--workload', 'orders-api');

    expect(token.stdout.trim().split('.')).toHaveLength(3);
    expect(Object.keys(JSON.parse(credentials.stdout))).toEqual(
      expect.arrayContaining(['AccessKeyId', 'SecretAccessKey', 'SessionToken']),
    );
  });

  it('waits for a rotation and exits with 0, and with 3 and 5 for who may not and what is not', async () => {
    const rotated = await keyturn('key', 'rotate', name, '--wait');
    const denied = await keyturn('key', 'rotate', name, '--user', 'ada');
    const missing = await keyturn('key', 'show', 'no-such-key');

    expect([rotated.code, denied.code, missing.code]).toEqual([0, 3, 5]);
  });

  it('verifies the audit chain, and exits with 9 once a row of the table was touched', async () => {
    expect((await keyturn('audit', 'verify', '--key', name)).code).toBe(0);
    const table = DynamoDBDocumentClient.from(new DynamoDBClient(root));
    const Key = auditAddress(`key/${name}`, 2);
    const { Item } = await table.send(new GetCommand({ TableName, Key }));
    await table.send(new PutCommand({ TableName, Item: { ...Item, actor: 'mallory' } }));

    const { code, stdout, stderr } = await keyturn('audit', 'verify', '--key', name);

    await table.send(new PutCommand({ TableName, Item: Item ?? {} }));
    expect(code).toBe(9);
    expect(`${stdout}${stderr}`).toMatch(/2/);
  });
});
