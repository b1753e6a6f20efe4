// SPDX-License-Identifier: Apache-2.0
// Memory and time limit of each function. Lambda gives CPU by memory: 512 MB starts the SDK in a fraction of a second.
import type { FunctionName } from '../../core/contract/environment.ts';

export interface FunctionSize {
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
}

/** API Gateway waits 29 s at most; a caller should not wait half of that. */
const ANSWER: FunctionSize = { memoryMb: 512, timeoutSeconds: 15 };
/** One workflow step: a KMS call with its retries, then one transaction. */
const STEP: FunctionSize = { memoryMb: 512, timeoutSeconds: 30 };
/** Pages through indexes, or through the account's keys at the rate KMS allows. */
const SWEEP: FunctionSize = { memoryMb: 512, timeoutSeconds: 240 };

export const FUNCTION_SIZES: Readonly<Record<FunctionName, FunctionSize>> = {
  'authorize-person': { ...ANSWER, timeoutSeconds: 10 },
  'serve-contract': ANSWER,
  'serve-status': ANSWER,
  'read-keys': ANSWER,
  'read-calendar': ANSWER,
  'read-usage': ANSWER,
  'release-keys': ANSWER,
  // The way to stop a key starts faster with more CPU.
  'contain-keys': { ...ANSWER, memoryMb: 1024 },
  'manage-adoptions': ANSWER,
  'plan-changes': ANSWER,
  'change-keys': ANSWER,
  'manage-consumers': ANSWER,
  'acknowledge-rotation': ANSWER,
  'read-approvals': ANSWER,
  'cast-vote': ANSWER,
  'answer-mail': ANSWER,
  // Slack waits 3 s for an answer: more CPU makes the first start short.
  'answer-slack': { memoryMb: 1024, timeoutSeconds: 10 },
  'manage-elevations': ANSWER,
  'manage-pauses': ANSWER,
  'manage-brakes': ANSWER,
  // The end of a brake counts on that: `QUIET_SECONDS` of core/operations/enforce-brakes.ts.
  'apply-brakes': { memoryMb: 512, timeoutSeconds: 60 },
  'manage-signers': ANSWER,
  'manage-incidents': ANSWER,
  'manage-policy': ANSWER,
  'open-ballot': STEP,
  'tend-approval': STEP,
  'execute-approved': STEP,
  // A mail to each of some dozen people, one after another; Slack may make three calls wait 20 s each.
  'notify-approvers': { ...STEP, timeoutSeconds: 110 },
  'manage-reencryption': ANSWER,
  'manage-holds': ANSWER,
  'manage-escrow': ANSWER,
  // Opens and seals up to 255 shares, some milliseconds each.
  'recover-escrow': { memoryMb: 1024, timeoutSeconds: 25 },
  'judge-retirement': ANSWER,
  // A slice of a minute, and the page that was begun in it.
  reencrypt: { memoryMb: 512, timeoutSeconds: 180 },
  'track-reencryption': STEP,
  'watch-rotation': ANSWER,
  'use-key': ANSWER,
  'manage-key-stores': ANSWER,
  'manage-hsms': ANSWER,
  'watch-hsms': STEP,
  // Reads every key of the key store once, when a list of keys is held against the record.
  'manage-drills': { memoryMb: 1024, timeoutSeconds: 28 },
  // As many mails as there are custodians, one after another.
  'watch-drills': { ...STEP, timeoutSeconds: 50 },
  // A batch of the table's stream.
  'publish-events': { ...STEP, timeoutSeconds: 60 },
  // All webhooks of a key at once, five seconds each at most, and what is recorded of them.
  'deliver-webhooks': { ...STEP, timeoutSeconds: 60 },
  'begin-operation': STEP,
  // Looks through the account's keys for one whose record was lost.
  'create-version': { ...STEP, timeoutSeconds: 110 },
  'adopt-version': STEP,
  'make-data-key': STEP,
  // A page of canaries after a recovery.
  'verify-version': { ...STEP, timeoutSeconds: 50 },
  'place-alias': STEP,
  'apply-policy': STEP,
  'enforce-containment': STEP,
  'lift-scopes': SWEEP,
  'manage-destruction': ANSWER,
  'tend-destruction': STEP,
  'remove-version': STEP,
  'restore-version': STEP,
  'certify-destruction': STEP,
  'complete-operation': STEP,
  'compensate-operation': STEP,
  'park-operation': STEP,
  'find-due-rotations': SWEEP,
  'sweep-orphans': SWEEP,
  'record-key-use': { ...STEP, timeoutSeconds: 60 },
  'review-policies': SWEEP,
  'review-retirements': SWEEP,
  'receive-acknowledgements': STEP,
  'receive-signals': { ...STEP, timeoutSeconds: 60 },
  'request-hsm-admin': STEP,
  'create-key-store': STEP,
  'record-key-store': STEP,
  'manage-recoveries': ANSWER,
  'recover-key-store': STEP,
};
