// SPDX-License-Identifier: Apache-2.0
// The one place where ports get their adapters, once per cold start. Each function takes only what its duty needs,
// so that a bundle holds no client that its role could not use anyway.

import { CloudHSMV2Client } from '@aws-sdk/client-cloudhsm-v2';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { AccessTableAuthorizer, TableDirectory } from '#adapters/access-table/authorizer.ts';
import { TableCustodians } from '#adapters/access-table/custodians.ts';
import { TableSigners } from '#adapters/access-table/signers.ts';
import { AgreedElectorate } from '#adapters/approvals/electorate.ts';
import { BudgetedSigner } from '#adapters/budget/budgeted-signer.ts';
import { DynamoDbBrakeRows } from '#adapters/dynamodb/brake-rows.ts';
import { DynamoDbBucketRows } from '#adapters/dynamodb/bucket-rows.ts';
import { DynamoDrillRows } from '#adapters/dynamodb/drill-rows.ts';
import { DynamoIncidentRows } from '#adapters/dynamodb/incident-rows.ts';
import { DynamoDbKeyUseLog } from '#adapters/dynamodb/key-use-log.ts';
import { DynamoDbLedger } from '#adapters/dynamodb/ledger.ts';
import { DynamoDbNoticeRows } from '#adapters/dynamodb/notice-rows.ts';
import { DynamoDbPauseRows } from '#adapters/dynamodb/pause-rows.ts';
import { DynamoDbPurgeWatchRows } from '#adapters/dynamodb/purge-watch-rows.ts';
import { DynamoDbReencryptionProgress } from '#adapters/dynamodb/reencryption-progress.ts';
import { DynamoDbReplayRows } from '#adapters/dynamodb/replay-rows.ts';
import { DynamoDbReviewRows } from '#adapters/dynamodb/review-rows.ts';
import { DynamoDbScopeRows } from '#adapters/dynamodb/scope-rows.ts';
import { DynamoDbStartSlots } from '#adapters/dynamodb/start-slots.ts';
import { DynamoDbStatusRows } from '#adapters/dynamodb/status-rows.ts';
import { CloudHsmDrillSite, type DrillPlace } from '#adapters/kms/drill-site.ts';
import { CloudHsmFleet } from '#adapters/kms/hsm-fleet.ts';
import type { PolicySite } from '#adapters/kms/key-policy.ts';
import { KmsNoticeSigner } from '#adapters/kms/notice-signer.ts';
import { sourceOpener } from '#adapters/sources/open-source.ts';
import { StepFunctionsWorkflows } from '#adapters/stepfunctions/workflows.ts';
import { systemClock } from '#adapters/system/system.ts';
import { systemTimer } from '#adapters/system/timer.ts';
import { reachOf } from '#adapters/webhooks/address-rules.ts';
import { postSigned } from '#adapters/webhooks/signed-post.ts';
import { voteVerifierOf } from '#core/approvals/vote-signature.ts';
import type { KmsBudget } from '#core/contract/kms-quotas.ts';
import type { People } from '#core/contract/people.ts';
import type { PasskeySite } from '#core/contract/signers.ts';
import type { Stage, WorkflowKind } from '#core/contract/vocabulary.ts';
import type { Drills } from '#core/drills/records.ts';
import type { Incidents } from '#core/incidents/records.ts';
import { LeasedRateBudget } from '#core/limits/leased-budget.ts';
import { activeOf } from '#core/operations/elevations.ts';
import { type DecisionPolicy, decisionPolicyOf } from '#core/policies/decision-policy.ts';
import type { NoticeLog } from '#core/ports/approval-notices.ts';
import type {
  ApprovalLedger,
  Ballots,
  DecisionPolicies,
  Electorate,
  VoteVerifier,
} from '#core/ports/approvals.ts';
import type { Brakes } from '#core/ports/brakes.ts';
import type { OpenSource } from '#core/ports/ciphertext-source.ts';
import type { CustodianDirectory } from '#core/ports/custodians.ts';
import type { DrillSite } from '#core/ports/drill-site.ts';
import type { Elevations } from '#core/ports/elevations.ts';
import type { ShareArchive } from '#core/ports/escrow.ts';
import type { HsmFleet } from '#core/ports/hsm-fleet.ts';
import type { KeyUseLog } from '#core/ports/key-use-log.ts';
import type { Ledger } from '#core/ports/ledger.ts';
import type { MailLinks } from '#core/ports/mail-links.ts';
import type { Passkeys } from '#core/ports/passkeys.ts';
import type { Pauses } from '#core/ports/pauses.ts';
import type { Authorizer, Directory } from '#core/ports/platform.ts';
import type { PurgeWatches } from '#core/ports/purge-watches.ts';
import type { RateBudget } from '#core/ports/rate-budget.ts';
import type { ReencryptionProgress } from '#core/ports/reencryption-progress.ts';
import type { ReplayMemory } from '#core/ports/replays.ts';
import type { ReviewTasks } from '#core/ports/reviews.ts';
import type { ScopeContainments } from '#core/ports/scope-containments.ts';
import type { StartSlots } from '#core/ports/start-slots.ts';
import type { StatusRows } from '#core/ports/status-list.ts';
import { APPROVAL_RULES } from '#policies/approval-rules.ts';
import { CLASSES } from '#policies/classes.ts';
import { DIRECTORY } from '#policies/directory.ts';
import { ROLE_RULES } from '#policies/roles.ts';

