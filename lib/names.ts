// SPDX-License-Identifier: Apache-2.0
// Physical names that are part of a contract: key policies name roles, functions name state machines that are
// deployed after them, operators find log groups. Everything else keeps the name CloudFormation gives it.
import { type FunctionName, roleName } from '../core/contract/environment.ts';
import type { Settings } from './config/settings.ts';

/** Workflows, by file name under `workflows/`. */
export const WORKFLOW_NAMES = [
  'provision-key-store',
  'recover-key-store',
  'generate-key',
  'adopt-key',
  'rotate-key',
  'rotate-data-key',
  'update-access',
  'revoke-key',
  'contain-scope',
  'resume-key',
  'undo-operation',
  'destroy-key',
  'reencrypt',
  'rotation-sweep',
  'review-policies',
  'approve',
] as const;
export type WorkflowName = (typeof WORKFLOW_NAMES)[number];

/** `rotate-key` → `RotateKey`. */
export function pascalCase(name: string): string {
  return name.replace(/(^|-)([a-z0-9])/g, (_match, _dash, letter: string) => letter.toUpperCase());
}

/** Names and ARNs of one deployment. */
export class Names {
  readonly #place: Pick<Settings, 'stage' | 'account' | 'region'>;

  constructor(place: Pick<Settings, 'stage' | 'account' | 'region'>) {
    this.#place = place;
  }

  get stage(): string {
    return this.#place.stage;
  }

  /** `keyturn-<stage>-<part>`. */
  of(part: string): string {
    return `keyturn-${this.#place.stage}-${part}`;
  }

  role(name: FunctionName): string {
    return roleName(this.#place.stage, name);
  }

  /** Pattern of every role of this deployment: functions, workflows, scheduler, workloads. */
  get rolePattern(): string {
    return `arn:aws:iam::${this.#place.account}:role/${this.of('*')}`;
  }

  stateMachineArn(name: WorkflowName): string {
    return this.arn('states', `stateMachine:${this.of(name)}`);
  }

  /** Alias of a key of the state stack; outside `alias/keyturn/`, which belongs to managed keys. */
  keyAlias(part: string): string {
    return `alias/${this.of(part)}`;
  }

  /** ARN of a role of the account; `*`: of any. */
  roleArn(name: string): string {
    return `arn:aws:iam::${this.#place.account}:role/${name}`;
  }

  /** The policy of the mass brake. */
  get brakePolicyArn(): string {
    return `arn:aws:iam::${this.#place.account}:policy/${this.of('mass-brake')}`;
  }

  /** ARN of a role that an AWS service makes for itself. */
  serviceRoleArn(service: string, role: string): string {
    const path = `aws-service-role/${service}.amazonaws.com/${role}`;
    return `arn:aws:iam::${this.#place.account}:role/${path}`;
  }

  /** ARNs of a secret by its name: Secrets Manager puts a hyphen and six characters behind it. */
  secretArn(name: string): string {
    return this.arn('secretsmanager', `secret:${name}-??????`);
  }

  /** ARN in this account and region. */
  arn(service: string, resource: string): string {
    return `arn:aws:${service}:${this.#place.region}:${this.#place.account}:${resource}`;
  }
}
