// SPDX-License-Identifier: Apache-2.0
// Records of a key store: the CloudHSM cluster and the KMS custom key store on it, and the steps only an HSM
// administrator can do, because AWS has no API for them (`docs/architecture.md`, provisioning).

import type { HsmTaskKind } from '../contract/hsm-tasks.ts';
import type { OperationState } from '../contract/vocabulary.ts';
import type { Instant, OpenReview } from '../keys/records.ts';

/** An HSM that is added to a cluster, or put in the place of another one. The last one stays on record. */
export interface FleetChange {
  readonly kind: 'add' | 'replace';
  readonly zone: string;
  /** The HSM that goes once the new one works; null when none does. */
  readonly replaces: string | null;
  /** HSMs that were there before: one that is not among them is the new one, because CreateHsm takes no client token. */
  readonly before: readonly string[];
  readonly state: 'admitted' | 'adding' | 'deleting' | 'done' | 'failed';
  /** The new HSM, once it was seen. */
  readonly hsmId: string | null;
  readonly cause: string | null;
  readonly requestedBy: string;
  readonly startedAt: Instant;
  /** When CloudHSM was asked last. */
  readonly askedAt: Instant | null;
  readonly endedAt: Instant | null;
}

export interface KeyStoreRecord {
  readonly name: string;
  readonly state: OperationState;
  readonly step: string;
  readonly cause: string | null;
  readonly clusterId: string | null;
  readonly keyStoreId: string | null;
  readonly operationId: string;
  readonly requestedBy: string;
  readonly startedAt: Instant;
  readonly endedAt: Instant | null;
  readonly revision: number;
  readonly auditHead: string;
  readonly fleet?: FleetChange | null;
  /** Disconnections that somebody did alone, until a quorum has reviewed each. */
  readonly openReviews?: readonly OpenReview[];
}

export interface HsmTaskRecord {
  readonly id: string;
  readonly kind: HsmTaskKind;
  readonly keyStore: string;
  readonly state: 'open' | 'done';
  /** The Step Functions task token, encrypted with context under the token key; null once used. */
  readonly sealedToken: string | null;
  /** Where it is to be done; absent: the cluster of the key store. */
  readonly clusterId?: string | null;
  /** Labels of what is to be deleted; absent: the task is another one. */
  readonly objects?: readonly string[];
  readonly certificateRequest: string | null;
  readonly signedCertificate: string | null;
  readonly trustAnchor: string | null;
  readonly createdAt: Instant;
  readonly completedBy: string | null;
}
