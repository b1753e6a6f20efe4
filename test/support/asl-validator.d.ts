// SPDX-License-Identifier: Apache-2.0
// The package ships no types of its own that Node's resolution finds.
declare module 'asl-validator' {
  export default function validate(definition: unknown): {
    readonly isValid: boolean;
    readonly errors: readonly unknown[];
  };
}
