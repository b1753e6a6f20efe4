// SPDX-License-Identifier: Apache-2.0
// Everything that must outlive a deployment: table, evidence, the keys of Keyturn itself, the key store's password.
import { CfnOutput, RemovalPolicy, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Key } from 'aws-cdk-lib/aws-kms';
import { type CfnSecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { Settings } from '../config/settings.ts';
import { EvidenceBucket } from '../constructs/evidence-bucket.ts';
import { MetadataTable } from '../constructs/metadata-table.ts';
import { ServiceKey } from '../constructs/service-key.ts';
import type { Names } from '../names.ts';

export interface StateStackProps extends StackProps {
  readonly settings: Settings;
  readonly names: Names;
}

/** The bus that publishes Keyturn's events; the name is part of the interface. */
export const EVENT_BUS_NAME = 'keyturn';

/** See the file's head. */
export class StateStack extends Stack {
  readonly tableKeyArn: string;
  readonly tableArn: string;
  readonly tableName: string;
  readonly tableStreamArn: string;
  readonly tokenKeyArn: string;
  readonly noticeKeyArn: string;
  readonly escrowKeyArn: string;
  readonly keyStoreSecretArn: string;
  readonly evidenceBucketArn: string;
  readonly evidenceBucketName: string;
  readonly evidenceKeyArn: string;
  readonly #props: StateStackProps;

  constructor(scope: Construct, id: string, props: StateStackProps) {
    super(scope, id, props);
    this.#props = props;
    const { retention } = props.settings;

    const tableKey = this.#key('Table', 'storage', 'encrypts the metadata table');
    const { table } = new MetadataTable(this, 'Metadata', {
      encryptionKey: tableKey,
      retain: retention.retainState,
    });
    const evidenceKey = this.#key('Evidence', 'storage', 'encrypts the evidence bucket');
    const evidence = new EvidenceBucket(this, 'Evidence', {
      encryptionKey: evidenceKey,
      retention,
    });
    const auditKey = this.#key('Audit', 'signature', 'signs checkpoints of the audit log');
    Validations.of(auditKey).acknowledge({
      id: 'AwsSolutions-KMS5',
      reason: 'KMS cannot rotate asymmetric keys; a new audit key is announced in a checkpoint',
    });
    const noticeKey = this.#key('Notices', 'signature', 'signs webhooks to consumers');
    Validations.of(noticeKey).acknowledge({
      id: 'AwsSolutions-KMS5',
      reason: 'KMS cannot rotate asymmetric keys; consumers find a new one by its kid',
    });
    const escrowKey = this.#key('Escrow', 'signature', 'signs shares of material in escrow');
    Validations.of(escrowKey).acknowledge({
      id: 'AwsSolutions-KMS5',
      reason: 'KMS cannot rotate asymmetric keys; a re-share is signed by the key of its time',
    });
    const tokenKey = this.#key('Token', 'storage', 'seals task tokens and the key store password');
    const bus = new EventBus(this, 'Bus', { eventBusName: EVENT_BUS_NAME });

    this.tableKeyArn = tableKey.keyArn;
    this.tableArn = table.tableArn;
    this.tableName = table.tableName;
    this.tableStreamArn = table.tableStreamArn ?? '';
    // Exported here and now: a permission below it holds a wildcard, which is explained by the export's name.
    this.evidenceBucketArn = this.exportValue(evidence.bucket.bucketArn);
    this.evidenceBucketName = evidence.bucket.bucketName;
    this.evidenceKeyArn = evidenceKey.keyArn;
    this.tokenKeyArn = tokenKey.keyArn;
    this.noticeKeyArn = noticeKey.keyArn;
    this.escrowKeyArn = escrowKey.keyArn;
    this.keyStoreSecretArn = this.#keyStoreSecret(tokenKey).attrId;
    new CfnOutput(this, 'TableName', { value: table.tableName });
    new CfnOutput(this, 'EventBusName', { value: bus.eventBusName });
    new CfnOutput(this, 'EvidenceBucketName', { value: evidence.bucket.bucketName });
    new CfnOutput(this, 'AuditKeyArn', { value: auditKey.keyArn });
    // The HSM administrator who creates `kmsuser` reads its first password there.
    new CfnOutput(this, 'KeyStoreSecretArn', { value: this.keyStoreSecretArn });
  }

  #key(part: string, use: 'storage' | 'signature', purpose: string): Key {
    const { names, settings } = this.#props;
    return new ServiceKey(this, `${part}Key`, {
      names,
      part: part.toLowerCase(),
      use,
      description: `Keyturn ${settings.stage}: ${purpose}`,
      retain: settings.retention.retainState,
    }).key;
  }

  /** First password of `kmsuser`: KMS takes 7 to 32 letters and digits (CreateCustomKeyStore, KeyStorePassword). */
  #keyStoreSecret(key: Key): CfnSecret {
    const secret = new Secret(this, 'KeyStorePassword', {
      description: 'First password of kmsuser; KMS replaces it in the cluster when it connects',
      // By ARN: given the key itself, the construct would add its own wider statements to the key's policy.
      encryptionKey: Key.fromKeyArn(this, 'SecretKey', key.keyArn),
      generateSecretString: { passwordLength: 32, excludePunctuation: true },
      removalPolicy: this.#props.settings.retention.retainState
        ? RemovalPolicy.RETAIN
        : RemovalPolicy.DESTROY,
    });
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: 'KMS itself rotates the password of kmsuser whenever it connects the key store',
    });
    return secret.node.defaultChild as CfnSecret;
  }
}
