// SPDX-License-Identifier: Apache-2.0
// The door of envelope encryption. Apart from the SDK's own: who only calls the API does not load the AWS Encryption SDK.
export {
  type CacheLimits,
  ContextMismatchError,
  EnvelopeClient,
  type EnvelopeOptions,
  KeyStoppedError,
  MAX_AGE_SECONDS,
} from './envelope-client.ts';
export type { EnvelopeSite } from './sites.ts';
