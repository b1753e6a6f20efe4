// SPDX-License-Identifier: Apache-2.0
// Asks custodians by mail to answer a drill. The mail has no link: whoever answers signs in, and that is part of what is
// tried. It also practises nothing that a forged mail could use.

import type { TellOnce } from '#core/ports/approval-notices.ts';
import type { DrillNotice, DrillNotices } from '#core/ports/drill-site.ts';
import { COMMAND_LINE, type MailMessage, plainMail } from './message.ts';
import type { SesSender } from './ses-sender.ts';

export interface DrillMailDeps {
  readonly tellOnce: TellOnce;
  readonly sender: Pick<SesSender, 'send'>;
  /** Address of a person by immutable id; null for those without one. */
  readonly addressOf: (sub: string) => string | null;
}

/** What a custodian reads. */
export function drillMessage({ drillId, keyStore, answerUntil }: DrillNotice): MailMessage {
  const title = `Recovery drill ${drillId}: please answer`;
  const lines = [
    `This is a drill. It measures how long it takes to reach those who sign a recovery of key store ${keyStore}.`,
    `Answer as soon as you read this, until ${answerUntil}. Nothing is approved by it.`,
  ];
  return plainMail(title, lines, {
    lead: COMMAND_LINE,
    command: `keyturn drill answer ${drillId}`,
  });
}

export class DrillMail implements DrillNotices {
  readonly #deps: DrillMailDeps;

  constructor(deps: DrillMailDeps) {
    this.#deps = deps;
  }

  async tell(sub: string, notice: DrillNotice): Promise<boolean> {
    const { addressOf, tellOnce, sender } = this.#deps;
    const address = addressOf(sub);
    if (address === null) return false;
    const slot = {
      approvalId: notice.drillId,
      channel: 'email' as const,
      // Ids come again in a table that was made anew; its rows do not.
      occasion: notice.answerUntil,
      recipient: sub,
    };
    await tellOnce(slot, () => sender.send(address, drillMessage(notice)));
    return true;
  }
}