/** Attempts of one SDK call: the SDK's own standard retry, then the workflow's Retry takes over. */
const MAX_ATTEMPTS = 4;

/** A function waits so long for its turn at most; then its workflow waits instead, which costs nothing. */
const BUDGET_PATIENCE_MILLISECONDS = 2000;

const WORKER_PATIENCE_MILLISECONDS = 30_000;

function tableClient(): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(new DynamoDBClient({ maxAttempts: MAX_ATTEMPTS }));
}

export function ledger(
  tableName: string,
): Ledger & ApprovalLedger & Ballots & ShareArchive & Elevations & Passkeys & DecisionPolicies {
  return new DynamoDbLedger(tableClient(), tableName);
}

/** The budget of KMS calls that all functions of the stage share. */
export function rateBudget(
  tableName: string,
  kms: KmsBudget,
  patienceMilliseconds = BUDGET_PATIENCE_MILLISECONDS,
): RateBudget {
  const rows = new DynamoDbBucketRows(tableClient(), tableName);
  const deps = { rows, clock: systemClock, timer: systemTimer };
  return new LeasedRateBudget(deps, { ...kms, patienceMilliseconds });
}

/** The same budget for a worker that has nothing else to do than to wait for its turn. */
export function workerBudget(tableName: string, kms: KmsBudget): RateBudget {
  return rateBudget(tableName, kms, WORKER_PATIENCE_MILLISECONDS);
}

export function reencryptionProgress(tableName: string): ReencryptionProgress {
  return new DynamoDbReencryptionProgress(tableClient(), tableName);
}

/** The local stage's S3 knows buckets by path alone. */
export function s3Client(stage: Stage): S3Client {
  return new S3Client({ maxAttempts: MAX_ATTEMPTS, forcePathStyle: stage === 'local' });
}

/** Sources behind an owner's endpoint are called with signatures of the key that signs notices. */
export function openSource(stage: Stage, noticeKeyArn: string, budget: RateBudget): OpenSource {
  return sourceOpener({
    tables: tableClient(),
    objects: s3Client(stage),
    endpoints: {
      post: (call, bounds) => postSigned(reachOf(stage), call, bounds),
      signer: new BudgetedSigner(
        new KmsNoticeSigner(kmsClient(), noticeKeyArn, 'keyturn-source'),
        budget,
      ),
      clock: systemClock,
    },
  });
}

/** Which notices were sent, and the links in mails. */
export function noticeRows(tableName: string): NoticeLog & MailLinks {
  return new DynamoDbNoticeRows(tableClient(), tableName);
}

/** What came once and must not come again. */
export function replayRows(tableName: string): ReplayMemory {
  return new DynamoDbReplayRows(tableClient(), tableName);
}

export function keyUseLog(tableName: string): KeyUseLog {
  return new DynamoDbKeyUseLog(tableClient(), tableName);
}

