// SPDX-License-Identifier: Apache-2.0
// The functions, one per duty, each with the grants of `lib/permissions/function-grants.ts` and the variables its
// schema in `core/contract/environment.ts` asks for.
import { Stack, type StackProps } from 'aws-cdk-lib';
import { ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { filledUrl } from '../../core/contract/api-url.ts';
import {
  environmentSchema,
  FUNCTION_NAMES,
  type FunctionName,
} from '../../core/contract/environment.ts';
import type { Settings } from '../config/settings.ts';
import { LambdaFunction } from '../constructs/lambda-function.ts';
import { type Names, pascalCase } from '../names.ts';
import { brakePolicy } from '../permissions/brake-policy.ts';
import { functionGrants } from '../permissions/function-grants.ts';
import { KeyGrants } from '../permissions/key-grants.ts';
import { EVENT_BUS_NAME, type StateStack } from './state-stack.ts';

export interface FunctionsStackProps extends StackProps {
  readonly settings: Settings;
  readonly names: Names;
  readonly state: StateStack;
  /** Folder of each function's bundle. */
  readonly bundles: ReadonlyMap<string, string>;
}

/** Functions by name. */
export type Functions = Readonly<Record<FunctionName, IFunction>>;

/** See the file's head. */
export class FunctionsStack extends Stack {
  readonly functions: Functions;

  constructor(scope: Construct, id: string, props: FunctionsStackProps) {
    super(scope, id, props);
    const { settings, names, state, bundles } = props;
    const values = environmentValues(props);
    const grants = functionGrants({
      names,
      keys: new KeyGrants(names, settings.stage),
      table: {
        tableArn: state.tableArn,
        tableStreamArn: state.tableStreamArn,
        tableKeyArn: state.tableKeyArn,
        region: settings.region,
      },
      tokenKeyArn: state.tokenKeyArn,
      keyStoreSecretArn: state.keyStoreSecretArn,
      noticeKeyArn: state.noticeKeyArn,
      escrowKeyArn: state.escrowKeyArn,
      evidence: { bucketArn: state.evidenceBucketArn, keyArn: state.evidenceKeyArn },
      sources: settings.reencryption.sources,
      movableAliases: settings.adoption.aliases,
      protectedRoles: settings.brakes.protectedRoles,
      mail: settings.mail,
      hasSlack: settings.slack !== null,
      cluster: settings.cluster,
    });
    // On nothing until somebody stops the consumers: then there is no time to make it.
    new ManagedPolicy(this, 'MassBrake', {
      managedPolicyName: names.of('mass-brake'),
      description:
        'Denies a role every use of the keys that Keyturn manages; see keyturn brake list',
      document: brakePolicy(names),
    });
    const add = (name: FunctionName): IFunction =>
      new LambdaFunction(this, pascalCase(name), {
        name,
        settings,
        names,
        codeFolder: bundles.get(name) ?? '',
        environment: environmentOf(name, values),
        grants: grants[name],
      }).lambda;
    this.functions = byName(add);
  }
}

/** One value per function. */
function byName<T>(make: (name: FunctionName) => T): Readonly<Record<FunctionName, T>> {
  const values: Partial<Record<FunctionName, T>> = {};
  for (const name of FUNCTION_NAMES) values[name] = make(name);
  return values as Record<FunctionName, T>;
}

/** The values among which each function's schema chooses. */
function environmentValues(props: FunctionsStackProps): Readonly<Record<string, string>> {
  const { settings, names, state } = props;
  const { timings, identity, cluster, region } = settings;
  return {
    STAGE: settings.stage,
    ACCOUNT_ID: settings.account,
    TABLE_NAME: state.tableName,
    KEY_STORE_NAME: `keyturn-${settings.stage}`,
    ENVIRONMENTS_SERVED: settings.environmentsServed.join(','),
    ISSUER: identity.issuer,
    JWKS_URL: identity.jwksUrl,
    AUDIENCE: identity.audience,
    APPROVE_ARN: names.stateMachineArn('approve'),
    GENERATE_KEY_ARN: names.stateMachineArn('generate-key'),
    ROTATE_DATA_KEY_ARN: names.stateMachineArn('rotate-data-key'),
    ROTATE_KEY_ARN: names.stateMachineArn('rotate-key'),
    REVOKE_KEY_ARN: names.stateMachineArn('revoke-key'),
    CONTAIN_SCOPE_ARN: names.stateMachineArn('contain-scope'),
    RESUME_KEY_ARN: names.stateMachineArn('resume-key'),
    DESTROY_KEY_ARN: names.stateMachineArn('destroy-key'),
    BACKUP_RETENTION_DAYS: String(cluster.backupRetentionDays),
    UPDATE_ACCESS_ARN: names.stateMachineArn('update-access'),
    ADOPT_KEY_ARN: names.stateMachineArn('adopt-key'),
    BRAKE_POLICY_ARN: names.brakePolicyArn,
    PROTECTED_ROLES: JSON.stringify(settings.brakes.protectedRoles),
    MOVABLE_ALIASES: JSON.stringify(settings.adoption.aliases),
    REENCRYPT_ARN: names.stateMachineArn('reencrypt'),
    EVIDENCE_BUCKET: state.evidenceBucketName,
    RECOVER_KEY_STORE_ARN: names.stateMachineArn('recover-key-store'),
    PROVISION_KEY_STORE_ARN: names.stateMachineArn('provision-key-store'),
    NOTICE_KEY_ARN: state.noticeKeyArn,
    ESCROW_KEY_ARN: state.escrowKeyArn,
    PEOPLE: JSON.stringify(settings.people),
    MAIL_FROM: settings.mail.from ?? '',
    MAIL_PER_HOUR: String(settings.mail.perHour),
    // API and stage are known when a request comes.
    API_URL_TEMPLATE: filledUrl(settings.api.urlTemplate, { region }),
    SLACK: settings.slack === null ? '' : JSON.stringify(settings.slack),
    PASSKEYS: settings.passkeys === null ? '' : JSON.stringify(settings.passkeys),
    EVENT_BUS_NAME,
    TOKEN_KEY_ARN: state.tokenKeyArn,
    KEY_STORE_SECRET_ARN: state.keyStoreSecretArn,
    CLUSTER_SETTINGS: JSON.stringify({
      hsmType: cluster.hsmType,
      subnetIds: cluster.subnetIds,
      zones: cluster.zones.map((letter) => `${region}${letter}`),
      pollSeconds: cluster.pollSeconds,
      pollLimit: cluster.pollLimit,
      backupRetentionDays: cluster.backupRetentionDays,
    }),
    HSM_TYPE: cluster.hsmType,
    KMS_BUDGET: JSON.stringify(settings.kms),
    SETTLE_SECONDS: String(timings.settleSeconds),
    BAKE_SECONDS: String(timings.bakeSeconds),
    RETRY_AFTER_SECONDS: String(timings.retryAfterSeconds),
    ACTIVATION_DELAY_SECONDS: String(timings.activationDelaySeconds),
    ORPHAN_GRACE_SECONDS: String(timings.orphanGraceSeconds),
    MAX_ROTATIONS_PER_SWEEP: String(settings.sweep.maxRotations),
  };
}

function environmentOf(
  name: FunctionName,
  values: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const wanted = Object.keys(environmentSchema(name).shape);
  return Object.fromEntries(
    wanted.flatMap((variable) => {
      const value = values[variable];
      return value === undefined ? [] : [[variable, value]];
    }),
  );
}
