// SPDX-License-Identifier: Apache-2.0
// The policy of the mass brake on roles of the account, by IAM: AttachRolePolicy, DetachRolePolicy and the list of roles that
// have it. The role of the function allows these on that one policy alone.
import {
  AttachRolePolicyCommand,
  DetachRolePolicyCommand,
  type IAMClient,
  ListEntitiesForPolicyCommand,
} from '@aws-sdk/client-iam';
import type { RoleFault } from '#core/contract/vocabulary.ts';
import type { RoleBrake } from '#core/ports/brakes.ts';

/** Errors of IAM's AttachRolePolicy and DetachRolePolicy (IAM API reference), and of any call. */
const FAULTS: Readonly<Record<string, RoleFault>> = {
  NoSuchEntityException: 'RoleNotFound',
  NoSuchEntity: 'RoleNotFound',
  // 10 managed policies for each role, unless AWS raised that.
  LimitExceededException: 'TooManyPolicies',
  LimitExceeded: 'TooManyPolicies',
  // Roles that a service has made for itself.
  UnmodifiableEntityException: 'RoleNotModifiable',
  UnmodifiableEntity: 'RoleNotModifiable',
  AccessDenied: 'AccessDenied',
  AccessDeniedException: 'AccessDenied',
  Throttling: 'Throttled',
  ThrottlingException: 'Throttled',
};

const nameOf = (arn: string) => arn.split('/').at(-1) ?? '';

function faultOf(error: unknown): RoleFault {
  const name = error instanceof Error ? error.name : '';
  return FAULTS[name] ?? 'Unavailable';
}

export class IamRoleBrake implements RoleBrake {
  readonly #client: IAMClient;
  readonly #policyArn: string;

  constructor(client: IAMClient, policyArn: string) {
    this.#client = client;
    this.#policyArn = policyArn;
  }

  async braked(): Promise<ReadonlySet<string>> {
    const names = new Set<string>();
    let marker: string | undefined;
    do {
      const answer = await this.#client.send(
        new ListEntitiesForPolicyCommand({
          PolicyArn: this.#policyArn,
          EntityFilter: 'Role',
          // As a boundary it would deny too; but then it is not ours to take off.
          PolicyUsageFilter: 'PermissionsPolicy',
          MaxItems: 1000,
          ...(marker === undefined ? {} : { Marker: marker }),
        }),
      );
      for (const { RoleName } of answer.PolicyRoles ?? [])
        if (RoleName !== undefined) names.add(RoleName.toLowerCase());
      marker = answer.IsTruncated ? answer.Marker : undefined;
    } while (marker !== undefined);
    return names;
  }

  apply(role: string): Promise<RoleFault | null> {
    const command = { RoleName: nameOf(role), PolicyArn: this.#policyArn };
    return this.#answered(() => this.#client.send(new AttachRolePolicyCommand(command)));
  }

  async lift(role: string): Promise<RoleFault | null> {
    const command = { RoleName: nameOf(role), PolicyArn: this.#policyArn };
    const fault = await this.#answered(() =>
      this.#client.send(new DetachRolePolicyCommand(command)),
    );
    // IAM says the same of a role that is not there and of a policy that is not on it: nothing is left to be taken off.
    return fault === 'RoleNotFound' ? null : fault;
  }

  async #answered(call: () => Promise<unknown>): Promise<RoleFault | null> {
    try {
      await call();
      return null;
    } catch (error) {
      return faultOf(error);
    }
  }
}
