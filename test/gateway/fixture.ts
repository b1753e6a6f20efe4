// SPDX-License-Identifier: Apache-2.0
// The fixture app on a local stack of its own, and what the suites need to work with it.
import { CloudHSMV2Client } from '@aws-sdk/client-cloudhsm-v2';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { ROOT_KEY } from '#scripts/local/environment.ts';
import { type Stack, startStack } from '#scripts/local/stack.ts';
import { until } from '#scripts/local/waiting.ts';
import type { RecordedCall } from './recording-endpoint.ts';

const DIRECTORY = '.local-gateway';

const script = (name: string) => new URL(name, import.meta.url).pathname;

/** A running fixture stack. */
export class Fixture {
  readonly stack: Stack;

  private constructor(stack: Stack) {
    this.stack = stack;
  }

  static async start(): Promise<Fixture> {
    const stack = await startStack({
      directory: DIRECTORY,
      keyEndpoint: script('./recording-endpoint.ts'),
      app: {
        command: `node ${script('./fixture-app/app.ts')}`,
        sources: ['test/gateway/fixture-app'],
      },
    });
    return new Fixture(stack);
  }

  /** An output of the fixture app. */
  output(name: string): string {
    const value = this.stack.info.outputs[name];
    if (value === undefined) throw new Error(`the fixture app has no output ${name}`);
    return value;
  }

  /** Clients of the account root, or of other credentials. */
  clients(credentials: Credentials = ROOT_KEY) {
    const endpoint = this.stack.info.gatewayUrl.replace('localhost', '127.0.0.1');
    const config = { endpoint, credentials, region: this.stack.info.region, maxAttempts: 1 };
    return {
      cloudhsm: new CloudHSMV2Client(config),
      dynamodb: new DynamoDBClient(config),
      iam: new IAMClient(config),
      kms: new KMSClient(config),
      s3: new S3Client(config),
      scheduler: new SchedulerClient(config),
      sfn: new SFNClient(config),
      sts: new STSClient(config),
    };
  }

  /** Credentials of a role that trusts the account root. */
  async assume(roleArn: string, sessionPolicy?: object): Promise<Credentials> {
    const input = { RoleArn: roleArn, RoleSessionName: 'session' };
    const Policy = sessionPolicy && { Policy: JSON.stringify(sessionPolicy) };
    const answer = await this.clients().sts.send(new AssumeRoleCommand({ ...input, ...Policy }));
    const { AccessKeyId, SecretAccessKey, SessionToken } = answer.Credentials ?? {};
    return {
      accessKeyId: AccessKeyId ?? '',
      secretAccessKey: SecretAccessKey ?? '',
      sessionToken: SessionToken ?? '',
    };
  }

  /** Every call the gateway forwarded to the key endpoint so far. */
  async recorded(): Promise<RecordedCall[]> {
    const answer = await fetch(`${this.stack.info.kmsUrl}/_recorded`);
    return (await answer.json()) as RecordedCall[];
  }

  /** The arn of a new state machine. */
  async machine(roleArn: string, definition: object): Promise<string> {
    const name = `test-${crypto.randomUUID()}`;
    const command = new CreateStateMachineCommand({
      name,
      roleArn,
      definition: JSON.stringify(definition),
    });
    return (await this.clients().sfn.send(command)).stateMachineArn ?? '';
  }

  /** Runs a new state machine to its end. */
  async execute(roleArn: string, definition: object, input: object = {}) {
    return this.finished(await this.begin(await this.machine(roleArn, definition), input));
  }

  /** Starts an execution and returns its arn. */
  async begin(stateMachineArn: string, input: object = {}): Promise<string> {
    const command = new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) });
    return (await this.clients().sfn.send(command)).executionArn ?? '';
  }

  /** The execution when it has ended. */
  finished(executionArn: string): Promise<DescribeExecutionOutput> {
    const { sfn } = this.clients();
    const probe = async () => {
      const execution = await sfn.send(new DescribeExecutionCommand({ executionArn }));
      return execution.status !== 'RUNNING' && execution;
    };
    return until(probe, { timeoutSeconds: 20, what: `the end of ${executionArn}` });
  }
}

/** Credentials of an AWS client. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Registers the tests of one subject; the fixture is there once a test runs. */
export type Suite = (fixture: () => Fixture) => void;
