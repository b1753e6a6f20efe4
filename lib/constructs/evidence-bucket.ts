// SPDX-License-Identifier: Apache-2.0
// The bucket of evidence: versioned and object-locked, so that nobody can shorten what is kept; TLS only; who read it
// is logged in a bucket beside it.
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  ObjectLockRetention,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Settings } from '../config/settings.ts';

export interface EvidenceBucketProps {
  readonly encryptionKey: IKey;
  readonly retention: Settings['retention'];
}

/** See the file's head. */
export class EvidenceBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, { encryptionKey, retention }: EvidenceBucketProps) {
    super(scope, id);
    const shared = {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: retention.retainState ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    };
    const accessLogs = new Bucket(this, 'AccessLogs', {
      ...shared,
      // S3 delivers access logs only to a bucket encrypted with its own keys (S3 user guide, server access logging).
      encryption: BucketEncryption.S3_MANAGED,
      lifecycleRules: [{ expiration: Duration.days(retention.logDays) }],
    });
    const days = Duration.days(retention.evidenceDays);
    this.bucket = new Bucket(this, 'Bucket', {
      ...shared,
      versioned: true,
      objectLockEnabled: true,
      objectLockDefaultRetention:
        retention.evidenceMode === 'COMPLIANCE'
          ? ObjectLockRetention.compliance(days)
          : ObjectLockRetention.governance(days),
      encryption: BucketEncryption.KMS,
      encryptionKey,
      bucketKeyEnabled: true,
      // The typings of Bucket and IBucket differ under exactOptionalPropertyTypes.
      serverAccessLogsBucket: accessLogs as IBucket,
      serverAccessLogsPrefix: 'evidence/',
    });
  }
}
