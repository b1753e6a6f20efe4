// SPDX-License-Identifier: Apache-2.0
// The one place where ports get their adapters, once per cold start. Each function takes only what its duty needs,
// so that a bundle holds no client that its role could not use anyway.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { KMSClient } from '@aws-sdk/client-kms';
import { SFNClient } from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { AccessTableAuthorizer, TableDirectory } from '#adapters/access-table/authorizer.ts';
import { DynamoDbBucketRows } from '#adapters/dynamodb/bucket-rows.ts';
import { DynamoDbKeyUseLog } from '#adapters/dynamodb/key-use-log.ts';
import { DynamoDbLedger } from '#adapters/dynamodb/ledger.ts';
import { DynamoDbStartSlots } from '#adapters/dynamodb/start-slots.ts';
import type { PolicySite } from '#adapters/kms/key-policy.ts';
import { StepFunctionsWorkflows } from '#adapters/stepfunctions/workflows.ts';
import { systemClock } from '#adapters/system/system.ts';
import { systemTimer } from '#adapters/system/timer.ts';
import type { KmsBudget } from '#core/contract/kms-quotas.ts';
import type { OperationKind, Stage } from '#core/contract/vocabulary.ts';
import { LeasedRateBudget } from '#core/limits/leased-budget.ts';
import type { KeyUseLog } from '#core/ports/key-use-log.ts';
import type { Ledger } from '#core/ports/ledger.ts';
import type { Authorizer, Directory } from '#core/ports/platform.ts';
import type { RateBudget } from '#core/ports/rate-budget.ts';
import type { StartSlots } from '#core/ports/start-slots.ts';
import { DIRECTORY } from '#policies/directory.ts';
import { ROLE_RULES } from '#policies/roles.ts';

/** Attempts of one SDK call: the SDK's own standard retry, then the workflow's Retry takes over. */
const MAX_ATTEMPTS = 4;

/** A function waits so long for its turn at most; then its workflow waits instead, which costs nothing. */
const BUDGET_PATIENCE_MILLISECONDS = 2000;

function tableClient(): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(new DynamoDBClient({ maxAttempts: MAX_ATTEMPTS }));
}

export function ledger(tableName: string): Ledger {
  return new DynamoDbLedger(tableClient(), tableName);
}

/** The budget of KMS calls that all functions of the stage share. */
export function rateBudget(tableName: string, kms: KmsBudget): RateBudget {
  const rows = new DynamoDbBucketRows(tableClient(), tableName);
  return new LeasedRateBudget(
    { rows, clock: systemClock, timer: systemTimer },
    { ...kms, patienceMilliseconds: BUDGET_PATIENCE_MILLISECONDS },
  );
}

export function keyUseLog(tableName: string): KeyUseLog {
  return new DynamoDbKeyUseLog(tableClient(), tableName);
}

export function startSlots(tableName: string): StartSlots {
  return new DynamoDbStartSlots(tableClient(), tableName);
}

export function eventBridge(): EventBridgeClient {
  return new EventBridgeClient({ maxAttempts: MAX_ATTEMPTS });
}

export function kmsClient(): KMSClient {
  return new KMSClient({ maxAttempts: MAX_ATTEMPTS });
}

export function workflows(
  machines: Partial<Record<OperationKind, string>>,
): StepFunctionsWorkflows {
  return new StepFunctionsWorkflows(new SFNClient({ maxAttempts: MAX_ATTEMPTS }), machines);
}

export function authorizer(stage: Stage): Authorizer {
  return new AccessTableAuthorizer(ROLE_RULES, DIRECTORY[stage]);
}

export function directory(stage: Stage): Directory {
  return new TableDirectory(DIRECTORY[stage]);
}

/** Partition of a Region: the policies must name roles in the partition they live in. */
function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

export function policySite(environment: { STAGE: string; ACCOUNT_ID: string }): PolicySite {
  const region = process.env['AWS_REGION'] ?? 'us-east-1';
  return {
    stage: environment.STAGE,
    account: environment.ACCOUNT_ID,
    partition: partitionOf(region),
  };
}
