// SPDX-License-Identifier: Apache-2.0
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { DescribeKeyCommand } from '@aws-sdk/client-kms';
import {
  DeleteObjectCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { GetScheduleCommand } from '@aws-sdk/client-scheduler';
import { describe, expect, it } from 'vitest';
import { ROOT_KEY } from '#scripts/local/environment.ts';
import type { Suite } from '../fixture.ts';
import { signedGet } from '../signed-fetch.ts';
import { arrivalOf, putIn } from '../stream.ts';

export const stackProperties: Suite = (fixture) =>
  describe('properties of stack resources, read back', () => {
    const bucket = () => ({ Bucket: fixture().output('EvidenceBucketName') });
    const table = () => ({ TableName: fixture().output('TableName') });
    const keyArn = () => fixture().output('DelegatedKeyArn');

    it('bucket: object lock, versioning, encryption, public access, lifecycle, ownership', async () => {
      const { s3 } = fixture().clients();

      expect(
        (await s3.send(new GetObjectLockConfigurationCommand(bucket()))).ObjectLockConfiguration,
      ).toEqual({
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 1 } },
      });
      expect((await s3.send(new GetBucketVersioningCommand(bucket()))).Status).toBe('Enabled');
      const { ServerSideEncryptionConfiguration } = await s3.send(
        new GetBucketEncryptionCommand(bucket()),
      );
      expect(
        ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault,
      ).toEqual({
        SSEAlgorithm: 'aws:kms',
        KMSMasterKeyID: keyArn(),
      });
      expect(
        (await s3.send(new GetPublicAccessBlockCommand(bucket()))).PublicAccessBlockConfiguration,
      ).toMatchObject({ BlockPublicAcls: true, RestrictPublicBuckets: true });
      expect(
        (await s3.send(new GetBucketLifecycleConfigurationCommand(bucket()))).Rules?.[0],
      ).toMatchObject({
        NoncurrentVersionExpiration: { NoncurrentDays: 30 },
      });
      expect(
        (await s3.send(new GetBucketOwnershipControlsCommand(bucket()))).OwnershipControls?.Rules,
      ).toEqual([{ ObjectOwnership: 'BucketOwnerEnforced' }]);
    });

    it('bucket: an object under retention cannot be deleted', async () => {
      const { s3 } = fixture().clients();
      const object = { ...bucket(), Key: 'evidence' };
      const { VersionId } = await s3.send(new PutObjectCommand({ ...object, Body: 'proof' }));

      await expect(
        s3.send(new DeleteObjectCommand({ ...object, VersionId })),
      ).rejects.toMatchObject({
        name: 'AccessDenied',
      });
    });

    it('table: time to live, recovery, encryption key', async () => {
      const { dynamodb } = fixture().clients();

      const live = await dynamodb.send(new DescribeTimeToLiveCommand(table()));
      expect(live.TimeToLiveDescription).toEqual({
        TimeToLiveStatus: 'ENABLED',
        AttributeName: 'expiresAt',
      });
      const backups = await dynamodb.send(new DescribeContinuousBackupsCommand(table()));
      expect(backups.ContinuousBackupsDescription?.PointInTimeRecoveryDescription).toMatchObject({
        PointInTimeRecoveryStatus: 'ENABLED',
      });
      const { Table } = await dynamodb.send(new DescribeTableCommand(table()));
      expect(Table?.SSEDescription).toMatchObject({ SSEType: 'KMS', KMSMasterKeyArn: keyArn() });
    });

    it('table: the stream reaches a function through its filter', async () => {
      const id = crypto.randomUUID();

      await putIn(fixture(), id);

      expect(await arrivalOf(fixture(), id)).toBe(true);
    });

    it('function: reserved concurrency and dead-letter queue', async () => {
      const name = fixture().output('LimitedName');
      const read = async (path: string) => {
        const url = `${fixture().stack.info.gatewayUrl}${path}`;
        return (await signedGet(url, { service: 'lambda', credentials: ROOT_KEY })).json();
      };

      expect(await read(`/2019-09-30/functions/${name}/concurrency`)).toEqual({
        ReservedConcurrentExecutions: 2,
      });
      expect(await read(`/2015-03-31/functions/${name}/configuration`)).toMatchObject({
        DeadLetterConfig: { TargetArn: expect.stringMatching(/^arn:aws:sqs:/) },
      });
    });

    it('schedule: time zone', async () => {
      const get = new GetScheduleCommand({ Name: fixture().output('YearlyScheduleName') });

      expect((await fixture().clients().scheduler.send(get)).ScheduleExpressionTimezone).toBe(
        'Asia/Tokyo',
      );
    });

    it('secret: Ref is its ARN', () => {
      expect(fixture().output('SecretArn')).toMatch(/^arn:aws:secretsmanager:/);
    });

    it('key: created, tagged, rotated and described at the key endpoint', async () => {
      const KeyId = fixture().output('NamedKeyArn');
      const { KeyMetadata } = await fixture().clients().kms.send(new DescribeKeyCommand({ KeyId }));
      expect(KeyMetadata?.Arn).toBe(KeyId);

      const id = KeyId.split('/').at(-1);
      const calls = await fixture().recorded();
      const operations = calls
        .filter(({ members }) => members['KeyId'] === id)
        .map(({ target }) => target);
      expect(operations).toContain('TrentService.EnableKeyRotation');
      const policies = calls.filter(({ target }) => target === 'TrentService.CreateKey');
      expect(policies.map(({ members }) => members['Policy'])).toContainEqual(
        expect.stringContaining('FunctionRole'),
      );
      expect(calls).toContainEqual(
        expect.objectContaining({
          target: 'TrentService.CreateAlias',
          members: expect.objectContaining({ AliasName: 'alias/fixture-named' }),
        }),
      );
    });
  });
