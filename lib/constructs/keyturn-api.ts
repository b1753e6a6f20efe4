// SPDX-License-Identifier: Apache-2.0
// One REST API over the route table. A method has one authorizer, so people and workloads have an API each, over the
// same functions. Bodies are never logged; validation is the functions' own (one schema, problem+json answers).
import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import {
  AccessLogField,
  AccessLogFormat,
  type AuthorizationType,
  EndpointType,
  type IAuthorizer,
  LambdaIntegration,
  LogGroupLogDestination,
  MethodLoggingLevel,
  RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import type { PolicyDocument } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { FunctionName } from '../../core/contract/environment.ts';
import { isPageRoute, ROUTES, type Route } from '../../core/contract/routes.ts';
import type { Settings } from '../config/settings.ts';
import type { Names } from '../names.ts';
import type { Functions } from '../stacks/functions-stack.ts';

/** How a method is authorized. */
export interface MethodAccess {
  readonly authorizationType: AuthorizationType;
  readonly authorizer?: IAuthorizer;
}

export interface KeyturnApiProps {
  /** Who calls it: part of its name. */
  readonly callers: 'people' | 'workloads';
  readonly description: string;
  readonly settings: Settings;
  readonly names: Names;
  readonly functions: Functions;
  readonly access: (route: Route) => MethodAccess;
  readonly policy?: PolicyDocument;
}

/** Who called what with which answer: ids only. */
const ACCESS_LOG = AccessLogFormat.custom(
  JSON.stringify({
    requestId: AccessLogField.contextRequestId(),
    requestTime: AccessLogField.contextRequestTime(),
    method: AccessLogField.contextHttpMethod(),
    resource: AccessLogField.contextResourcePath(),
    status: AccessLogField.contextStatus(),
    latencyMs: AccessLogField.contextResponseLatency(),
    person: AccessLogField.contextAuthorizerPrincipalId(),
    caller: AccessLogField.contextIdentityUserArn(),
    sourceIp: AccessLogField.contextIdentitySourceIp(),
  }),
);

/** See the file's head. */
export class KeyturnApi extends Construct {
  readonly api: RestApi;

  constructor(scope: Construct, id: string, props: KeyturnApiProps) {
    super(scope, id);
    const { settings, names, callers } = props;
    const logGroup = new LogGroup(this, 'AccessLogs', {
      logGroupName: `/aws/apigateway/${names.of(callers)}`,
      retention: settings.retention.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.api = new RestApi(this, 'Api', {
      restApiName: names.of(callers),
      description: props.description,
      endpointTypes: [EndpointType.REGIONAL],
      cloudWatchRole: false,
      ...(props.policy ? { policy: props.policy } : {}),
      deployOptions: {
        stageName: settings.stage,
        accessLogDestination: new LogGroupLogDestination(logGroup),
        accessLogFormat: ACCESS_LOG,
        loggingLevel: MethodLoggingLevel.ERROR,
        dataTraceEnabled: false,
        tracingEnabled: settings.functions.tracing,
        throttlingRateLimit: settings.api.requestsPerSecond,
        throttlingBurstLimit: settings.api.burst,
      },
    });
    // The stack's own outputs are the interface; a URL is built from id and stage.
    this.api.node.tryRemoveChild('Endpoint');
    for (const [id, route] of Object.entries(ROUTES))
      if (callers === 'people' || !isPageRoute(id)) this.#add(route, props);
    this.#acknowledge();
  }

  #add(route: Route, { functions, access }: KeyturnApiProps): void {
    const { authorizationType, authorizer } = access(route);
    const handler = functions[route.function as FunctionName];
    const integration = new LambdaIntegration(handler, { scopePermissionToMethod: false });
    this.api.root.resourceForPath(route.path).addMethod(route.method, integration, {
      authorizationType,
      ...(authorizer ? { authorizer } : {}),
    });
  }

  #acknowledge(): void {
    Validations.of(this.api).acknowledge(
      {
        id: 'AwsSolutions-APIG2',
        reason: 'functions validate with the published schemas and answer problem+json',
      },
      {
        id: 'AwsSolutions-APIG3',
        reason: 'a web ACL is the account owner’s choice; docs/deploy.md says how to attach one',
      },
      {
        id: 'AwsSolutions-COG4',
        reason: 'people come with a token of any OIDC issuer, workloads with SigV4; not Cognito',
      },
    );
  }
}
