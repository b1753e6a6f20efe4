// SPDX-License-Identifier: Apache-2.0
// Keys in the CloudHSM key store of the stage. KMS rotates none of them (AWS KMS developer guide, custom key stores):
// every version is a KMS key of its own.
import type { OriginStrategy } from './strategy.ts';

export const AWS_CLOUDHSM: OriginStrategy = {
  origin: 'AWS_CLOUDHSM',
  keyStore: null,
  importsMaterial: false,
  nextVersion: () => 'new-key',
};
