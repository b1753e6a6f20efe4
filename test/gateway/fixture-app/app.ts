// SPDX-License-Identifier: Apache-2.0
// A small CDK app with one resource for every gap the gateway closes. Its tests make state machines and schedules
// themselves, beside what they assert.
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as destinations from 'aws-cdk-lib/aws-lambda-destinations';
import { DynamoEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import {
  NodejsFunction,
  type NodejsFunctionProps,
  OutputFormat,
} from 'aws-cdk-lib/aws-lambda-nodejs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import * as stepfunctions from 'aws-cdk-lib/aws-stepfunctions';

const app = new App();
const stack = new Stack(app, 'GatewayFixture', {
  env: {
    account: app.node.tryGetContext('account') as string,
    region: app.node.tryGetContext('region') as string,
  },
});
const output = (name: string, value: string) => new CfnOutput(stack, name, { value });
const service = (name: string) => new iam.ServicePrincipal(`${name}.amazonaws.com`);

function handler(id: string, props: Partial<NodejsFunctionProps> = {}) {
  return new NodejsFunction(stack, id, {
    entry: new URL('./functions.ts', import.meta.url).pathname,
    handler: 'probe',
    runtime: new lambda.Runtime('nodejs24.x', lambda.RuntimeFamily.NODEJS),
    timeout: Duration.seconds(20),
    bundling: { format: OutputFormat.ESM, externalModules: [], mainFields: ['module', 'main'] },
    ...props,
  });
}

// Keys: one the function may use by key policy alone, one that is left to IAM.
const functionRole = new iam.Role(stack, 'FunctionRole', { assumedBy: service('lambda') });
const namedKey = new kms.Key(stack, 'NamedKey', {
  alias: 'alias/fixture-named',
  enableKeyRotation: true,
  pendingWindow: Duration.days(7),
  removalPolicy: RemovalPolicy.DESTROY,
});
namedKey.addToResourcePolicy(
  new iam.PolicyStatement({
    principals: [new iam.ArnPrincipal(functionRole.roleArn)],
    actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:DescribeKey'],
    resources: ['*'],
  }),
);
const delegatedKey = new kms.Key(stack, 'DelegatedKey', { removalPolicy: RemovalPolicy.DESTROY });
output('NamedKeyArn', namedKey.keyArn);
output('DelegatedKeyArn', delegatedKey.keyArn);

// Data: everything encrypted under a stack key.
const table = new dynamodb.Table(stack, 'Table', {
  partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING },
  billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
  encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
  encryptionKey: delegatedKey,
  timeToLiveAttribute: 'expiresAt',
  pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
  stream: dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
  removalPolicy: RemovalPolicy.DESTROY,
});
const bucket = new s3.Bucket(stack, 'Bucket', {
  objectLockEnabled: true,
  objectLockDefaultRetention: s3.ObjectLockRetention.compliance(Duration.days(1)),
  encryption: s3.BucketEncryption.KMS,
  encryptionKey: delegatedKey,
  blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
  lifecycleRules: [{ noncurrentVersionExpiration: Duration.days(30) }],
  objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
});
const queue = new sqs.Queue(stack, 'Queue', {
  encryption: sqs.QueueEncryption.KMS,
  encryptionMasterKey: delegatedKey,
});
const secret = new secretsmanager.Secret(stack, 'Secret', { encryptionKey: delegatedKey });
output('TableName', table.tableName);
output('EvidenceBucketName', bucket.bucketName);
output('QueueUrl', queue.queueUrl);
output('SecretArn', secret.secretArn);

// Functions.
const environment = { TABLE_NAME: table.tableName, KEY_ARN: namedKey.keyArn };
const probe = handler('Probe', { role: functionRole, environment });
table.grantReadWriteData(functionRole);
// The grant above also lets the role use the table's key; the named key stays a matter of its policy alone.
const limited = handler('Limited', { reservedConcurrentExecutions: 2, deadLetterQueue: queue });
const streamed = handler('Streamed', { handler: 'streamed', environment });
table.grantReadWriteData(streamed);
streamed.addEventSource(
  new DynamoEventSource(table as dynamodb.ITable, {
    startingPosition: lambda.StartingPosition.TRIM_HORIZON,
    filters: [
      lambda.FilterCriteria.filter({ dynamodb: { Keys: { pk: { S: [{ prefix: 'in-' }] } } } }),
    ],
  }),
);
// Events of a rule: tried once more, then given up into a queue.
const failedEvents = new sqs.Queue(stack, 'FailedEvents');
probe.configureAsyncInvoke({
  retryAttempts: 1,
  onFailure: new destinations.SqsDestination(failedEvents),
});
new events.Rule(stack, 'Retried', {
  eventPattern: { source: ['fixture'], detailType: ['retried'] },
  targets: [
    new targets.LambdaFunction(probe, { event: events.RuleTargetInput.fromEventPath('$.detail') }),
  ],
});
output('FailedEventsUrl', failedEvents.queueUrl);
output('ProbeArn', probe.functionArn);
output('LimitedName', limited.functionName);

