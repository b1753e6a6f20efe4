// SPDX-License-Identifier: Apache-2.0
// Port of what needs the consent of several people: forcing a rotation, destroying a version, changing a quorum.
// Every such act ends here; who may approve, and how, is the adapter's.

/** An act that nobody may do alone. */
export interface ApprovalRequest {
  /** What is to be done, such as `rotation.force`. */
  readonly act: string;
  readonly key: string;
  readonly operationId: string | null;
  readonly requestedBy: string;
}

export interface Approvals {
  /** Returns when the act has been approved. @throws KeyturnError `ApprovalRequired` */
  require(request: ApprovalRequest): Promise<void>;
}
