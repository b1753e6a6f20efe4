// SPDX-License-Identifier: Apache-2.0
// Prices of us-east-1 in US dollars, from AWS's public price lists as of 2025 (pages "AWS Step Functions pricing",
// "AWS Lambda pricing", "AWS KMS pricing", "Amazon DynamoDB pricing"), without free tiers. One place, so that a change
// of prices is a change here.
export const PRICES = {
  /** Standard Workflows, per state transition. */
  stateTransition: 0.025 / 1000,
  /** Express Workflows, per request, and per GB-second of duration (memory in chunks of 64 MB). */
  expressRequest: 1 / 1e6,
  expressGigabyteSecond: 0.000_016_67,
  lambdaRequest: 0.2 / 1e6,
  lambdaGigabyteSecond: 0.000_016_666_7,
  kmsRequest: 0.03 / 10_000,
  /** A customer managed key, in a custom key store too; each version is one. The cluster's HSMs come on top. */
  kmsKeyMonth: 1,
  /** On demand: a write unit is 1 KB, two in a transaction; a read unit is 4 KB, strongly consistent. */
  writeUnit: 0.625 / 1e6,
  readUnit: 0.125 / 1e6,
} as const;

/** What the design to beat spends on orchestration: one Standard execution of nine transitions, six functions a key. */
export const NAIVE = { transitions: 9, functions: 6, orchestrationPer1000: 0.255 } as const;

/** What one function invocation costs in that design, its request included; the same is charged to ours. */
export const FUNCTION_INVOCATION =
  (NAIVE.orchestrationPer1000 / 1000 - NAIVE.transitions * PRICES.stateTransition) /
  NAIVE.functions;

/** Memory of a function, and the seconds that such an invocation is billed for. */
const FUNCTION_GIGABYTES = 0.5;
export const FUNCTION_SECONDS =
  (FUNCTION_INVOCATION - PRICES.lambdaRequest) / (PRICES.lambdaGigabyteSecond * FUNCTION_GIGABYTES);

/** Express children are billed in chunks of 64 MB; ours stay in the first. */
export const EXPRESS_GIGABYTES = 64 / 1024;
