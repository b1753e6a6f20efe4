// SPDX-License-Identifier: Apache-2.0
// Small ports: time, ids, workflow engine, people and permissions.
import type { Action } from '../contract/routes.ts';
import type { WorkflowKind } from '../contract/vocabulary.ts';
import type { AccessGrant, Instant } from '../keys/records.ts';

export interface Clock {
  now(): Instant;
}

export interface Ids {
  /** `op_` and a ULID: sortable, unguessable enough to be an execution name, not a secret. */
  operationId(): string;
  taskId(): string;
  /** `bat_` and a ULID: names the execution of several operations. */
  batchId(): string;
  /** `apr_` and a ULID. */
  approvalId(): string;
  /** `esc_` and a ULID: names the set of one version's shares. */
  escrowSetId(): string;
  /** `ers_` and a ULID. */
  escrowSessionId(): string;
}

export interface Workflows {
  /** Starts one execution named after operation and attempt; the same name again is the same execution. */
  start(
    kind: WorkflowKind,
    operationId: string,
    attempt: number,
    input?: Readonly<Record<string, unknown>>,
  ): Promise<void>;
}

/** A person by immutable directory id, a workload by role ARN, or a part of Keyturn itself. */
export interface Principal {
  readonly id: string;
  readonly kind: 'person' | 'workload' | 'system';
  /** Directory name of a person. */
  readonly name: string | null;
  /** Immutable group ids; never names (`docs/threat-model.md`). */
  readonly groups: readonly string[];
}

/** What an action is on; absent members mean the service as a whole. */
export interface AccessObject {
  readonly key?: {
    readonly name: string;
    readonly owner: string;
    readonly access: readonly AccessGrant[];
  };
  /** The consumer that an acknowledgement is of. */
  readonly consumer?: { readonly name: string; readonly principal: string };
}

export interface Decision {
  readonly effect: 'permit' | 'forbid';
  /** The rule that decided, for the audit record. */
  readonly rule: string;
}

export interface Authorizer {
  authorize(principal: Principal, action: Action, object: AccessObject): Promise<Decision>;
}

export interface Directory {
  /** True when the owner is a known person or team. */
  ownerExists(owner: string): Promise<boolean>;
}
