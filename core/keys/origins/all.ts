// SPDX-License-Identifier: Apache-2.0
// Every origin that keys can have here.
import type { Origin } from '../../contract/vocabulary.ts';
import type { KeyRecord } from '../records.ts';
import { AWS_CLOUDHSM } from './aws-cloudhsm.ts';
import { AWS_KMS } from './aws-kms.ts';
import { EXTERNAL } from './external.ts';
import type { OriginStrategy } from './strategy.ts';

export const ORIGIN_STRATEGIES: Readonly<Record<Origin, OriginStrategy>> = {
  AWS_CLOUDHSM,
  AWS_KMS,
  EXTERNAL,
};

/** The strategy of a key; records written before there were origins are of the key store. */
export function strategyOf({ origin }: Pick<KeyRecord, 'origin'>): OriginStrategy {
  return ORIGIN_STRATEGIES[origin ?? 'AWS_CLOUDHSM'];
}
