// SPDX-License-Identifier: Apache-2.0
// Keys whose material is generated outside of KMS and imported, so that it can be put in escrow. Other material makes
// another KMS key: what is under the old one is opened by the old one.
import type { OriginStrategy } from './strategy.ts';

export const EXTERNAL: OriginStrategy = {
  origin: 'EXTERNAL',
  keyStore: 'aws-kms',
  importsMaterial: true,
  nextVersion: () => 'new-key',
};
