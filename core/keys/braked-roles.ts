// SPDX-License-Identifier: Apache-2.0
// Which roles a mass brake is for, and which it is never put on.
import { STAGES } from '../contract/vocabulary.ts';
import type { BrakeScope } from '../ports/brakes.ts';
import { accessOf } from './consumers.ts';
import type { KeyRecord } from './records.ts';
import { isInScope } from './scopes.ts';

/** Whom no brake touches. */
export interface RoleProtection {
  /** The account of the deployment: a role of another one is none of Keyturn's, whatever its name. */
  readonly account: string;
  /** ARNs that the settings of the deployment list. */
  readonly protectedRoles: readonly string[];
}

/**
 * Keyturn's own roles, of every stage: functions, workflows, scheduler (`lib/names.ts`). Roles of workloads are named after
 * the stage too, and are consumers.
 */
const OWN_ROLE = new RegExp(`^keyturn-(${STAGES.join('|')})-(?!workload-)`);

/** Name of a role, as IAM compares it: without path and case. */
export function roleNameOf(arn: string): string {
  return (arn.split('/').at(-1) ?? '').toLowerCase();
}

/** The account in an ARN of IAM. */
export const accountOf = (arn: string): string => arn.split(':')[4] ?? '';

/** Whether a brake on it could stop Keyturn itself, or what the settings keep out. Paths and case hide no role. */
export function isProtectedRole(arn: string, { account, protectedRoles }: RoleProtection): boolean {
  const name = roleNameOf(arn);
  if (OWN_ROLE.test(name) && accountOf(arn) === account) return true;
  return protectedRoles.some(
    (kept) => roleNameOf(kept) === name && accountOf(kept) === accountOf(arn),
  );
}

const hasEnded = ({ releasedAt, state }: KeyRecord) => Boolean(releasedAt) || state === 'destroyed';

/** The roles that a scope is about, of one key: those named when it was created, and those of its consumers. */
export function rolesOf({ kind, value }: BrakeScope, key: KeyRecord): readonly string[] {
  if (hasEnded(key)) return [];
  if (kind !== 'all' && kind !== 'role' && !isInScope({ kind, value: value ?? '' }, key)) return [];
  const roles = accessOf(key).map(({ principal }) => principal);
  return kind === 'role' ? roles.filter((role) => role === value) : roles;
}