// Roles of the state machines the tests make: one that may, one that may nothing.
const machineRole = new iam.Role(stack, 'MachineRole', { assumedBy: service('states') });
probe.grantInvoke(machineRole);
table.grantReadWriteData(machineRole);
queue.grantSendMessages(machineRole);
secret.grantRead(machineRole);
machineRole.addToPolicy(
  new iam.PolicyStatement({
    actions: ['kms:DescribeKey', 'cloudhsm:DescribeClusters', 'states:StartExecution'],
    resources: ['*'],
  }),
);
const emptyRole = new iam.Role(stack, 'EmptyRole', { assumedBy: service('states') });
output('MachineRoleArn', machineRole.roleArn);
output('EmptyRoleArn', emptyRole.roleArn);

const machine = new stepfunctions.StateMachine(stack, 'Passing', {
  definitionBody: stepfunctions.DefinitionBody.fromString(
    JSON.stringify({ StartAt: 'Pass', States: { Pass: { Type: 'Pass', End: true } } }),
  ),
});
output('StateMachinePassingArn', machine.stateMachineArn);

// Schedules.
const scheduleRole = new iam.Role(stack, 'ScheduleRole', { assumedBy: service('scheduler') });
machine.grantStartExecution(scheduleRole);
new scheduler.CfnSchedule(stack, 'Schedule', {
  name: 'fixture-yearly',
  flexibleTimeWindow: { mode: 'OFF' },
  scheduleExpression: 'cron(0 3 1 1 ? *)',
  scheduleExpressionTimezone: 'Asia/Tokyo',
  target: { arn: machine.stateMachineArn, roleArn: scheduleRole.roleArn },
});
output('YearlyScheduleName', 'fixture-yearly');
output('ScheduleRoleArn', scheduleRole.roleArn);

// One REST API by signature, one by token, over the same function.
const signedApi = new apigateway.RestApi(stack, 'SignedApi', {
  deployOptions: { stageName: 'v1' },
});
signedApi.root
  .addProxy({ anyMethod: false })
  .addMethod('ANY', new apigateway.LambdaIntegration(probe), {
    authorizationType: apigateway.AuthorizationType.IAM,
  });
const authorizer = new apigateway.TokenAuthorizer(stack, 'Authorizer', {
  handler: handler('Authorize', { handler: 'authorize' }),
  resultsCacheTtl: Duration.seconds(0),
});
const tokenApi = new apigateway.RestApi(stack, 'TokenApi', { deployOptions: { stageName: 'v1' } });
tokenApi.root
  .addProxy({ anyMethod: false })
  .addMethod('ANY', new apigateway.LambdaIntegration(probe), { authorizer });
output('ApiId', tokenApi.restApiId);
output('WorkloadApiId', signedApi.restApiId);
output('ApiStageName', 'v1');

const workload = new iam.Role(stack, 'Workload', { assumedBy: new iam.AccountRootPrincipal() });
workload.addToPolicy(
  new iam.PolicyStatement({
    actions: ['execute-api:Invoke'],
    resources: [signedApi.arnForExecuteApi()],
  }),
);
output('WorkloadRoleOrdersApiArn', workload.roleArn);
const stranger = new iam.Role(stack, 'Stranger', { assumedBy: new iam.AccountRootPrincipal() });
output('StrangerRoleArn', stranger.roleArn);
// What it may do in the end is narrowed by a session policy of each test.
const answerer = new iam.Role(stack, 'Answerer', { assumedBy: new iam.AccountRootPrincipal() });
answerer.addToPolicy(
  new iam.PolicyStatement({ actions: ['states:SendTaskSuccess'], resources: ['*'] }),
);
output('AnswererRoleArn', answerer.roleArn);
