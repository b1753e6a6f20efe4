// SPDX-License-Identifier: Apache-2.0
// Permissions on the metadata table and on the key that encrypts it. Nothing deletes an item: history stays.
import type { Grant } from './grant.ts';

/** ARNs of the table and of its key. */
export interface TableArns {
  readonly tableArn: string;
  readonly tableStreamArn: string;
  readonly tableKeyArn: string;
  readonly region: string;
}

const READ_KEY = ['kms:Decrypt', 'kms:DescribeKey'];
const WRITE_KEY = [
  ...READ_KEY,
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

/** Use of the table's key through DynamoDB only. */
function viaTable(table: TableArns, actions: readonly string[]): Grant {
  return {
    actions,
    resources: [table.tableKeyArn],
    conditions: {
      StringEquals: { 'kms:ViaService': `dynamodb.${table.region}.amazonaws.com` },
    },
  };
}

/** Reads single items. */
export function getFromTable(table: TableArns): readonly Grant[] {
  return [
    { actions: ['dynamodb:GetItem'], resources: [table.tableArn] },
    viaTable(table, READ_KEY),
  ];
}

/** Reads items and partitions; indexes only by name. */
export function readTable(table: TableArns, ...indexes: readonly string[]): readonly Grant[] {
  return [
    { actions: ['dynamodb:GetItem', 'dynamodb:Query'], resources: [table.tableArn] },
    ...queryIndexes(table, indexes),
    viaTable(table, READ_KEY),
  ];
}

/** Reads and changes items, alone or in a transaction (DynamoDB authorizes a transaction by its parts). */
export function writeTable(table: TableArns, ...indexes: readonly string[]): readonly Grant[] {
  return [
    {
      actions: [
        'dynamodb:ConditionCheckItem',
        'dynamodb:GetItem',
        'dynamodb:PutItem',
        'dynamodb:Query',
        'dynamodb:UpdateItem',
      ],
      resources: [table.tableArn],
    },
    ...queryIndexes(table, indexes),
    viaTable(table, WRITE_KEY),
  ];
}

function queryIndexes(table: TableArns, indexes: readonly string[]): readonly Grant[] {
  return indexes.map((index) => ({
    actions: ['dynamodb:Query'],
    resources: [`${table.tableArn}/index/${index}`],
  }));
}

/** Reads the stream of the table, as Lambda does for a function that it feeds. */
export function readStream(table: TableArns): readonly Grant[] {
  return [
    {
      actions: [
        'dynamodb:DescribeStream',
        'dynamodb:GetRecords',
        'dynamodb:GetShardIterator',
        'dynamodb:ListStreams',
      ],
      resources: [table.tableStreamArn],
    },
    viaTable(table, READ_KEY),
  ];
}
