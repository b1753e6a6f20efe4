// SPDX-License-Identifier: Apache-2.0
// Records of a key store: the CloudHSM cluster and the KMS custom key store on it, and the steps only an HSM
// administrator can do, because AWS has no API for them (`docs/architecture.md`, provisioning).

import type { OperationState } from '../contract/vocabulary.ts';
import type { Instant } from '../keys/records.ts';

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
}

export type HsmTaskKind = 'sign-certificate' | 'activate-cluster' | 'reset-kmsuser';

export interface HsmTaskRecord {
  readonly id: string;
  readonly kind: HsmTaskKind;
  readonly keyStore: string;
  readonly state: 'open' | 'done';
  /** The Step Functions task token, encrypted with context under the token key; null once used. */
  readonly sealedToken: string | null;
  /** Where it is to be done; absent: the cluster of the key store. */
  readonly clusterId?: string | null;
  readonly certificateRequest: string | null;
  readonly signedCertificate: string | null;
  readonly trustAnchor: string | null;
  readonly createdAt: Instant;
  readonly completedBy: string | null;
}
