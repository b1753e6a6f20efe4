// SPDX-License-Identifier: Apache-2.0
// AWS's JSON 1.1 error shape. Everything the emulator refuses is an AwsError; anything else is a defect.

/** Codes that AWS answers with a status other than 400. */
const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  KMSInternalException: 500,
  InternalFailure: 500,
  CloudHsmInternalFailureException: 500,
  DependencyTimeoutException: 503,
  ServiceUnavailable: 503,
  ServiceUnavailableException: 503,
  KeyUnavailableException: 500,
  RequestEntityTooLarge: 413,
};

/** An error as AWS names it; it becomes `{"__type": code, "message": message}`, without an empty message. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, message = '', status = STATUS_BY_CODE[code] ?? 400) {
    super(message);
    this.name = 'AwsError';
    this.code = code;
    this.status = status;
  }
}

/** A request whose JSON does not have the types of the model. */
export function serializationError(message = ''): AwsError {
  return new AwsError('SerializationException', message);
}
