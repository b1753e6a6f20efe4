// SPDX-License-Identifier: Apache-2.0
// Sends notices to consumers and reads what they say.
import { NoticeReply } from '#core/contract/notices.ts';
import { KeyturnError } from '#core/errors.ts';
import type { NoticeAnswer, NoticeSender } from '#core/ports/notices.ts';
import type { Reach } from './address-rules.ts';
import { postSigned } from './signed-post.ts';

const BOUNDS = { timeoutMilliseconds: 5000, maxAnswerBytes: 4096 };

function wordIn(text: string): Pick<NoticeAnswer, 'version' | 'hasPurged'> {
  try {
    const { version = null, purged } = NoticeReply.parse(JSON.parse(text));
    return purged ? { version, hasPurged: true } : { version };
  } catch {
    // An answer of any other form is no acknowledgement, and no error.
    return { version: null };
  }
}

export class WebhookSender implements NoticeSender {
  readonly #reach: Reach;

  constructor(reach: Reach) {
    this.#reach = reach;
  }

  async send(url: string, body: string, signature: string): Promise<NoticeAnswer> {
    try {
      const { status, text } = await postSigned(this.#reach, { url, body, signature }, BOUNDS);
      return { status, ...wordIn(text ?? '') };
    } catch (cause) {
      if (cause instanceof KeyturnError) throw cause;
      throw new KeyturnError('DependencyUnavailable', 'the consumer did not answer the notice', {
        cause,
      });
    }
  }
}
