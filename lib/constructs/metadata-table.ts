// SPDX-License-Identifier: Apache-2.0
// The one table: state and audit rows, strongly consistent by primary key, with two sparse sharded indexes.
import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  ProjectionType,
  StreamViewType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import {
  DUE_INDEX,
  LIST_INDEX,
  OWNER_INDEX,
  PARTITION_KEY,
  SORT_KEY,
  TTL_ATTRIBUTE,
} from '../../core/contract/table.ts';

const asString = (name: string) => ({ name, type: AttributeType.STRING });

export interface MetadataTableProps {
  readonly encryptionKey: IKey;
  /** Deletion protection, and the table outlives its stack. */
  readonly retain: boolean;
}

/** See the file's head. */
export class MetadataTable extends Construct {
  readonly table: Table;

  constructor(scope: Construct, id: string, props: MetadataTableProps) {
    super(scope, id);
    this.table = new Table(this, 'Table', {
      partitionKey: asString(PARTITION_KEY),
      sortKey: asString(SORT_KEY),
      timeToLiveAttribute: TTL_ATTRIBUTE,
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      stream: StreamViewType.NEW_IMAGE,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: props.encryptionKey,
      deletionProtection: props.retain,
      removalPolicy: props.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    this.table.addGlobalSecondaryIndex({
      indexName: DUE_INDEX.name,
      partitionKey: asString(DUE_INDEX.partition),
      sortKey: asString(DUE_INDEX.sort),
      projectionType: ProjectionType.INCLUDE,
      // What the sweep needs to decide which row to read; the decision itself reads the row.
      nonKeyAttributes: ['name', 'leaseOperationId'],
    });
    this.table.addGlobalSecondaryIndex({
      indexName: LIST_INDEX.name,
      partitionKey: asString(LIST_INDEX.partition),
      sortKey: asString(LIST_INDEX.sort),
      projectionType: ProjectionType.ALL,
    });
    this.table.addGlobalSecondaryIndex({
      indexName: OWNER_INDEX.name,
      partitionKey: asString(OWNER_INDEX.partition),
      sortKey: asString(OWNER_INDEX.sort),
      projectionType: ProjectionType.ALL,
    });
  }
}
