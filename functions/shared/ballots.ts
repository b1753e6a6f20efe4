// SPDX-License-Identifier: Apache-2.0
// Wakes the execution that waits for a decision. Its task token lies sealed, with the request as encryption context.
import { SFNClient } from '@aws-sdk/client-sfn';
import { KmsTokenSeal } from '#adapters/kms/token-seal.ts';
import { StepFunctionsTaskCallback } from '#adapters/stepfunctions/task-callback.ts';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import type { Ballots } from '#core/ports/approvals.ts';
import { kmsClient } from './wiring.ts';

export class SealedBallots {
  readonly #ballots: Ballots;
  readonly #seal: KmsTokenSeal;
  readonly #callback = new StepFunctionsTaskCallback(new SFNClient({}));

  constructor(ballots: Ballots, tokenKeyArn: string) {
    this.#ballots = ballots;
    this.#seal = new KmsTokenSeal(kmsClient(), tokenKeyArn);
  }

  /** Keeps the token of the execution that waits now. */
  async open(approvalId: string, token: string): Promise<void> {
    await this.#ballots.putBallot(approvalId, await this.#seal.seal(token, approvalId));
  }

  /** Answers a token; one that is closed already is no fault, the row says what was decided. */
  async answer(token: string, { state }: Pick<ApprovalRecord, 'state'>): Promise<void> {
    await this.#callback.succeed(token, { state, waitSeconds: 1 });
  }

  /** Wakes whoever waits for this request; nobody may be there yet, and then looks at the row before waiting. */
  async wake(approval: Pick<ApprovalRecord, 'id' | 'state'>): Promise<void> {
    const sealed = await this.#ballots.readBallot(approval.id);
    if (sealed) await this.answer(await this.#seal.open(sealed, approval.id), approval);
  }
}
