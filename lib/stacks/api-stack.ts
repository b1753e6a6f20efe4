// SPDX-License-Identifier: Apache-2.0
// The two APIs: people come with an OIDC token (Lambda authorizer), workloads with SigV4 (IAM). Both only
// authenticate; the functions decide who may do what.
import { CfnOutput, Duration, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { AuthorizationType, CfnAccount, TokenAuthorizer } from 'aws-cdk-lib/aws-apigateway';
import {
  AnyPrincipal,
  Effect,
  ManagedPolicy,
  PolicyDocument,
  PolicyStatement,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import { Function as Lambda } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { Settings } from '../config/settings.ts';
import { KeyturnApi } from '../constructs/keyturn-api.ts';
import { WorkloadRole } from '../constructs/workload-role.ts';
import { type Names, pascalCase } from '../names.ts';
import type { Functions } from './functions-stack.ts';

export interface ApiStackProps extends StackProps {
  readonly settings: Settings;
  readonly names: Names;
  readonly functions: Functions;
}

/** See the file's head. */
export class ApiStack extends Stack {
  readonly peopleApiId: string;

  constructor(scope: Construct, id: string, props: ApiStackProps) {
    super(scope, id, props);
    const people = this.#peopleApi(props);
    this.peopleApiId = people.api.restApiId;
    const workloads = this.#workloadApi(props);
    if (props.settings.api.manageLoggingRole) this.#loggingRole(people, workloads);
    for (const { name, create } of props.settings.workloads) {
      if (!create) continue;
      new WorkloadRole(this, `Workload${pascalCase(name)}`, { ...props, name, api: workloads.api });
    }
    new CfnOutput(this, 'ApiId', { value: people.api.restApiId });
    new CfnOutput(this, 'WorkloadApiId', { value: workloads.api.restApiId });
    new CfnOutput(this, 'ApiStageName', { value: props.settings.stage });
  }

  #peopleApi(props: ApiStackProps): KeyturnApi {
    const authorizer = new TokenAuthorizer(this, 'PersonAuthorizer', {
      authorizerName: props.names.of('authorize-person'),
      // By ARN, so that the permission to invoke it is in this stack: it names the API.
      handler: Lambda.fromFunctionAttributes(this, 'AuthorizePerson', {
        functionArn: props.functions['authorize-person'].functionArn,
        sameEnvironment: true,
      }),
      // What is not a compact JWS (RFC 7515 §7.1) is refused without a call.
      validationRegex: '^Bearer [A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$',
      resultsCacheTtl: Duration.seconds(props.settings.api.authorizerCacheSeconds),
    });
    const people = new KeyturnApi(this, 'People', {
      ...props,
      callers: 'people',
      description: 'Keyturn for people: OIDC tokens',
      access: ({ action }) =>
        action === null
          ? { authorizationType: AuthorizationType.NONE }
          : { authorizationType: AuthorizationType.CUSTOM, authorizer },
    });
    Validations.of(people).acknowledge({
      id: 'AwsSolutions-APIG4',
      reason: 'only health and the OpenAPI document are open, and both are public',
    });
    return people;
  }

  #workloadApi(props: ApiStackProps): KeyturnApi {
    const { account } = props.settings;
    return new KeyturnApi(this, 'Workloads', {
      ...props,
      callers: 'workloads',
      description: 'Keyturn for workloads: SigV4',
      access: () => ({ authorizationType: AuthorizationType.IAM }),
      // IAM of the caller allows; the policy only closes the door to every other account.
      policy: new PolicyDocument({
        statements: [
          new PolicyStatement({
            effect: Effect.DENY,
            principals: [new AnyPrincipal()],
            actions: ['execute-api:Invoke'],
            resources: ['execute-api:/*'],
            conditions: { StringNotEquals: { 'aws:PrincipalAccount': account } },
          }),
        ],
      }),
    });
  }

  /** API Gateway writes logs through one role per account and region, with a policy that AWS prescribes. */
  #loggingRole(...apis: readonly KeyturnApi[]): void {
    const policy = 'service-role/AmazonAPIGatewayPushToCloudWatchLogs';
    const role = new Role(this, 'LoggingRole', {
      assumedBy: new ServicePrincipal('apigateway.amazonaws.com'),
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName(policy)],
    });
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${policy}]`,
      reason: 'API Gateway checks the role for the rights of exactly this policy',
    });
    const account = new CfnAccount(this, 'Account', { cloudWatchRoleArn: role.roleArn });
    for (const { api } of apis) api.deploymentStage.node.addDependency(account);
  }
}
