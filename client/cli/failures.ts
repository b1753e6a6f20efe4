// SPDX-License-Identifier: Apache-2.0
// Failures of the CLI's own. Each says what happened and why; `hint` is what to type next.

/** The command line cannot be carried out as it stands. */
export class UsageError extends Error {
  readonly hint: string;

  constructor(message: string, hint = 'see "keyturn --help"') {
    super(message);
    this.name = 'UsageError';
    this.hint = hint;
  }
}

/** Nothing tells who is calling. */
export class MissingCredentialsError extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.name = 'MissingCredentialsError';
    this.hint = hint;
  }
}

/** `--print-curl` printed the request instead of sending it. */
export class PrintedInstead extends Error {
  constructor() {
    super('printed instead of sent');
    this.name = 'PrintedInstead';
  }
}