export function startSlots(tableName: string): StartSlots {
  return new DynamoDbStartSlots(tableClient(), tableName);
}

/** The pause of the stage, in the same table. */
export function pauseRows(tableName: string): Pauses {
  return new DynamoDbPauseRows(tableClient(), tableName);
}

/** Mass brakes, in the same table. */
export function brakeRows(tableName: string): Brakes {
  return new DynamoDbBrakeRows(tableClient(), tableName);
}

/** Watches over consumers of stopped keys, in the same table. */
export function purgeWatchRows(tableName: string): PurgeWatches {
  return new DynamoDbPurgeWatchRows(tableClient(), tableName);
}

/** Reviews to be asked for, in the same table. */
export function reviewRows(tableName: string): ReviewTasks {
  return new DynamoDbReviewRows(tableClient(), tableName);
}

/** Containments of scopes, in the same table. */
export function scopeRows(tableName: string): ScopeContainments {
  return new DynamoDbScopeRows(tableClient(), tableName);
}

/** Incidents, in the same table. */
export function incidentRows(tableName: string): Incidents {
  return new DynamoIncidentRows(tableClient(), tableName);
}

export function statusRows(tableName: string): StatusRows {
  return new DynamoDbStatusRows(tableClient(), tableName);
}

export function eventBridge(): EventBridgeClient {
  return new EventBridgeClient({ maxAttempts: MAX_ATTEMPTS });
}

export function kmsClient(): KMSClient {
  return new KMSClient({ maxAttempts: MAX_ATTEMPTS });
}

export function iamClient(): IAMClient {
  return new IAMClient({ maxAttempts: MAX_ATTEMPTS });
}

/** HSMs, asked for once: CreateHsm takes no client token, so a second try would make a second one. */
export function hsmFleet(): HsmFleet {
  return new CloudHsmFleet(new CloudHSMV2Client({ maxAttempts: 1 }));
}

/** Clusters of drills, asked for once, for the same reason. */
export function drillSite(place: DrillPlace): DrillSite {
  return new CloudHsmDrillSite(new CloudHSMV2Client({ maxAttempts: 1 }), place);
}

/** Drills, in the same table. */
export function drillRows(tableName: string): Drills {
  return new DynamoDrillRows(tableClient(), tableName);
}

export function workflows(machines: Partial<Record<WorkflowKind, string>>): StepFunctionsWorkflows {
  return new StepFunctionsWorkflows(new SFNClient({ maxAttempts: MAX_ATTEMPTS }), machines);
}

/** Decides on each call, with the rights that people have for a while; every API function has the table's name. */
export function authorizer(stage: Stage, tableName = process.env['TABLE_NAME'] ?? ''): Authorizer {
  const elevations = ledger(tableName);
  const inForce = async (sub: string) => {
    const items = (await elevations.readElevations())?.items ?? [];
    return activeOf(items, sub, systemClock.now());
  };
  return new AccessTableAuthorizer(ROLE_RULES, DIRECTORY[stage], inForce);
}

/** Groups that a rule gives rights to. */
export function roleGroups(): readonly string[] {
  return [...new Set(ROLE_RULES.map(({ group }) => group))];
}

export function directory(stage: Stage): Directory {
  return new TableDirectory(DIRECTORY[stage]);
}

export function custodians(stage: Stage, people: People): CustodianDirectory {
  return new TableCustodians(DIRECTORY[stage], people);
}

/** Who decides, as the tables of this deployment have it. */
export function deployedDecisions(stage: Stage): DecisionPolicy {
  return decisionPolicyOf(APPROVAL_RULES, CLASSES, DIRECTORY[stage]);
}

export function electorate(stage: Stage, policies: DecisionPolicies): Electorate {
  return new AgreedElectorate(deployedDecisions(stage), policies, systemClock);
}

/** Knows the keys that people sign votes with. @param site null: no passkeys are taken */
export function voteVerifier(
  stage: Stage,
  people: People,
  site: PasskeySite | null,
  rows: Pick<Passkeys, 'readPasskeys'>,
): VoteVerifier {
  return voteVerifierOf(new TableSigners(DIRECTORY[stage], people, site && { site, rows }));
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
