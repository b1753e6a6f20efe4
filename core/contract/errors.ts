// SPDX-License-Identifier: Apache-2.0
// The error names of Keyturn, once. A name is thrown by `core`, matched by ASL `ErrorEquals`, mapped to an HTTP
// status here, and to a CLI exit code in the client. Names are literals because Lambda reports `error.name`.

/** How one error name shows itself outside: HTTP status (RFC 9457), title, and whether a retry can help. */
export interface ErrorFacts {
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
}

/** Every error name Keyturn throws, with its outside face. */
export const ERRORS = {
  ValidationFailed: { status: 400, title: 'The request is not valid', retryable: false },
  IdempotencyKeyMissing: { status: 400, title: 'Idempotency-Key is required', retryable: false },
  IdempotencyKeyReused: {
    status: 422,
    title: 'Idempotency-Key was used with another body',
    retryable: false,
  },
  Unauthenticated: { status: 401, title: 'Not authenticated', retryable: false },
  ApprovalRequired: { status: 403, title: 'Approvals are required', retryable: false },
  NotEligible: { status: 403, title: 'Not among those who decide on this', retryable: false },
  ChannelNotAllowed: { status: 403, title: 'This may not be decided there', retryable: false },
  SignatureRequired: { status: 403, title: 'The vote must be signed', retryable: false },
  SignatureInvalid: {
    status: 403,
    title: 'The signature does not prove the vote',
    retryable: false,
  },
  RegistrationInvalid: {
    status: 422,
    title: 'The passkey cannot be let in',
    retryable: false,
  },
  AccessDenied: { status: 403, title: 'Denied by policy', retryable: false },
  PageTokenInvalid: {
    status: 403,
    title: 'The page that sent this was not shown this request',
    retryable: false,
  },
  LinkNotValid: { status: 404, title: 'The link opens nothing', retryable: false },
  KeyNotFound: { status: 404, title: 'No such key', retryable: false },
  OperationNotFound: { status: 404, title: 'No such operation', retryable: false },
  ConsumerNotFound: { status: 404, title: 'No such consumer', retryable: false },
  KeyStoreNotFound: { status: 404, title: 'No such key store', retryable: false },
  SourceNotFound: { status: 404, title: 'No such source', retryable: false },
  EscrowNotFound: { status: 404, title: 'Nothing of it is in escrow', retryable: false },
  HoldNotFound: { status: 404, title: 'No such hold', retryable: false },
  SignerNotFound: { status: 404, title: 'No such passkey', retryable: false },
  PauseNotFound: { status: 404, title: 'No such pause', retryable: false },
  BrakeNotFound: { status: 404, title: 'No such brake', retryable: false },
  ElevationNotFound: { status: 404, title: 'No such elevation', retryable: false },
  IncidentNotFound: { status: 404, title: 'No such incident', retryable: false },
  DestructionNotFound: { status: 404, title: 'No such destruction', retryable: false },
  ApprovalNotFound: { status: 404, title: 'No such approval', retryable: false },
  TaskNotFound: { status: 404, title: 'No such task', retryable: false },
  RouteNotFound: { status: 404, title: 'No such route', retryable: false },
  KeyAlreadyExists: { status: 409, title: 'The key name is taken', retryable: false },
  OperationInProgress: {
    status: 409,
    title: 'Another operation runs on this key',
    retryable: true,
  },
  TransitionForbidden: {
    status: 409,
    title: 'The key state does not allow this',
    retryable: false,
  },
  ApprovalClosed: { status: 409, title: 'The request is not open any more', retryable: false },
  ApprovalStale: { status: 409, title: 'What was to be approved has changed', retryable: false },
  NothingToActivate: {
    status: 409,
    title: 'No decision policy waits for this',
    retryable: false,
  },
  AlreadyVoted: { status: 409, title: 'One person has one vote', retryable: false },
  LinkUsed: { status: 409, title: 'The link was used', retryable: false },
  KeyNotAdoptable: { status: 409, title: 'The KMS key cannot be adopted so', retryable: false },
  KeyProtected: { status: 409, title: 'Keyturn itself needs the key', retryable: false },
  RoleProtected: { status: 409, title: 'No brake is put on this role', retryable: false },
  KeyReleased: { status: 409, title: 'Keyturn has let go of the key', retryable: false },
  KeyNotUsable: { status: 409, title: 'The key cannot be used now', retryable: false },
  RevisionConflict: {
    status: 409,
    title: 'The record changed meanwhile, too often to retry',
    retryable: true,
  },
  EscrowIncomplete: { status: 409, title: 'Too few shares hold', retryable: false },
  EscrowCheckFailed: {
    status: 409,
    title: 'The rebuilt secret is not the one in escrow',
    retryable: false,
  },
  ShareRefused: { status: 422, title: 'The share does not hold', retryable: false },
  InPlaceBudgetSpent: {
    status: 409,
    title: 'KMS rotates this key in place no more',
    retryable: false,
  },
  PlanStale: {
    status: 409,
    title: 'What was planned has changed',
    retryable: false,
  },
  StaleRevision: {
    status: 412,
    title: 'If-Match does not name the current ETag',
    retryable: false,
  },
  PayloadTooLarge: { status: 413, title: 'The body is too large', retryable: false },
  UnsupportedMediaType: {
    status: 415,
    title: 'The body must be application/json',
    retryable: false,
  },
  NotServedHere: { status: 422, title: 'This stage does not serve that', retryable: false },
  UnknownOwner: { status: 422, title: 'No such owner', retryable: false },
  PolicyTooLarge: { status: 422, title: 'The key policy would be too large', retryable: false },
  ApprovalImpossible: { status: 422, title: 'Nobody could approve this', retryable: false },
  InfeasiblePolicy: { status: 422, title: 'The policy cannot be kept', retryable: false },
  CiphertextInvalid: { status: 400, title: 'The ciphertext cannot be opened', retryable: false },
  PreconditionRequired: { status: 428, title: 'If-Match is required', retryable: false },
  Throttled: { status: 429, title: 'Too many requests', retryable: true },
  KeyStoreUnavailable: { status: 503, title: 'The key store cannot be reached', retryable: true },
  DependencyUnavailable: { status: 503, title: 'A service Keyturn needs failed', retryable: true },
  SourceUnavailable: { status: 503, title: 'A source cannot be reached', retryable: true },
  // Only inside workflows.
  StepOutOfOrder: {
    status: 409,
    title: 'The step before this one is not recorded',
    retryable: false,
  },
  LeaseLost: { status: 409, title: 'Another attempt owns this operation', retryable: false },
  AcknowledgementsPending: {
    status: 409,
    title: 'Consumers have not acknowledged yet',
    retryable: true,
  },
  AcknowledgementsMissing: {
    status: 409,
    title: 'Consumers did not acknowledge in time',
    retryable: false,
  },
  RotationCancelled: {
    status: 409,
    title: 'The rotation was cancelled while it waited',
    retryable: false,
  },
  KeyNotYetVisible: { status: 503, title: 'KMS does not show the change yet', retryable: true },
  ProbeNotYetConclusive: { status: 503, title: 'The probe does not hold yet', retryable: true },
  CanaryMismatch: {
    status: 500,
    title: 'The canary did not come back unchanged',
    retryable: false,
  },
  AliasTaken: { status: 409, title: 'The alias points at a foreign key', retryable: false },
  KeyStoreMisconfigured: {
    status: 409,
    title: 'The key store needs an operator',
    retryable: false,
  },
  InternalError: { status: 500, title: 'Internal error', retryable: false },
} as const satisfies Record<string, ErrorFacts>;

/** A literal error name. */
export type ErrorCode = keyof typeof ERRORS;

/** Every error name, for tests that hold workflows and documents against it. */
export const ERROR_CODES = Object.keys(ERRORS) as ErrorCode[];

/** One invalid member of a request, as in RFC 9457 §3.1 extension members. */
export interface FieldError {
  /** JSON pointer (RFC 6901) to the member, such as `/owner`. */
  readonly pointer: string;
  readonly detail: string;
}
